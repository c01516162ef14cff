"""Do boxes around the parts of a map overlap the object's box? All thresholds of a map in one pass.

A pixel's level is the number of thresholds below its value. Each peak has a slope: the pixels from which the steepest
way up leads to it. The pixels of one slope above a threshold are connected, and two slopes are connected above all
thresholds below their highest pass. So slopes are joined in the order of their passes, and nothing is labeled once per
threshold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from tfpool.cam.metrics.localization import scaled

_THRESHOLDS = np.arange(0, 1, 0.001)
_NEIGHBORS = ((0, 1), (1, -1), (1, 0), (1, 1))
"""Offsets to half of a pixel's eight neighbors; the other half are the same pairs."""


@dataclass(frozen=True, eq=False)
class _Part:
    """Connected slopes, which reach above `peak` thresholds as a part of their own.

    For each row (H,) and column (W,) the highest level of the pixels in it, for each threshold the number above it.
    """

    peak: int
    rows: np.ndarray
    columns: np.ndarray
    sizes: np.ndarray

    def joined(self, other: _Part, level: int) -> _Part:
        rows, columns = np.maximum(self.rows, other.rows), np.maximum(self.columns, other.columns)
        return _Part(level, rows, columns, self.sizes + other.sizes)

    def overlaps(self, levels: np.ndarray, box: np.ndarray) -> np.ndarray:
        """IoU with a box above each of some thresholds below the part's peak."""
        (top, bottom), (left, right) = (_ends(side, levels) for side in (self.rows, self.columns))
        height = np.minimum(bottom, box[2]) - np.maximum(top, box[0])
        width = np.minimum(right, box[3]) - np.maximum(left, box[1])
        shared = np.maximum(height, 0) * np.maximum(width, 0)
        return shared / ((bottom - top) * (right - left) + (box[2] - box[0]) * (box[3] - box[1]) - shared)


def max_box_acc(heatmaps: np.ndarray, boxes: np.ndarray) -> float:
    """MaxBoxAcc: fraction of maps whose box overlaps the object's with an IoU of at least 0.5. Choe et al. 2020.

    A map is scaled from 0 to 1 and cut at a threshold; its box is that of the largest connected part. A single
    threshold of 0, 0.001 … 0.999 is used, the best for all maps together. arXiv 2001.07437. Baselines: `centre_map`,
    and `random_map`, which is near 0 unless objects fill the image.

    Args:
        heatmaps: float (N, H, W).
        boxes: int (N, 4).

    Raises:
        ValueError: if there are not as many boxes as maps, or none.

    Example:
        >>> import numpy as np
        >>> import tfpool as tp
        >>> boxes = np.array([[2, 3, 6, 8]])
        >>> heatmap = tp.metrics.masks_of(boxes, size=(20, 20)).astype(float)  # the object itself
        >>> heatmap[0, 10:19, 10:19] = 1  # and a larger part elsewhere
        >>> tp.metrics.max_box_acc(heatmap, boxes)
        0.0
    """
    return _at_the_best_threshold(box_overlaps(heatmaps, boxes)[0], (0.5,))


def max_box_acc_v2(heatmaps: np.ndarray, boxes: np.ndarray) -> float:
    """MaxBoxAccV2: as `max_box_acc`, for the box of any connected part, the mean over IoUs of 0.3, 0.5 and 0.7.

    Choe et al. 2020, arXiv 2001.07437. Baseline: the better of `centre_map` and `random_map`. The latter has hundreds
    of parts, so that the box of one may fit by chance.

    Args:
        heatmaps: float (N, H, W).
        boxes: int (N, 4).

    Raises:
        ValueError: if there are not as many boxes as maps, or none.

    Example:
        >>> import numpy as np
        >>> import tfpool as tp
        >>> boxes = np.array([[2, 3, 6, 8]])
        >>> heatmap = tp.metrics.masks_of(boxes, size=(20, 20)).astype(float)  # the object itself
        >>> heatmap[0, 10:19, 10:19] = 1  # and a larger part elsewhere
        >>> tp.metrics.max_box_acc_v2(heatmap, boxes)
        1.0
    """
    return _at_the_best_threshold(box_overlaps(heatmaps, boxes)[1], (0.3, 0.5, 0.7))


