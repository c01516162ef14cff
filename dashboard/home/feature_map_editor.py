"""Two small feature maps to type into, and what each head makes of them: the scores of two made-up classes."""

from __future__ import annotations

import re
from typing import Any

from dashboard.components import component
from dashboard.home import kept_values
from dashboard.home.kept_values import Kept
from tfpool.networks import heads

SIDE = 4
MOST = 9
"""One digit per cell, so that a map is a short word in the address."""
MAPS = ("pointed ears", "long snout")
CLASSES = ("cat", "dog")
HEADS = ("gap", "gmp", "flatten")
SHAPE = (SIDE, SIDE, len(MAPS))
EXAMPLES = {
    "A cat": ("9600630000000000", "0000110010000000"),
    "A dog": ("2100000000000000", "0000960063000000"),
    "A cat and a dog": ("9600630000000000", "0000110010960063"),
}
"""By name, the cells of both maps, row by row."""
NOTE = (
    "The arrows shift the maps, as if the animal had moved: GAP and GMP keep their scores, Flatten does not. What "
    "leaves at one edge comes back at the other. The weights are made up, the same for GAP and GMP. Those of Flatten "
    "expect the animal at the top left, as if all training images had shown it there."
)
_EARS, _SNOUT = EXAMPLES["A cat"]
_CELLS = rf"[0-{MOST}]{{{SIDE * SIDE}}}"
# A weight is a letter for its tenths: 0 to 9, and a to i for -1 to -9. A class has its weights, map by map, then its
# bias: as many letters as the head has parameters.
_AT_TOP_LEFT, _BELOW_IT = "1100110000000000", "0000110011000000"
_PER_CELL = f"{_AT_TOP_LEFT}{_BELOW_IT.replace('1', 'a')}1{_AT_TOP_LEFT.replace('1', 'a')}{_BELOW_IT}2"
KEPT = {
    "home_map": Kept(_EARS, _CELLS),
    "home_map_2": Kept(_SNOUT, _CELLS),
    "home_weights": Kept("8d1c82", "[0-9a-i]{6}"),
    "home_cell_weights": Kept(_PER_CELL, "[0-9a-i]{66}"),
    "home_head": Kept("gap", "|".join(HEADS)),
}
_component = component("feature_map_editor", "shared_maps", "shared_grids", "head_scores")


def edit() -> dict[str, str]:
    """Show the maps, the heads and the scores, and return what is chosen by its keys in the address."""
    return kept_values.show(_component, "home_editor", KEPT, content())


def content() -> dict[str, Any]:
    """What does not change in the browser."""
    return {
        "side": SIDE,
        "most": MOST,
        "maps": MAPS,
        "classes": CLASSES,
        "heads": [_head(name) for name in HEADS],
        "examples": list(EXAMPLES.items()),
        "note": NOTE,
    }


def _head(name: str) -> dict[str, Any]:
    """A head with its parameters on these very maps: the formula, the formula in numbers, and the count."""
    formula, params = heads.HEADS[name].formula, heads.get(name).params(SHAPE, len(CLASSES))
    return {
        "name": name,
        "label": heads.HEADS[name].label,
        "formula": formula,
        "numbers": in_numbers(formula, SHAPE, len(CLASSES)),
        "params": params,
    }


def in_numbers(formula: str, shape: tuple[int, int, int], classes: int) -> str:
    """A formula with the numbers of a feature map (H, W, C) and of classes K."""
    letters = dict(zip("HWCK", (*shape, classes), strict=True))
    return re.sub("[HWCK]", lambda found: f"{letters[found[0]]:,}", formula)
