"""Does the model need what a map shows? Its probability while pixels are taken away or put back in the map's order.

`probabilities` is a function from images (N, H, W, C) to (N, K), such as `Explainer.probabilities`; images are scaled
as it takes them, so that zero is the mean colour of a model that takes the mean off. Each figure is worth what it is
beside those of `centre_map` and `random_map`, which know nothing of the image.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse.linalg import spsolve

from tfpool.cam.metrics.localization import scaled

Probabilities = Callable[[np.ndarray], np.ndarray]
_STEPS = 50
_SIGMA, _RADIUS = 5, 5
_NOISE = 0.01
_SHARES = tuple(number / 10 for number in range(1, 10))
_NEIGHBOURS = {
    (down, across): 1 / 12 if down and across else 1 / 6
    for down in (-1, 0, 1)
    for across in (-1, 0, 1)
    if down or across
}


@dataclass(frozen=True, eq=False)
class Curves:
    """The target's probability on the way.

    Attributes:
        areas: float64 (N,), the mean height of each curve, by trapezoids.
        curves: float64 (N, steps + 1), from the first image to the last.
    """

    areas: np.ndarray
    curves: np.ndarray


def deletion(
    probabilities: Probabilities, images: np.ndarray, heatmaps: np.ndarray, targets: np.ndarray, seed: int = 0
) -> Curves:
    """Pixels become zero, most important first: the smaller the area, the better.

    Petsiuk et al. 2018, arXiv 1806.07421. Baselines: `centre_map`, and `random_map`, an order as chance has it.

    Args:
        probabilities: from images (N, H, W, C) to (N, K).
        images: (N, H, W, C) as it takes them.
        heatmaps: float (N, H, W).
        targets: int (N,), the class of each map.
        seed: of the order among pixels of one value.

    Raises:
        ValueError: if there are not as many maps, as large, and targets as images, or no image.
    """
    return _on_the_way(probabilities, images, np.zeros_like(images), heatmaps, targets, seed)


def insertion(
    probabilities: Probabilities, images: np.ndarray, heatmaps: np.ndarray, targets: np.ndarray, seed: int = 0
) -> Curves:
    """Pixels are put into the blurred image, most important first: the larger the area, the better.

    Petsiuk et al. 2018, arXiv 1806.07421. The blur is a bell of 11 pixels with a standard deviation of 5.
    Baselines: `centre_map`, and `random_map`, an order as chance has it.

    Args:
        probabilities: from images (N, H, W, C) to (N, K).
        images: (N, H, W, C) as it takes them.
        heatmaps: float (N, H, W).
        targets: int (N,), the class of each map.
        seed: of the order among pixels of one value.

    Raises:
        ValueError: if there are not as many maps, as large, and targets as images, or no image.
    """
    blurred = ndimage.gaussian_filter(images, (0, _SIGMA, _SIGMA, 0), radius=(0, _RADIUS, _RADIUS, 0))
    return _on_the_way(probabilities, blurred, images, heatmaps, targets, seed)


def average_drop(probabilities: Probabilities, images: np.ndarray, heatmaps: np.ndarray, targets: np.ndarray) -> float:
    """Average drop: the share of the probability y that is lost where the image is multiplied by its map, on average.

    The map is scaled from 0 to 1, to the probability o: the mean of max(0, y - o) / y. The smaller the better, but a
    map that is 1 nearly everywhere loses nothing. Chattopadhay et al. 2018, arXiv 1710.11063. Baselines: `centre_map`
    and `random_map`.

    Args:
        probabilities: from images (N, H, W, C) to (N, K).
        images: (N, H, W, C) as it takes them.
        heatmaps: float (N, H, W).
        targets: int (N,), the class of each map.

    Raises:
        ValueError: if there are not as many maps, as large, and targets as images, or no image.
    """
    before, after = _seen_through(probabilities, images, heatmaps, targets)
    lost = np.divide(np.maximum(before - after, 0), before, out=np.zeros(len(images)), where=before > 0)
    return float(lost.mean())


def increase(probabilities: Probabilities, images: np.ndarray, heatmaps: np.ndarray, targets: np.ndarray) -> float:
    """Increase: the share of images whose probability grows where the image is multiplied by its map.

    Read it beside `average_drop`, which asks by how much it falls for the others: o > y. Chattopadhay et al. 2018,
    arXiv 1710.11063. Baselines: `centre_map`, `random_map`.

    Args:
        probabilities: from images (N, H, W, C) to (N, K).
        images: (N, H, W, C) as it takes them.
        heatmaps: float (N, H, W).
        targets: int (N,), the class of each map.

    Raises:
        ValueError: if there are not as many maps, as large, and targets as images, or no image.
    """
    before, after = _seen_through(probabilities, images, heatmaps, targets)
    return float((after > before).mean())


def road(
    probabilities: Probabilities, images: np.ndarray, heatmaps: np.ndarray, targets: np.ndarray, seed: int = 0
) -> np.ndarray:
    """ROAD, float64 (N,): half the probability after removing the least important pixels less that after the most.

    The mean over a tenth to nine tenths of the pixels. What is removed is filled with the noisy weighted mean of its
    neighbours, which leaves no edge for the model to see. Rong et al. 2022, arXiv 2202.00449. Baselines:
    `centre_map`, and `random_map`, whose order has 0 on average.

    Args:
        probabilities: from images (N, H, W, C) to (N, K).
        images: (N, H, W, C) as it takes them.
        heatmaps: float (N, H, W).
        targets: int (N,), the class of each map.
        seed: of the noise, and of the order among pixels of one value.

    Raises:
        ValueError: if there are not as many maps, as large, and targets as images, or no image.
    """
    _check(images, heatmaps, targets)
    random = np.random.default_rng(seed)
    values = []
    for image, heatmap, target in zip(images, heatmaps, targets, strict=True):
        order = _order(heatmap, random)
        counts = [round(share * len(order)) for share in _SHARES]
        most, least = (
            np.stack([_filled(image, gone[:count], random) for count in counts]) for gone in (order, order[::-1])
        )
        most, least = (np.asarray(probabilities(shown), np.float64)[:, target] for shown in (most, least))
        values.append((least - most).mean() / 2)
    return np.array(values)


def _seen_through(
    probabilities: Probabilities, images: np.ndarray, heatmaps: np.ndarray, targets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The targets' probabilities, float64 (N,), of the images and of the images times their maps."""
    _check(images, heatmaps, targets)
    mask = scaled(heatmaps)[..., np.newaxis]
    each = np.arange(len(images))
    before, after = (
        np.asarray(probabilities(shown), np.float64)[each, targets]
        for shown in (images, (images * mask).astype(images.dtype))
    )
    return before, after


