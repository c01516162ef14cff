"""Does a map point at the object? Maps at the size of their images, against boxes or masks of the objects.

Boxes are int (N, 4) as the data set `scattered` has them: an object covers rows y0 to y1 and columns x0 to x1, without
y1 and x1 themselves. Compare each metric with its baselines, two maps that do not depend on the image: `centre_map`,
since objects tend to be in the middle, and `random_map`.
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

    Example:
        >>> import numpy as np
        >>> import tfpool as tp
        >>> tp.metrics.masks_of(np.array([[0, 1, 2, 3]]), size=(3, 4)).astype(int)
        array([[[0, 1, 1, 0],
                [0, 1, 1, 0],
                [0, 0, 0, 0]]])
    """
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"Expected boxes of shape (N, 4): y0, x0, y1, x1. Received: {boxes.shape}.")
    rows, columns = np.arange(size[0])[:, np.newaxis], np.arange(size[1])
    top, left, bottom, right = (boxes[:, side, np.newaxis, np.newaxis] for side in range(4))
    return (rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)


def centre_map(size: tuple[int, int]) -> np.ndarray:
    """A map that ignores the image: float32 (height, width), 1 in the middle and falling off as a Gaussian.

    Args:
        size: height and width in pixels.

    Raises:
        ValueError: if a side is not positive.

    Example:
        >>> import tfpool as tp
        >>> tp.metrics.centre_map((3, 3)).round(2).tolist()[1]  # the middle row
        [0.14..., 1.0, 0.14...]
    """
    _check_size(size)
    down, across = (np.linspace(-1, 1, length) if length > 1 else np.zeros(1) for length in size)
    return np.exp(-2 * (down[:, np.newaxis] ** 2 + across**2)).astype(np.float32)


def random_map(size: tuple[int, int], seed: int = 0) -> np.ndarray:
    """Another map that ignores the image: float32 (height, width), each pixel uniform between 0 and 1.

    Args:
        size: height and width in pixels.
        seed: the same seed gives the same map. Use another seed for each image.

    Raises:
        ValueError: if a side is not positive, or the seed is negative.

    Example:
        >>> import tfpool as tp
        >>> one, same, other = (tp.metrics.random_map((64, 64), seed) for seed in (0, 0, 1))
        >>> bool((one == same).all()), bool((one == other).all())
        (True, False)
    """
    _check_size(size)
    return np.random.default_rng(at_least(0, seed, "seed")).random(size, np.float32)


def pointing_game(
    heatmaps: np.ndarray, masks: np.ndarray, labels: np.ndarray | None = None, tolerance: float = 15.0
) -> float:
    """Fraction of maps whose highest point is on the object, or at most `tolerance` pixels away from it.

    Zhang et al. 2016, arXiv 1608.00507. Several highest points count in parts: a flat map gets the fraction of the
    image that the object and the disc around it cover, as `random_map` does by chance. Baseline: `centre_map`.

    Args:
        heatmaps: float (N, H, W).
        masks: bool (N, H, W), true on the object.
        labels: int (N,). With labels, the result is the mean over classes of each class's fraction.
        tolerance: in pixels; the default of 15 is the paper's, for photographs of about 500 pixels.

    Raises:
        ValueError: if maps and masks have different shapes, there are none, or a mask is empty.

    Example:
        >>> import numpy as np
        >>> import tfpool as tp
        >>> masks = tp.metrics.masks_of(np.array([[0, 0, 2, 2], [6, 6, 8, 8]]), size=(8, 8))
        >>> heatmaps = np.zeros((2, 8, 8))
        >>> heatmaps[:, 1, 1] = 1  # on the first object, not on the second
        >>> tp.metrics.pointing_game(heatmaps, masks, tolerance=0)
        0.5
    """
    _check(heatmaps, masks)
    near = (ndimage.distance_transform_edt(~mask) <= tolerance for mask in masks)
    hits = np.array([at[heatmap == heatmap.max()].mean() for at, heatmap in zip(near, heatmaps, strict=True)])
    labels = np.zeros(len(hits)) if labels is None else labels
    return float(np.mean([hits[labels == label].mean() for label in np.unique(labels)]))


