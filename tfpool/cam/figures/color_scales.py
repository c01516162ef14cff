"""Which maps share a color scale, by name, on sheets and on the CAM page, and which maps say next to nothing.

Loads neither TensorFlow nor NumPy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from tfpool.cam.attribution.methods import METHODS

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


FAINT = 1e-3
"""Fraction of the spread of the scores over classes. A map whose values are all below it says next to nothing."""
Spread = float | None
"""How far the highest of a model's scores for an image is from the lowest, for a map whose values are parts of a score
at the feature layer; None for any other map."""


def spread_of(method: str, scores: np.ndarray) -> Spread:
    """The spread of the scores (K,) of an image, for a map by that method."""
    # A map of pixels spreads the score over many thousands of them.
    in_units_of_score = METHODS[method].unit == "score" and not METHODS[method].on_image
    return float(scores.max() - scores.min()) if in_units_of_score else None


def is_faint(heatmap: np.ndarray, spread: Spread) -> bool:
    """Whether a map says next to nothing about its score."""
    return spread is not None and float(abs(heatmap).max()) < FAINT * spread


def shared_scales(
    heatmaps: Sequence[Sequence[np.ndarray]], scale: str, spreads: Sequence[Sequence[Spread]] | None = None
) -> list[list[Scale]]:
    """The color scale, by a key of `SCALES`, of each of R lists of C maps: equal for maps that share one.

    Where all maps on one scale are faint by their `spreads`, it becomes that of the scores, so that they are hardly
    seen.
    """
    sharing = SCALES[scale]
    groups = [
        [(row * sharing.by_row, column * sharing.by_column) for column in range(len(maps))]
        for row, maps in enumerate(heatmaps)
    ]
    scales: dict[tuple[int, int], Scale] = {}
    widest: dict[tuple[int, int], float] = {}
    clear: set[tuple[int, int]] = set()
    for row, maps, of_row in zip(groups, heatmaps, spreads or [[None] * len(row) for row in heatmaps], strict=True):
        for group, heatmap, spread in zip(row, maps, of_row, strict=True):
            limit, signed = scales.get(group, (0.0, False))
            scales[group] = Scale(max(limit, float(abs(heatmap).max())), signed or bool((heatmap < 0).any()))
            widest[group] = max(widest.get(group, 0.0), spread or 0.0)
            if not is_faint(heatmap, spread):
                clear.add(group)
    for group in scales.keys() - clear:
        scales[group] = scales[group]._replace(limit=max(scales[group].limit, widest[group]))
    return [[scales[group] for group in row] for row in groups]
