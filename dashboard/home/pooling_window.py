"""Local pooling: a window that slides over a map, its output, and where the gradient goes."""

from __future__ import annotations

from typing import Any

from dashboard.components import component
from dashboard.home import kept_values
from dashboard.home.feature_map_editor import MOST
from dashboard.home.kept_values import Kept
from tfpool.networks.heads import HEADS

SIDE = 6
WINDOWS = (2, 3, SIDE)
STRIDES = (1, 2, 3)
KEPT = {
    "home_pool_map": Kept("013100149420027531113820001352000114", rf"[0-{MOST}]{{{SIDE * SIDE}}}"),
    "home_pool": Kept("max", "max|average"),
    "home_window": Kept("2", "|".join(map(str, WINDOWS))),
    "home_stride": Kept("2", "|".join(map(str, STRIDES))),
}
_component = component("pooling_window", "shared_maps", "shared_grids", "pooling")


def slide() -> dict[str, str]:
    """Show the map, the window and the gradient, and return what is chosen by its keys in the address."""
    return kept_values.show(_component, "home_pooling", KEPT, content())


def content() -> dict[str, Any]:
    """What does not change in the browser; `heads` are those that a window over the whole map makes."""
    heads = {"max": HEADS["gmp"].label, "average": HEADS["gap"].label}
    return {"side": SIDE, "most": MOST, "windows": WINDOWS, "strides": STRIDES, "heads": heads}