def _on_the_way(
    probabilities: Probabilities,
    start: np.ndarray,
    end: np.ndarray,
    heatmaps: np.ndarray,
    targets: np.ndarray,
    seed: int,
) -> Curves:
    """From the images `start` to `end` in the order of the maps, image by image, so that memory stays as it is."""
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
    """Positions from the highest value down; those of one value as chance has it."""
    shuffled = random.permutation(heatmap.size)
    return shuffled[np.argsort(-heatmap.ravel()[shuffled], kind="stable")]


def _filled(image: np.ndarray, gone: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The image with the pixels at flat positions `gone` filled from around them."""
    height, width, channels = image.shape
    unknown = np.full(height * width, -1)
    unknown[gone] = np.arange(len(gone))
    rows, columns = np.divmod(gone, width)
    weights, known = np.zeros(len(gone)), np.zeros((len(gone), channels))
    entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    pixels = image.reshape(-1, channels).astype(np.float64)
    for (down, across), weight in _NEIGHBOURS.items():
        y, x = rows + down, columns + across
        within = np.flatnonzero((y >= 0) & (y < height) & (x >= 0) & (x < width))
        beside = y[within] * width + x[within]
        weights[within] += weight
        other = unknown[beside]
        here, there = within[other < 0], within[other >= 0]
        known[here] += weight * pixels[beside[other < 0]]
        entries.append((there, other[other >= 0], np.full(len(there), -weight)))
    numbers = np.arange(len(gone))
    row, column, value = (np.concatenate(each) for each in zip(*entries, (numbers, numbers, weights), strict=True))
    system = sparse.csc_matrix((value, (row, column)), shape=(len(gone), len(gone)))
    filled = pixels.copy()
    filled[gone] = np.reshape(spsolve(system, known), known.shape) + _NOISE * image.std() * random.normal(
        size=known.shape
    )
    return filled.reshape(image.shape).astype(image.dtype)


def _check(images: np.ndarray, heatmaps: np.ndarray, targets: np.ndarray) -> None:
    if images.ndim != 4 or heatmaps.shape != images.shape[:3] or targets.shape != images.shape[:1] or not len(images):
        raise ValueError(
            "Images (N, H, W, C), maps (N, H, W) and targets (N,) are needed, "
            f"got {images.shape}, {heatmaps.shape} and {targets.shape}. "
            "Resize the maps to their images: explanation.resize((height, width))."
        )
