"""What a scan keeps of a picture: its size, a digest of its pixels, and what is odd about it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from PIL import Image

from tfpool.data.custom.image_pages import Page
from tfpool.data.custom.layout import ClassFile
from tfpool.data.images import Decoded

_STRIP = 100_000
"""Pixels that are hashed at once."""
FAULTS = ("of one color", "almost black")
_DARK = 32
_BRIGHT_FRACTION = 0.001


@dataclass(frozen=True)
class Picture:
    """An image that can be read: (height, width) when turned upright, and a digest of its pixels alone.

    `maximum` is its greatest value if it has more than 8 bits, else 0. `is_reduced` if it was decoded in fewer pixels.
    `fault` is "of one color", "almost black" or "". `has_further_page` if only the first page was read of
    several. `page` is the page of a TIFF file that was read, 0 for other files.
    """

    class_file: ClassFile
    size: tuple[int, int]
    digest: bytes
    maximum: int = 0
    is_reduced: bool = False
    fault: str = ""
    has_further_page: bool = False
    page: int = 0


def picture_of(page: Page, decoded: Decoded) -> Picture:
    """What is kept of a page that was read."""
    image = decoded.image
    digest = sha256(f"{image.size}".encode())
    # Strip by strip: a second copy of a large image takes longer than its digest.
    rows = max(_STRIP // max(image.width, 1), 1)
    for top in range(0, image.height, rows):
        digest.update(image.crop((0, top, image.width, min(top + rows, image.height))).tobytes())
    fault = _fault(decoded.image)
    facts = (decoded.maximum, decoded.is_reduced, fault, decoded.has_further_page and page.is_only, page.number)
    return Picture(page.class_file, decoded.size, digest.digest(), *facts)


def _fault(image: Image.Image) -> str:
    histogram = image.histogram()
    channels = [histogram[start : start + 256] for start in range(0, len(histogram), 256)]
    pixels = image.width * image.height
    if all(max(channel) == pixels for channel in channels):
        return FAULTS[0]
    is_dark = all(sum(channel[_DARK:]) <= _BRIGHT_FRACTION * pixels for channel in channels)
    return FAULTS[1] if is_dark else ""
