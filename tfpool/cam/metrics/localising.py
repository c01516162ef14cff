"""Does a map point at the object? Maps at the size of their images, against boxes or masks of the objects.

Boxes are int (N, 4) as the data set `scattered` has them: an object covers rows y0 to y1 and columns x0 to x1, without
y1 and x1 themselves. Each figure is worth what it is above that of `centre_map`: objects tend to be in the middle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from scipy import ndimage

_THRESHOLDS = np.arange(0, 1, 0.001)
_TOUCHING = np.ones((3, 3))


def masks_of(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Boxes as masks, bool (N, height, width).

    Args:
        boxes: int (N, 4).
        size: height and width in pixels.

    Raises:
        ValueError: if the boxes have another shape.
    """
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"Boxes (N, 4) of y0, x0, y1, x1 are needed, got {boxes.shape}.")
    rows, columns = np.arange(size[0])[:, np.newaxis], np.arange(size[1])
    top, left, bottom, right = (boxes[:, side, np.newaxis, np.newaxis] for side in range(4))
    return (rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)


def centre_map(size: tuple[int, int]) -> np.ndarray:
    """A map that knows nothing: float32 (height, width), 1 in the middle and falling like a bell to each side.

    Args:
        size: height and width in pixels.

    Raises:
        ValueError: if one of them is not positive.
    """
    if min(size) < 1:
        raise ValueError(f"A map has at least a pixel to each side, got {size}.")
    down, across = (np.linspace(-1, 1, length) if length > 1 else np.zeros(1) for length in size)
    return np.exp(-2 * (down[:, np.newaxis] ** 2 + across**2)).astype(np.float32)


def pointing_game(
    heatmaps: np.ndarray, masks: np.ndarray, labels: np.ndarray | None = None, tolerance: float = 15.0
) -> float:
    """Share of maps whose highest point is on the object, or no farther from it than `tolerance` pixels.

    Zhang et al. 2016, arXiv 1608.00507. Several highest points count in parts: a flat map gets what chance gives.

    Args:
        heatmaps: float (N, H, W).
        masks: bool (N, H, W), true on the object.
        labels: int (N,). Where they are given, the mean over classes of each class's share.
        tolerance: pixels; the figure's own 15 are for photographs of some hundreds of them.

    Raises:
        ValueError: if maps and masks have different shapes, there are none, or a mask is empty.
    """
    _check(heatmaps, masks)
    hits = np.array([_hit(*each, tolerance) for each in zip(heatmaps, masks, strict=True)])
    if labels is None:
        return float(hits.mean())
    return float(np.mean([hits[labels == label].mean() for label in np.unique(labels)]))


def _hit(heatmap: np.ndarray, mask: np.ndarray, tolerance: float) -> float:
    near = ndimage.distance_transform_edt(~mask) <= tolerance
    return float(near[heatmap == heatmap.max()].mean())