def box_overlaps(heatmaps: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """IoUs with the object's box above each threshold, float64 (N, 1000): of the largest part, and of the best."""
    if heatmaps.ndim != 3 or boxes.shape != (len(heatmaps), 4) or not len(boxes):
        raise ValueError(
            f"Expected maps (N, H, W) and one box per map, (N, 4). Received: {heatmaps.shape} and {boxes.shape}."
        )
    levels = np.searchsorted(_THRESHOLDS, scaled(heatmaps))
    largest, best = np.zeros((2, len(boxes), len(_THRESHOLDS)))
    for number, (level, box) in enumerate(zip(levels, boxes, strict=True)):
        sizes = np.zeros(len(_THRESHOLDS), np.int64)
        for part, until in _parts(level):
            span = slice(until, part.peak)
            overlaps, size = part.overlaps(np.arange(until, part.peak), box), part.sizes[span]
            best[number, span] = np.maximum(best[number, span], overlaps)
            # Of two parts of equal size the one that fits better, so that the order of pixels does not matter.
            first = (size > sizes[span]) | ((size == sizes[span]) & (overlaps > largest[number, span]))
            largest[number, span] = np.where(first, overlaps, largest[number, span])
            sizes[span] = np.maximum(sizes[span], size)
    return largest, best


def _at_the_best_threshold(overlaps: np.ndarray, ious: Sequence[float]) -> float:
    return float(np.mean([(overlaps >= iou).mean(axis=0).max() for iou in ious]))


def _ends(highest: np.ndarray, levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first row or column above each level, and the one after the last."""
    up, down = (np.maximum.accumulate(side) for side in (highest, highest[::-1]))
    return np.searchsorted(up, levels, side="right"), len(highest) - np.searchsorted(down, levels, side="right")


def _parts(levels: np.ndarray) -> Iterator[tuple[_Part, int]]:
    """Each part that exists above some threshold, with the lowest threshold above which it is alone."""
    slopes, passes = _slopes(levels)
    parts = dict(enumerate(_alone(levels, slopes)))
    inside = list(range(len(parts)))
    for level, *pair in passes:
        one, other = (_root(inside, slope) for slope in pair)
        if one != other:
            yield from ((parts[root], level) for root in (one, other) if parts[root].peak > level)
            parts[one] = parts[one].joined(parts.pop(other), level)
            inside[other] = one
    yield from ((part, 0) for part in parts.values() if part.peak)


def _root(inside: list[int], slope: int) -> int:
    while inside[slope] != slope:
        inside[slope] = slope = inside[inside[slope]]
    return slope


def _slopes(levels: np.ndarray) -> tuple[np.ndarray, list[list[int]]]:
    """Each pixel's slope, int (H·W,), and the highest pass between each two slopes: its level, and the two slopes."""
    height, width = levels.shape
    order = np.argsort(levels, axis=None, kind="stable")
    ranks = np.empty_like(order)
    ranks[order] = np.arange(len(order))
    uphill = order[ndimage.maximum_filter(ranks.reshape(height, width), 3).ravel()]
    while not np.array_equal(further := uphill[uphill], uphill):
        uphill = further
    slopes = np.unique(uphill, return_inverse=True)[1].ravel()
    grid, pairs = slopes.reshape(height, width), []
    for down, across in _NEIGHBORS:
        here = np.s_[: height - down, max(0, -across) : width - max(0, across)]
        there = np.s_[down:, max(0, across) : width + min(0, across)]
        lower = np.minimum(levels[here], levels[there])
        low, high = np.minimum(grid[here], grid[there]), np.maximum(grid[here], grid[there])
        between = (low < high) & (lower > 0)
        pairs.append(np.stack([lower[between], low[between], high[between]], axis=1))
    passes = np.concatenate(pairs)
    passes = passes[np.argsort(-passes[:, 0], kind="stable")]
    _, first = np.unique(passes[:, 1] * len(slopes) + passes[:, 2], return_index=True)
    return slopes, passes[np.sort(first)].tolist()


def _alone(levels: np.ndarray, slopes: np.ndarray) -> Iterator[_Part]:
    """Each slope as a part."""
    count, (height, width) = int(slopes.max()) + 1, levels.shape
    pixel, flat = np.arange(levels.size), levels.ravel()
    rows, columns = np.zeros((count, height), np.int64), np.zeros((count, width), np.int64)
    np.maximum.at(rows, (slopes, pixel // width), flat)
    np.maximum.at(columns, (slopes, pixel % width), flat)
    steps = len(_THRESHOLDS) + 1
    at = np.bincount(slopes * steps + flat, minlength=count * steps).reshape(count, steps)
    above = at[:, :0:-1].cumsum(axis=1)[:, ::-1]
    for row, column, sizes in zip(rows, columns, above, strict=True):
        yield _Part(int(row.max()), row, column, sizes)
