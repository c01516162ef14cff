"""Does the model need what a map shows? Its probability while pixels are removed or put back in the map's order.

Images are scaled as in training: zero is the mean color if the preprocessing subtracts a mean. Compare each metric with
its baselines, `centre_map` and `random_map`, which do not depend on the image.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse.linalg import spsolve

from tfpool.cam.metrics.localization import scaled

Probabilities = Callable[[np.ndarray], np.ndarray]
_STEPS = 50
_SIGMA, _RADIUS = 5, 5
_NOISE = 0.01
_FRACTIONS = tuple(number / 10 for number in range(1, 10))
_NEIGHBORS = {shift: 1 / 12 if all(shift) else 1 / 6 for shift in product((-1, 0, 1), repeat=2) if any(shift)}
"""Offsets to a pixel's neighbors, down and across, with the weights of their mean."""


@dataclass(frozen=True, eq=False)
class Curves:
    """The target's probability while pixels are removed or inserted.

    Attributes:
        areas: float64 (N,), the area under each curve by the trapezoidal rule, 0 to 1.
        curves: float64 (N, steps + 1), from the first image to the last.

    Example:
        >>> import numpy as np
        >>> import tfpool as tp
        >>> images, heatmap = np.ones((1, 10, 10, 1)), tp.metrics.random_map((10, 10))
        >>> brightness = lambda images: images.mean(axis=(1, 2))  # the probability of the only class
        >>> curves = tp.metrics.deletion(brightness, images, heatmap[np.newaxis], np.array([0]))
        >>> curves.curves.shape, curves.curves[0, [0, 25, 50]].round(2).tolist(), curves.areas.round(2)
        ((1, 51), [1.0, 0.5, 0.0], array([0.5]))
    """

    areas: np.ndarray
    curves: np.ndarray


def deletion(
    probabilities: Probabilities, images: np.ndarray, heatmaps: np.ndarray, targets: np.ndarray, seed: int = 0
) -> Curves:
    """Set pixels to zero, most important first: the smaller the area, the better.

    Petsiuk et al. 2018, arXiv 1806.07421. Baselines: `centre_map`, and the random order of `random_map`.

    Args:
        probabilities: a function from images (N, H, W, C) to (N, K), such as `Explainer.probabilities`.
        images: (N, H, W, C), scaled as in training.
        heatmaps: float (N, H, W).
        targets: int (N,), the class of each map.
        seed: of the order of pixels with equal values.

    Raises:
        ValueError: if the shapes of images, maps and targets do not fit, or there is no image.

    Example:
        >>> import numpy as np
        >>> import tfpool as tp
        >>> heatmap = np.eye(100)[:1].reshape(1, 10, 10)  # the first pixel matters
        >>> images, targets = heatmap[..., np.newaxis], np.array([1])
        >>> probabilities = lambda images: np.eye(2)[(images[:, 0, 0, 0] > 0.5).astype(int)]  # 1 while it is bright
        >>> [tp.metrics.deletion(probabilities, images, m, targets).areas.round(2) for m in (heatmap, -heatmap)]
        [array([0.01]), array([0.99])]
    """
    return _curves(probabilities, images, np.zeros_like(images), heatmaps, targets, seed)


def insertion(
    probabilities: Probabilities, images: np.ndarray, heatmaps: np.ndarray, targets: np.ndarray, seed: int = 0
) -> Curves:
    """Put pixels into the blurred image, most important first: the larger the area, the better.

    Petsiuk et al. 2018, arXiv 1806.07421. The blur is a Gaussian of 11 pixels with a standard deviation of 5.
    Baselines: `centre_map`, and the random order of `random_map`.

    Args:
        probabilities: a function from images (N, H, W, C) to (N, K), such as `Explainer.probabilities`.
        images: (N, H, W, C), scaled as in training.
        heatmaps: float (N, H, W).
        targets: int (N,), the class of each map.
        seed: of the order of pixels with equal values.

    Raises:
        ValueError: if the shapes of images, maps and targets do not fit, or there is no image.

    Example:
        >>> import numpy as np
        >>> import tfpool as tp
        >>> heatmap = np.eye(100)[:1].reshape(1, 10, 10)  # the first pixel matters
        >>> images, targets = heatmap[..., np.newaxis], np.array([1])
        >>> probabilities = lambda images: np.eye(2)[(images[:, 0, 0, 0] > 0.5).astype(int)]  # 1 while it is bright
        >>> [tp.metrics.insertion(probabilities, images, m, targets).areas.round(2) for m in (heatmap, -heatmap)]
        [array([0.99]), array([0.01])]
    """
    blurred = ndimage.gaussian_filter(images, (0, _SIGMA, _SIGMA, 0), radius=(0, _RADIUS, _RADIUS, 0))
    return _curves(probabilities, blurred, images, heatmaps, targets, seed)


