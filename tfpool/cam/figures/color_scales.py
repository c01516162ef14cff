"""Which maps share a color scale, by name, on sheets and on the CAM page. Loads neither TensorFlow nor NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Sharing:
    """Which maps share a color scale.

    Attributes:
        page_key: its name in the CAM page's address, where a row of maps is a model and a column a method.
        label: of the choice on that page.
        sentence: how a sheet's sentence about its scale begins.
        by_row: whether each row has scales of its own.
        by_column: whether each column has.
    """

    page_key: str
    label: str
    sentence: str
    by_row: bool
    by_column: bool


SCALES = {
    "column": Sharing(
        "method", "each method, over all models", "One color scale for each column: full color is", False, True
    ),
    "row": Sharing(
        "model", "each model, over all methods", "One color scale for each image: full color is", True, False
    ),
    "sheet": Sharing("all", "all maps", "One color scale for all maps: full color is", False, False),
    "own": Sharing(
        "own",
        "each map alone",
        "Each map has its own color scale, so colors of two maps cannot be compared: full color is",
        True,
        True,
    ),
}


@dataclass(frozen=True)
class Scale:
    """A color scale.

    Attributes:
        limit: the absolute value at full color.
        signed: whether any of its maps has values below zero.
    """

    limit: float
    signed: bool


def shared_scales(heatmaps: Sequence[Sequence[np.ndarray]], scale: str) -> list[list[Scale]]:
    """The color scale of each map: R lists of C, equal for maps that share one.

    Args:
        heatmaps: R lists of C maps.
        scale: a key of `SCALES`.
    """
    sharing = SCALES[scale]

    def group(row: int, column: int) -> tuple[int, int]:
        return row * sharing.by_row, column * sharing.by_column

    groups: dict[tuple[int, int], list[np.ndarray]] = {}
    for row, maps in enumerate(heatmaps):
        for column, heatmap in enumerate(maps):
            groups.setdefault(group(row, column), []).append(heatmap)
    scales = {
        key: Scale(max(float(abs(heatmap).max()) for heatmap in maps), any((heatmap < 0).any() for heatmap in maps))
        for key, maps in groups.items()
    }
    return [[scales[group(row, column)] for column in range(len(maps))] for row, maps in enumerate(heatmaps)]
