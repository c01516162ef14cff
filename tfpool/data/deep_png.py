"""PNG files with 16 bits per color, of which Pillow by itself keeps the upper eight."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, PngImagePlugin

_RAW_MODES = ("RGB;16B", "RGBA;16B")


def is_deep_png(image: Image.Image) -> bool:
    """Whether a file that was opened, and not yet read, is a PNG with 16 bits per color."""
    if not isinstance(image, PngImagePlugin.PngImageFile) or "transparency" in image.info:
        return False
    return bool(image.tile) and all(tile.args in _RAW_MODES for tile in image.tile)


def png_values(content: bytes) -> np.ndarray:
    """The values of such a file: uint16 (H, W, 3), or (H, W, 4) with opacity."""
    planes = []
    # Read as if the lower byte of a value came first, the upper eight bits are the lower ones.
    for order in ("16B", "16L"):
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            image.tile = [tile._replace(args=f"{image.mode};{order}") for tile in image.tile]
            planes.append(np.asarray(image).astype(np.uint16))
    upper, lower = planes
    return upper << 8 | lower