def average_drop(probabilities: Probabilities, images: np.ndarray, heatmaps: np.ndarray, targets: np.ndarray) -> float:
    """Average drop: the fraction of the probability y that is lost if the image is multiplied by its map.

    The mean of max(0, y - o) / y with o the probability of the masked image; the map is scaled from 0 to 1. The smaller
    the better, but a map that is 1 nearly everywhere loses nothing. Chattopadhay et al. 2018, arXiv 1710.11063.
    Baselines: `centre_map` and `random_map`.

    Args:
        probabilities: a function from images (N, H, W, C) to (N, K), such as `Explainer.probabilities`.
        images: (N, H, W, C), scaled as in training.
        heatmaps: float (N, H, W).
        targets: int (N,), the class of each map.

    Raises:
        ValueError: if the shapes of images, maps and targets do not fit, or there is no image.

    Example:
        >>> import numpy as np
        >>> import tfpool as tp
        >>> heatmap = np.eye(100)[:1].reshape(1, 10, 10)  # the first pixel matters
        >>> images, targets = heatmap[..., np.newaxis], np.array([1])
        >>> probabilities = lambda images: np.eye(2)[(images[:, 0, 0, 0] > 0.5).astype(int)]  # 1 while it is bright
        >>> [tp.metrics.average_drop(probabilities, images, m, targets) for m in (heatmap, -heatmap)]
        [0.0, 1.0]
    """
    before, after = _masked(probabilities, images, heatmaps, targets)
    lost = np.divide(np.maximum(before - after, 0), before, out=np.zeros(len(images)), where=before > 0)
    return float(lost.mean())


def increase(probabilities: Probabilities, images: np.ndarray, heatmaps: np.ndarray, targets: np.ndarray) -> float:
    """Increase: the fraction of images whose probability grows if the image is multiplied by its map.

    Read it beside `average_drop`, which measures how much the probability of the others falls. Chattopadhay et al.
    2018, arXiv 1710.11063. Baselines: `centre_map`, `random_map`.

    Args:
        probabilities: a function from images (N, H, W, C) to (N, K), such as `Explainer.probabilities`.
        images: (N, H, W, C), scaled as in training.
        heatmaps: float (N, H, W).
        targets: int (N,), the class of each map.

    Raises:
        ValueError: if the shapes of images, maps and targets do not fit, or there is no image.

    Example:
        >>> import numpy as np
        >>> import tfpool as tp
        >>> heatmap = np.eye(100)[:1].reshape(1, 10, 10)  # the first pixel matters
        >>> images, targets = heatmap[..., np.newaxis], np.array([1])
        >>> probabilities = lambda images: np.eye(2)[(images[:, 0, 0, 0] > 0.5).astype(int)]  # 1 while it is bright
        >>> tp.metrics.increase(probabilities, images, heatmap, targets)  # it was sure before
        0.0
    """
    before, after = _masked(probabilities, images, heatmaps, targets)
    return float((after > before).mean())


def road(
    probabilities: Probabilities, images: np.ndarray, heatmaps: np.ndarray, targets: np.ndarray, seed: int = 0
) -> np.ndarray:
    """ROAD, float64 (N,): half of the probability without the least important pixels minus that without the most.

    The mean over removing 10 % to 90 % of the pixels. Each removed pixel is filled with the noisy weighted mean of its
    neighbors, which leaves no visible edges. Rong et al. 2022, arXiv 2202.00449. Baselines: `centre_map`, and
    `random_map`, which has 0 on average.

    Args:
        probabilities: a function from images (N, H, W, C) to (N, K), such as `Explainer.probabilities`.
        images: (N, H, W, C), scaled as in training.
        heatmaps: float (N, H, W).
        targets: int (N,), the class of each map.
        seed: of the noise, and of the order of pixels with equal values.

    Raises:
        ValueError: if the shapes of images, maps and targets do not fit, or there is no image.

    Example:
        >>> import numpy as np
        >>> import tfpool as tp
        >>> heatmap = np.eye(100)[:1].reshape(1, 10, 10)  # the first pixel matters
        >>> images, targets = heatmap[..., np.newaxis], np.array([1])
        >>> probabilities = lambda images: np.eye(2)[(images[:, 0, 0, 0] > 0.5).astype(int)]  # 1 while it is bright
        >>> tp.metrics.road(probabilities, images, heatmap, targets)
        array([0.5])
    """
    _check(images, heatmaps, targets)
    random = np.random.default_rng(seed)
    values = []
    for image, heatmap, target in zip(images, heatmaps, targets, strict=True):
        order = _order(heatmap, random)
        counts = [round(fraction * len(order)) for fraction in _FRACTIONS]
        most, least = (
            np.stack([_filled(image, removed[:count], random) for count in counts]) for removed in (order, order[::-1])
        )
        most, least = (np.asarray(probabilities(filled), np.float64)[:, target] for filled in (most, least))
        values.append((least - most).mean() / 2)
    return np.array(values)


