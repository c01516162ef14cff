"""Reading an image file as an array that a network takes."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".gif", ".tif", ".tiff")
MAX_PIXELS = 50_000_000
_MAX_SIDE = 512


class BadImage(ValueError):
    """An image file that cannot be used; `reason` is the part of the message after its name."""

    def __init__(self, name: str, reason: str, remedy: str) -> None:
        super().__init__(f"{name} {reason}. {remedy}")
        self.reason = reason


def read_image(
    file: str | Path | IO[bytes], shape: tuple[int | None, int | None, int], name: str | None = None
) -> np.ndarray:
    """The image in a file: turned upright, on black where it is transparent, cropped to its middle and resized.

    `shape` is (height, width, channels); 1 channel is gray, 3 are red, green and blue. None for height and width keeps
    the image's own size, shrunk to 512 pixels on its longer side if that is more. An error names the file by `name`, or
    else by its path. Returns uint8 (height, width, channels).
    """
    image = decode(file, name or str(file))
    height, width, channels = shape
    if height is None or width is None:
        image.thumbnail((_MAX_SIDE, _MAX_SIDE))
    return crop_and_resize(image, (height or image.height, width or image.width, channels))


def decode(file: str | Path | IO[bytes], name: str) -> Image.Image:
    """The first picture in a file: uncropped, upright, on black where it is transparent, as RGB with 8 bits."""
    too_large = BadImage(name, f"has more than {MAX_PIXELS:,} pixels", "Use a smaller image.")
    try:
        with warnings.catch_warnings():
            # Pillow only warns of large images; the limit here is lower and refuses them.
            warnings.simplefilter("ignore")
            with Image.open(file, formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise too_large
                if image.mode == "F":
                    reason = "holds floating-point values of unknown range"
                    raise BadImage(name, reason, "Use 8 or 16 bits per channel.")
                return _on_black(_eight_bits(ImageOps.exif_transpose(image)))
    except BadImage:
        raise
    except FileNotFoundError:
        raise ValueError(f"There is no image {name}.") from None
    except Image.DecompressionBombError:
        raise too_large from None
    except Exception:
        # Pillow raises errors of many types on damaged files.
        raise BadImage(name, "is not an image that can be read", f"Use a file of {', '.join(FORMATS)}.") from None


def crop_and_resize(image: Image.Image, shape: tuple[int, int, int]) -> np.ndarray:
    """The middle of an RGB image in a shape's proportions, resized to it: uint8 (height, width, channels)."""
    height, width, channels = shape
    resized = ImageOps.fit(image.convert("L") if channels == 1 else image, (width, height), Image.Resampling.BILINEAR)
    return np.asarray(resized, np.uint8).reshape(height, width, channels)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Scale a 16-bit gray image down, which Pillow would clip at 255."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.clip(np.asarray(image), 0, 0xFFFF) // 257).astype(np.uint8))


def _on_black(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    with_alpha = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "black"), with_alpha).convert("RGB")