def energy_inside(heatmaps: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Fraction of each map's positive evidence that lies on the object: float64 (N,), 0 if there is no evidence.

    Wang et al. 2020, arXiv 1910.01279, for boxes. Baselines: `random_map` has the fraction of the image that the object
    covers, `centre_map` more if objects are in the middle.

    Args:
        heatmaps: float (N, H, W).
        masks: bool (N, H, W), true on the object.

    Raises:
        ValueError: if maps and masks have different shapes, there are none, or a mask is empty.

    Example:
        >>> import numpy as np
        >>> import tfpool as tp
        >>> mask = np.array([[[True, False, False]]])
        >>> tp.metrics.energy_inside(np.array([[[3.0, 1.0, -5.0]]]), mask)  # what is negative does not count
        array([0.75])
    """
    _check(heatmaps, masks)
    evidence = np.maximum(heatmaps, 0).astype(np.float64)
    total, inside = (values.sum(axis=(1, 2)) for values in (evidence, evidence * masks))
    return np.divide(inside, total, out=np.zeros(len(total)), where=total > 0)


def pixel_average_precision(heatmaps: np.ndarray, masks: np.ndarray) -> float:
    """PxAP: area under the precision-recall curve of all pixels, each map scaled from 0 to 1.

    Choe et al. 2020, arXiv 2001.07437. Baselines: `random_map` has the fraction of the pixels that objects cover,
    `centre_map` more if objects are in the middle.

    Args:
        heatmaps: float (N, H, W).
        masks: bool (N, H, W), true on the object.

    Raises:
        ValueError: if maps and masks have different shapes, there are none, or a mask is empty.

    Example:
        >>> import numpy as np
        >>> import tfpool as tp
        >>> mask = np.array([[[True, True, False, False]]])
        >>> [tp.metrics.pixel_average_precision(heatmap, mask) for heatmap in (1.0 * mask, np.ones((1, 1, 4)))]
        [1.0, 0.5]
    """
    _check(heatmaps, masks)
    values, truth = scaled(heatmaps).ravel(), masks.ravel()
    order = np.argsort(-values, kind="stable")
    true_positives = np.cumsum(truth[order])
    # Pixels of equal value pass a threshold together.
    ends = np.append(np.flatnonzero(np.diff(values[order])), len(order) - 1)
    precision, recall = true_positives[ends] / (ends + 1), true_positives[ends] / true_positives[-1]
    return float(np.sum(precision * np.diff(recall, prepend=0)))


def scaled(heatmaps: np.ndarray) -> np.ndarray:
    """Each map from 0 to 1, a flat one 0 everywhere."""
    low, high = (reduce(heatmaps, axis=(1, 2), keepdims=True) for reduce in (np.min, np.max))
    span = (high - low).astype(np.float64)
    return np.divide(heatmaps - low, span, out=np.zeros(heatmaps.shape), where=span > 0)


def _check(heatmaps: np.ndarray, masks: np.ndarray) -> None:
    if heatmaps.ndim != 3 or heatmaps.shape != masks.shape or not len(masks):
        raise ValueError(
            f"Expected maps and masks of one shape (N, H, W). Received: {heatmaps.shape} and {masks.shape}. "
            "Resize the maps to their images: explanation.resize((height, width))."
        )
    empty = np.flatnonzero(~masks.any(axis=(1, 2)))
    if len(empty):
        raise ValueError(
            f"Expected an object in each mask. Mask {empty[0]} is empty: leave out images without an object."
        )


def _check_size(size: tuple[int, int]) -> None:
    if min(size) < 1:
        raise ValueError(f"Expected a size of at least 1 pixel per side. Received: {size}.")