def _masked(
    probabilities: Probabilities, images: np.ndarray, heatmaps: np.ndarray, targets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The targets' probabilities, float64 (N,), of the images and of the images multiplied by their maps."""
    _check(images, heatmaps, targets)
    masked = (images * scaled(heatmaps)[..., np.newaxis]).astype(images.dtype)
    before, after = (np.asarray(probabilities(batch), np.float64) for batch in (images, masked))
    numbers = np.arange(len(images))
    return before[numbers, targets], after[numbers, targets]


def _curves(
    probabilities: Probabilities,
    start: np.ndarray,
    end: np.ndarray,
    heatmaps: np.ndarray,
    targets: np.ndarray,
    seed: int,
) -> Curves:
    """From the images `start` to `end` in the order of the maps, image by image, so that memory does not grow."""
    _check(start, heatmaps, targets)
    random = np.random.default_rng(seed)
    curves = []
    for first, last, heatmap, target in zip(start, end, heatmaps, targets, strict=True):
        order = _order(heatmap, random)
        changed = np.empty(len(order), np.int64)
        changed[order] = np.arange(len(order))
        until = np.linspace(0, len(order), _STEPS + 1).round()
        swapped = changed.reshape(1, *heatmap.shape, 1) < until[:, np.newaxis, np.newaxis, np.newaxis]
        curves.append(np.asarray(probabilities(np.where(swapped, last, first)), np.float64)[:, target])
    stacked = np.array(curves)
    return Curves(np.asarray(np.trapezoid(stacked, dx=1 / _STEPS, axis=1)), stacked)


def _order(heatmap: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Positions from the highest value down, equal values in random order."""
    shuffled = random.permutation(heatmap.size)
    return shuffled[np.argsort(-heatmap.ravel()[shuffled], kind="stable")]


def _filled(image: np.ndarray, removed: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The image with the pixels at the flat positions `removed` filled from their neighbors."""
    height, width, channels = image.shape
    unknown = np.full(height * width, -1)
    unknown[removed] = np.arange(len(removed))
    rows, columns = np.divmod(removed, width)
    weights, sums = np.zeros(len(removed)), np.zeros((len(removed), channels))
    entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    pixels = image.reshape(-1, channels).astype(np.float64)
    for (down, across), weight in _NEIGHBORS.items():
        y, x = rows + down, columns + across
        within = np.flatnonzero((y >= 0) & (y < height) & (x >= 0) & (x < width))
        beside = y[within] * width + x[within]
        weights[within] += weight
        other = unknown[beside]
        here, there = within[other < 0], within[other >= 0]
        sums[here] += weight * pixels[beside[other < 0]]
        entries.append((there, other[other >= 0], np.full(len(there), -weight)))
    numbers = np.arange(len(removed))
    row, column, value = (np.concatenate(each) for each in zip(*entries, (numbers, numbers, weights), strict=True))
    system = sparse.csc_matrix((value, (row, column)), shape=(len(removed), len(removed)))
    filled = pixels.copy()
    noise = _NOISE * image.std() * random.normal(size=sums.shape)
    filled[removed] = np.reshape(spsolve(system, sums), sums.shape) + noise
    return filled.reshape(image.shape).astype(image.dtype)


def _check(images: np.ndarray, heatmaps: np.ndarray, targets: np.ndarray) -> None:
    if images.ndim != 4 or heatmaps.shape != images.shape[:3] or targets.shape != images.shape[:1] or not len(images):
        raise ValueError(
            "Expected images (N, H, W, C), maps (N, H, W) and targets (N,). "
            f"Received: {images.shape}, {heatmaps.shape} and {targets.shape}. "
            "Resize the maps to their images: explanation.resize((height, width))."
        )
