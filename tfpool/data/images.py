"""A single image file as an array that a network can read."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
MOST_PIXELS = 50_000_000


def read_image(file: str | Path | IO[bytes], shape: tuple[int, int, int], name: str | None = None) -> np.ndarray:
    """The image in a file, turned upright, on black where it is transparent, its middle cut out and resized.

    Args:
        file: a path, or an open binary file.
        shape: (height, width, channels) wanted; 1 channel is grey, 3 are red, green and blue.
        name: what an error calls the file. Default: its path.

    Returns:
        uint8 (height, width, channels).

    Raises:
        ValueError: if the file is missing, too large, or no image.
    """
    name = name or str(file)
    height, width, channels = shape
    upright = _decoded(file, name)
    flat = Image.alpha_composite(Image.new("RGBA", upright.size, "black"), upright).convert("RGB")
    resized = ImageOps.fit(flat.convert("L") if channels == 1 else flat, (width, height), Image.Resampling.BILINEAR)
    return np.asarray(resized, np.uint8).reshape(height, width, channels)


def _decoded(file: str | Path | IO[bytes], name: str) -> Image.Image:
    """The whole image, upright, as RGBA."""
    too_large = f"{name} has more than {MOST_PIXELS:,} pixels. Use a smaller image."
    try:
        with warnings.catch_warnings():
            # Pillow warns where it is not sure; the limit here is lower and sure.
            warnings.simplefilter("ignore")
            with Image.open(file, formats=FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise ValueError(too_large)
                if image.mode == "F":
                    raise ValueError(
                        f"{name} holds floating-point values of unknown range. Use 8 or 16 bits a channel."
                    )
                return _eight_bits(ImageOps.exif_transpose(image)).convert("RGBA")
    except FileNotFoundError:
        raise ValueError(f"There is no image {name}.") from None
    except Image.DecompressionBombError:
        raise ValueError(too_large) from None
    except (OSError, SyntaxError, TypeError, EOFError, struct.error):
        # What Pillow raises on damaged files.
        raise ValueError(f"{name} is not an image that can be read. Use a file of {', '.join(FORMATS)}.") from None


def _eight_bits(image: Image.Image) -> Image.Image:
    """A 16-bit grey image scaled down; Pillow alone would cut it off at 255."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.clip(np.asarray(image), 0, 0xFFFF) // 257).astype(np.uint8))
