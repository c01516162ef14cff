"""Colours of heads, one each wherever they are drawn, which colour-blind people tell from one another."""

from __future__ import annotations

from collections.abc import Iterable

COLOURS = {
    "gap": "#0072B2",
    "gmp": "#009E73",
    "flatten": "#E69F00",
    "fc": "#CC79A7",
    "nin": "#56B4E9",
    "avgmax": "#D55E00",
    "gem": "#882255",
    "spp": "#999933",
    "adaptiveavg": "#44AA99",
}
OTHERS = ("#332288", "#CC6677", "#117733", "#AA4499", "#DDCC77", "#661100")
"""For what belongs to no head."""


def coloured(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    """A colour a name: its head's, or the next of `OTHERS` where it has none or another name took it.

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
