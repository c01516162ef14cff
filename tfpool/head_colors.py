"""Colours of heads, one each wherever they are drawn, which colour-blind people tell from one another."""

from __future__ import annotations

from collections.abc import Iterable

# Lines of them have 3:1 against a white page and against a dark one, so their lightnesses are near each other. Hues are
# as far apart as that allows, also to eyes without the red or the green receptor. A test measures both.
COLOURS = {
    "gap": "#0072B2",
    "gmp": "#009E73",
    "flatten": "#C07A16",
    "fc": "#9122F2",
    "nin": "#8490C0",
    "avgmax": "#D81428",
    "gem": "#CA1EBC",
    "spp": "#606C00",
    "adaptiveavg": "#486C6C",
}
OTHERS = ("#905454", "#0C84FC", "#E460B4", "#6C6C90", "#F06060", "#E4009C")
"""For what belongs to no head."""


def coloured(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    """A colour for each name: its head's, or the next of `OTHERS` where it has none or another name took it.

    Args:
        named: names of lines or bars, each with its head or an empty text. A name that comes again keeps its colour.
    """
    found: dict[str, str] = {}
    left = iter(OTHERS * (1 + len(pairs := list(named))))
    for name, head in pairs:
        if name not in found:
            colour = COLOURS.get(head)
            found[name] = colour if colour and colour not in found.values() else next(left)
    return found
