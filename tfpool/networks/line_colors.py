"""One color per line or bar of a figure: its head's, or a neutral one."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import cycle

from tfpool.networks.heads import HEADS

NEUTRAL = ("#905454", "#0C84FC", "#E460B4", "#6C6C90", "#F06060", "#E4009C")
"""For lines and bars of no head: as visible as the colors of heads, and distinct from them."""


def line_colors(lines: Iterable[tuple[str, str]]) -> dict[str, str]:
    """A color per line or bar, from its name and its head's name or an empty text.

    It is the head's, or the next of `NEUTRAL` without a head or if that is taken. A repeated name keeps its first.
    """
    colors: dict[str, str] = {}
    neutral = cycle(NEUTRAL)
    for name, head in lines:
        if name not in colors:
            own = HEADS[head].color if head in HEADS else ""
            colors[name] = own if own and own not in colors.values() else next(neutral)
    return colors
