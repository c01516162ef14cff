"""Plans and parameter counts for the pages, cached, so that moving a slider back is instant."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from tfpool.counting.plan import Plan, plan
from tfpool.networks import heads
from tfpool.networks.graph import Shape

CLASSES = (2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
"""The numbers of classes on the horizontal axis of a growth chart."""


@lru_cache(maxsize=1024)
def counted(network: str, head: str, side: int, classes: int) -> Plan:
    """The plan of a network with a head, for square RGB images of that side."""
    return plan(network, head, (side, side, 3), classes)


def over_sides(network: str, names: Sequence[str], sides: Sequence[int], classes: int) -> dict[str, list[int | None]]:
    """Parameters of each head for images of each side; None if network or head cannot take that size."""
    return {name: [_params(name, _features(network, side), classes) for side in sides] for name in names}


def over_classes(network: str, names: Sequence[str], side: int, classes: Sequence[int]) -> dict[str, list[int | None]]:
    """Parameters of each head for each number of classes."""
    features = _features(network, side)
    return {name: [_params(name, features, number) for number in classes] for name in names}


def _params(name: str, features: Shape | None, classes: int) -> int | None:
    if features is None:
        return None
    try:
        return heads.get(name).params(features, classes)
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def _features(network: str, side: int) -> Shape | None:
    try:
        return counted(network, "gap", side, 2).feature_shape
    except ValueError:
        return None