def energy_inside(heatmaps: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Share of each map's positive evidence that lies on the object: float64 (N,), 0 where there is no evidence.

    Wang et al. 2020, arXiv 1910.01279, there for boxes.

    Args:
        heatmaps: float (N, H, W).
        masks: bool (N, H, W), true on the object.

    Raises:
        ValueError: if maps and masks have different shapes, there are none, or a mask is empty.
    """
    _check(heatmaps, masks)
    evidence = np.maximum(heatmaps, 0).astype(np.float64)
    total, inside = (values.sum(axis=(1, 2)) for values in (evidence, evidence * masks))
    return np.divide(inside, total, out=np.zeros(len(total)), where=total > 0)


def pixel_average_precision(heatmaps: np.ndarray, masks: np.ndarray) -> float:
    """PxAP: area under precision over recall of all pixels, each map scaled from 0 to 1.

    Choe et al. 2020, arXiv 2001.07437.

    Args:
        heatmaps: float (N, H, W).
        masks: bool (N, H, W), true on the object.

    Raises:
        ValueError: if maps and masks have different shapes, there are none, or a mask is empty.
    """
    _check(heatmaps, masks)
    values, truth = scaled(heatmaps).ravel(), masks.ravel()
    order = np.argsort(-values, kind="stable")
    found = np.cumsum(truth[order])
    # Pixels of one value are above a threshold together.
    ends = np.append(np.flatnonzero(np.diff(values[order])), len(order) - 1)
    precision, recall = found[ends] / (ends + 1), found[ends] / found[-1]
    return float(np.sum(precision * np.diff(recall, prepend=0)))


def max_box_acc(heatmaps: np.ndarray, boxes: np.ndarray) -> float:
    """MaxBoxAcc: share of maps whose box meets the object's with an IoU of at least 0.5. Choe et al. 2020.

    A map is scaled from 0 to 1 and cut at a threshold; its box is that of the largest part left. The threshold is
    the one, of 0, 0.001 … 0.999, that is best for all maps together, never for one.

    Args:
        heatmaps: float (N, H, W).
        boxes: int (N, 4).

    Raises:
        ValueError: if there are not as many boxes as maps, or none.
    """
    return _accuracy(heatmaps, boxes, (0.5,), _largest)


def max_box_acc_v2(heatmaps: np.ndarray, boxes: np.ndarray) -> float:
    """MaxBoxAccV2: the mean over IoUs of 0.3, 0.5 and 0.7, each at its best threshold, where any part's box may meet.

    Args:
        heatmaps: float (N, H, W).
        boxes: int (N, 4).

    Raises:
        ValueError: if there are not as many boxes as maps, or none.
    """
    return _accuracy(heatmaps, boxes, (0.3, 0.5, 0.7), _every)


_Choice = Callable[[np.ndarray, list[tuple[slice, slice]]], Sequence[tuple[slice, slice]]]


def _accuracy(heatmaps: np.ndarray, boxes: np.ndarray, wanted: Sequence[float], choose: _Choice) -> float:
    if heatmaps.ndim != 3 or boxes.shape != (len(heatmaps), 4) or not len(boxes):
        raise ValueError(
            f"Maps (N, H, W) and a box (N, 4) for each are needed, got {heatmaps.shape} and {boxes.shape}."
        )
    pairs = zip(scaled(heatmaps), boxes, strict=True)
    best = np.array([list(_overlaps(heatmap, box, choose)) for heatmap, box in pairs])
    return float(np.mean([(best >= least).mean(axis=0).max() for least in wanted]))


def _overlaps(heatmap: np.ndarray, box: np.ndarray, choose: _Choice) -> Iterator[float]:
    """The best IoU at each threshold."""
    before, overlap = -1, 0.0
    for threshold in _THRESHOLDS:
        left = heatmap > threshold
        count = int(left.sum())
        if count != before:
            parts, _ = ndimage.label(left, _TOUCHING)
            overlap = max((_iou(found, box) for found in choose(parts, ndimage.find_objects(parts))), default=0.0)
            before = count
        yield overlap


def _every(parts: np.ndarray, found: list[tuple[slice, slice]]) -> Sequence[tuple[slice, slice]]:
    return found


def _largest(parts: np.ndarray, found: list[tuple[slice, slice]]) -> Sequence[tuple[slice, slice]]:
    return [found[np.bincount(parts.ravel())[1:].argmax()]] if found else []


def _iou(found: tuple[slice, slice], box: np.ndarray) -> float:
    (top, bottom), (left, right) = ((side.start, side.stop) for side in found)
    height, width = min(bottom, box[2]) - max(top, box[0]), min(right, box[3]) - max(left, box[1])
    shared = max(0, height) * max(0, width)
    return float(shared / ((bottom - top) * (right - left) + (box[2] - box[0]) * (box[3] - box[1]) - shared))


def scaled(heatmaps: np.ndarray) -> np.ndarray:
    """Each map from 0 to 1, a flat one 0 everywhere."""
    low, high = (reduce(heatmaps, axis=(1, 2), keepdims=True) for reduce in (np.min, np.max))
    span = (high - low).astype(np.float64)
    return np.divide(heatmaps - low, span, out=np.zeros(heatmaps.shape), where=span > 0)


def _check(heatmaps: np.ndarray, masks: np.ndarray) -> None:
    if heatmaps.ndim != 3 or heatmaps.shape != masks.shape or not len(masks):
        raise ValueError(
            f"Maps and masks of one shape (N, H, W) are needed, got {heatmaps.shape} and {masks.shape}. "
            "Resize the maps to their images: explanation.resize((height, width))."
        )
    empty = np.flatnonzero(~masks.any(axis=(1, 2)))
    if len(empty):
        raise ValueError(f"Each mask marks an object, but number {empty[0]} is empty. Leave out images without one.")
