"""What stands beside the maps of a sheet: the class, its score, the unit and what the colors say."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from tfpool.cam.attribution.methods import directed


def caption(name: str, other: str | None, score: float, probability: float) -> str:
    """What stands below a map: what is explained, and by how much it is so."""
    return f"{name}{'' if other is None else f' and not {other}'}: {score:.3g}, {probability:.1%}"


def legend(units: Collection[str], methods: Sequence[str]) -> dict[str, Any]:
    """What a sheet says of the maps of some methods: their unit, and whether red speaks for the class."""
    return {
        "unit": next(iter(units)) if len(units) == 1 else "method's own unit",
        "directed": directed(methods),
    }
