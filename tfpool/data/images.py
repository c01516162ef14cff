"""A single image file as an array that a network can read."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".gif", ".tif", ".tiff")
MOST_PIXELS = 50_000_000
_MOST_SIDE = 512


class BadImage(ValueError):
    """An image file that can't be used: `reason` is what the sentence says about it."""

    def __init__(self, name: str, reason: str, remedy: str) -> None:
        super().__init__(f"{name} {reason}. {remedy}")
        self.reason = reason


def read_image(
    file: str | Path | IO[bytes], shape: tuple[int | None, int | None, int], name: str | None = None
) -> np.ndarray:
    """The image in a file, turned upright, on black where it is transparent, its middle cut out and resized.

    Args:
        file: a path, or an open binary file.
        shape: (height, width, channels) wanted; 1 channel is grey, 3 are red, green and blue. None for height and width
            keeps the image's own, or 512 pixels on its longer side where it has more.
        name: what an error calls the file. Default: its path.

    Returns:
        uint8 (height, width, channels).

    Raises:
        ValueError: if the file is missing, too large, or no image.
    """
    image = decoded(file, name or str(file))
    height, width, channels = shape
    if height is None or width is None:
        image.thumbnail((_MOST_SIDE, _MOST_SIDE))
    return fitted(image, (height or image.height, width or image.width, channels))


def decoded(file: str | Path | IO[bytes], name: str) -> Image.Image:
    """The first picture in a file: whole, upright, on black where it is transparent, as RGB of 8 bits.

    Raises:
        BadImage: if the file is missing, too large, or no image.
    """
    too_large = BadImage(name, f"has more than {MOST_PIXELS:,} pixels", "Use a smaller image.")
    try:
        with warnings.catch_warnings():
            # Pillow warns where it is not sure; the limit here is lower and sure.
            warnings.simplefilter("ignore")
            with Image.open(file, formats=FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise too_large
                if image.mode == "F":
                    reason = "holds floating-point values of unknown range"
                    raise BadImage(name, reason, "Use 8 or 16 bits a channel.")
                return _flat(_eight_bits(ImageOps.exif_transpose(image)))
    except BadImage:
        raise
    except FileNotFoundError:
        raise ValueError(f"There is no image {name}.") from None
    except Image.DecompressionBombError:
        raise too_large from None
    except Exception:
        # On damaged files Pillow raises whatever its readers stumble over.
        reason = "is not an image that can be read"
        raise BadImage(name, reason, f"Use a file of {', '.join(FORMATS)}.") from None


def fitted(image: Image.Image, shape: tuple[int, int, int]) -> np.ndarray:
    """The middle of an RGB image, cut to the shape's proportions and resized.

    Args:
        image: what `decoded` returned.
        shape: (height, width, channels) wanted.

    Returns:
        uint8 (height, width, channels).
    """
    height, width, channels = shape
    resized = ImageOps.fit(image.convert("L") if channels == 1 else image, (width, height), Image.Resampling.BILINEAR)
    return np.asarray(resized, np.uint8).reshape(height, width, channels)


def _eight_bits(image: Image.Image) -> Image.Image:
    """A 16-bit grey image scaled down; Pillow alone would cut it off at 255."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.clip(np.asarray(image), 0, 0xFFFF) // 257).astype(np.uint8))


def _flat(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    upright = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", upright.size, "black"), upright).convert("RGB")
