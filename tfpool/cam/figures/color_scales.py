"""Which maps share a color scale, by name, on sheets and on the CAM page. Loads neither TensorFlow nor NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np


class Sharing(NamedTuple):
    """Which maps share a color scale.

    Attributes:
        page_key: its name in the CAM page's address, where a row of maps is a model and a column a method.
        label: of the choice on that page.
        sentence: how a sheet's sentence about its scale begins.
        by_row, by_column: whether each row, and each column, has scales of its own.
    """

    page_key: str
    label: str
    sentence: str
    by_row: bool
    by_column: bool


_INCOMPARABLE = "Each map has its own color scale, so colors of two maps cannot be compared"
SCALES = {
    "column": Sharing("method", "each method, over all models", "One color scale for each column", False, True),
    "row": Sharing("model", "each model, over all methods", "One color scale for each image", True, False),
    "sheet": Sharing("all", "all maps", "One color scale for all maps", False, False),
    "own": Sharing("own", "each map alone", _INCOMPARABLE, True, True),
}


class Scale(NamedTuple):
    """The absolute value at full color, and whether any map on the scale has values below zero."""

    limit: float
    signed: bool


def shared_scales(heatmaps: Sequence[Sequence[np.ndarray]], scale: str) -> list[list[Scale]]:
    """The color scale, by a key of `SCALES`, of each of R lists of C maps: equal for maps that share one."""
    sharing = SCALES[scale]
    groups = [
        [(row * sharing.by_row, column * sharing.by_column) for column in range(len(maps))]
        for row, maps in enumerate(heatmaps)
    ]
    scales: dict[tuple[int, int], Scale] = {}
    for row, maps in zip(groups, heatmaps, strict=True):
        for group, heatmap in zip(row, maps, strict=True):
            limit, signed = scales.get(group, (0.0, False))
            scales[group] = Scale(max(limit, float(abs(heatmap).max())), signed or bool((heatmap < 0).any()))
    return [[scales[group] for group in row] for row in groups]
