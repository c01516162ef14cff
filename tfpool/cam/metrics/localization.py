"""Does a map point at the object? Maps at the size of their images, against boxes or masks of the objects.

Boxes are int (N, 4) as the data set `scattered` has them: an object covers rows y0 to y1 and columns x0 to x1, without
y1 and x1 themselves. Each figure is worth what it is above those of two maps that know nothing of the image:
`centre_map`, since objects tend to be in the middle, and `random_map`.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from tfpool.validation import at_least


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
    _check_size(size)
    down, across = (np.linspace(-1, 1, length) if length > 1 else np.zeros(1) for length in size)
    return np.exp(-2 * (down[:, np.newaxis] ** 2 + across**2)).astype(np.float32)


def random_map(size: tuple[int, int], seed: int = 0) -> np.ndarray:
    """Another map that knows nothing: float32 (height, width), each pixel drawn evenly from 0 to 1.

    Args:
        size: height and width in pixels.
        seed: the same one draws the same map. Give each image another.

    Raises:
        ValueError: if a side is not positive, or the seed is negative.
    """
    _check_size(size)
    return np.random.default_rng(at_least(0, seed, "seed")).random(size, np.float32)


def pointing_game(
    heatmaps: np.ndarray, masks: np.ndarray, labels: np.ndarray | None = None, tolerance: float = 15.0
) -> float:
    """Share of maps whose highest point is on the object, or no farther from it than `tolerance` pixels.

    Zhang et al. 2016, arXiv 1608.00507. Several highest points count in parts: a flat map gets what chance gives, the
    share of the image that the object and the disc round it cover, and so does `random_map`. Baseline: `centre_map`.

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

    Wang et al. 2020, arXiv 1910.01279, there for boxes. Baselines: `random_map` has the share of the image that the
    object covers, `centre_map` more where objects are in the middle.

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

    Choe et al. 2020, arXiv 2001.07437. Baselines: `random_map` has the share of the pixels that objects cover,
    `centre_map` more where objects are in the middle.

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


def _check_size(size: tuple[int, int]) -> None:
    if min(size) < 1:
        raise ValueError(f"A map has at least a pixel to each side, got {size}.")
