"""The number of bits that values of images hold, which may be fewer than those of their files."""

from __future__ import annotations

import numpy as np
from PIL import Image

_DEPTHS = (8, 10, 12, 14, 16)


def is_depth(value: object) -> bool:
    """Whether a value that was read from a file is a number of bits that `depth_of` gives."""
    return isinstance(value, int) and value in _DEPTHS


def depth_of(maximum: int) -> int:
    """The least usual number of bits that holds a value."""
    return next(bits for bits in _DEPTHS if maximum < 1 << bits)


def eight_bits(values: np.ndarray, depth: int) -> Image.Image:
    """Scale values of a depth to 8 bits; Pillow would clip them at 255."""
    top = (1 << depth) - 1
    return Image.fromarray((np.minimum(values, top).astype(np.uint32) * 255 // top).astype(np.uint8))
