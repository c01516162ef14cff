"""Which maps share a color scale, by name, on sheets and on the CAM page, and which maps would not be seen on one.

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


BLANK = 1 / 8
"""Fraction of full color below which the strongest spot of a map is hardly seen on any image."""
_NARROWER = {"sheet": ("sheet", "row", "column", "own"), "row": ("row", "column", "own"), "column": ("column", "own")}
"""What is tried in turn where a map would be blank."""

FAINT, _COARSE = 1e-3, 7 * 7
"""Fraction of the spread of the scores over classes. A map of at most 7×7 values that are all below it says next to
nothing. The values of a finer map share the score among more of them, so its fraction is smaller."""
Spread = float | None
"""How far the highest of a model's scores for an image is from the lowest, for a map whose values are parts of a score
at the feature layer; None for any other map."""


def spread_of(method: str, scores: np.ndarray) -> Spread:
    """The spread of the scores (K,) of an image, for a map by that method."""
    # A map of pixels spreads the score over many thousands of them.
    in_units_of_score = METHODS[method].unit == "score" and not METHODS[method].on_image
    return float(scores.max() - scores.min()) if in_units_of_score else None


def is_faint(heatmap: np.ndarray, spread: Spread) -> bool:
    """Whether a map (h, w), at the method's own resolution, says next to nothing about its score."""
    return spread is not None and float(abs(heatmap).max()) < FAINT * min(1.0, _COARSE / heatmap.size) * spread


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


class Choice(NamedTuple):
    """A key of `SCALES`, and a sentence on why it is another one than was preferred, "" where it is that one."""

    scale: str
    note: str


def choose_scale(
    heatmaps: Sequence[Sequence[np.ndarray]], preferred: str, spreads: Sequence[Sequence[Spread]] | None = None
) -> Choice:
    """The scale to draw R lists of C maps on: the preferred key of `SCALES`, or a narrower one where a map was blank.

    Blank is a map with something to say whose largest value is below an eighth of the scale, such as that of a model
    whose scores are far smaller than those of the model beside it.
    """
    blank = _weakest_blank(heatmaps, preferred, spreads)
    if blank is None:
        return Choice(preferred, "")
    scales = _NARROWER.get(preferred, ("own",))
    scale = next((key for key in scales if _weakest_blank(heatmaps, key, spreads) is None), "own")
    small, large = (f"{value:,.0f}" if value >= 100 else f"{value:.3g}" for value in blank)
    return Choice(scale, f"The largest values of the maps, from {small} to {large}, are too far apart for one scale.")


def _weakest_blank(
    heatmaps: Sequence[Sequence[np.ndarray]], scale: str, spreads: Sequence[Sequence[Spread]] | None
) -> tuple[float, float] | None:
    """The largest value of the map that is seen least on its scale, and the value at full color; None if all are."""
    blank = []
    for row, (maps, limits) in enumerate(zip(heatmaps, shared_scales(heatmaps, scale, spreads), strict=True)):
        for column, (heatmap, its) in enumerate(zip(maps, limits, strict=True)):
            most = float(abs(heatmap).max())
            says_something = most > 0 and not is_faint(heatmap, spreads[row][column] if spreads else None)
            if says_something and most < BLANK * its.limit:
                blank.append((most / its.limit, most, its.limit))
    return min(blank)[1:] if blank else None
