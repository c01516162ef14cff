"""PNG files with 16 bits per color, of which Pillow by itself keeps the upper eight."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, PngImagePlugin

_RAW_MODES = ("RGB;16B", "RGBA;16B")


def is_deep_png(image: Image.Image) -> bool:
    """Whether a file that was opened, and not yet read, is a PNG with 16 bits per color."""
    if not isinstance(image, PngImagePlugin.PngImageFile) or "transparency" in image.info:
        return False
    return bool(image.tile) and all(tile.args in _RAW_MODES for tile in image.tile)


def png_reader(content: bytes) -> Callable[[slice], np.ndarray]:
    """What reads the values of such a file in a slice of rows: uint16 (h, w, 3), or (h, w, 4) with opacity."""
    planes = []
    # Read as if the lower byte of a value came first, the upper eight bits are the lower ones.
    for order in ("16B", "16L"):
        with PngImagePlugin.PngImageFile(io.BytesIO(content)) as image:
            image.tile = [tile._replace(args=f"{image.mode};{order}") for tile in image.tile]
            image.load()
            planes.append(image)

    def read(rows: slice) -> np.ndarray:
        boxes = [(0, rows.start, plane.width, rows.stop) for plane in planes]
        upper, lower = (np.asarray(plane.crop(box)).astype(np.uint16) for plane, box in zip(planes, boxes, strict=True))
        return upper << 8 | lower

    return read
