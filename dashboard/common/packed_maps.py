"""Maps and their paint as the components in `dashboard/components` read them."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from tfpool.colors import paint

_MOST_SIDE = 56
"""Larger maps are sent as a mean of their cells: nobody sees more in a tile."""
_PAINT_STEPS = 65


def packed(values: np.ndarray, limit: float) -> dict[str, Any]:
    """Maps (T, h, w) as int8, from −127 to 127 at the limit, as base64."""
    step = max(1, -(-max(values.shape[1:]) // _MOST_SIDE))
    height, width = (side // step for side in values.shape[1:])
    cut = values[:, : height * step, : width * step]
    small = cut.reshape(len(values), height, step, width, step).mean(axis=(2, 4))
    data = np.clip(127 * small / limit, -127, 127).round().astype(np.int8)
    return {"height": height, "width": width, "values": base64.b64encode(data.tobytes()).decode()}


def paint_table() -> list[list[int]]:
    """Colors to lay on an image, from full evidence against the class to full evidence for it."""
    return paint(np.linspace(-1, 1, _PAINT_STEPS)).round().astype(int).tolist()
