"""Pages and bands of TIFF files, which hold more than one picture and more than three colors."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import IO, Any

import numpy as np
from PIL import Image, TiffImagePlugin

from tfpool.data.bad_image import BadImage
from tfpool.data.large_images import reduced_values, room
from tfpool.system.ordered_threads import no_warnings

CAN_READ_BANDS = find_spec("tifffile") is not None
UNREAD_TIFF = "is TIFF, damaged or with bands that are read once tifffile is installed (pip install tifffile)"
MAX_PAGES = 1000
MAX_BANDS = 1000
_SUBFILE, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 258, 259, 262
_REDUCED_OR_MASK = 0b101
_RGB, _YCBCR = 2, 6
_UNCOMPRESSED = 1
_here = threading.local()


@dataclass(frozen=True)
class TiffChoice:
    """Which page of TIFF files is read, from 1, None for every page; and which bands, from 1, are red, green and blue.

    Without `bands`, a file of up to four bands is read as it says itself.
    """

    page: int | None = 1
    bands: tuple[int, int, int] | None = None


FIRST_PAGE = TiffChoice()


def tiff_choice(page: int | str = 1, bands: Sequence[int] | None = None) -> TiffChoice:
    """The choice of a page, a number or "all", and of three bands."""
    if page != "all" and (isinstance(page, bool) or not isinstance(page, int) or not 1 <= page <= MAX_PAGES):
        raise ValueError(f"Expected a page of TIFF files from 1 to {MAX_PAGES:,}, or 'all'. Got {page!r}.")
    numbers = None if bands is None else tuple(bands)
    if numbers is not None and (
        len(numbers) != 3 or not all(type(band) is int and 1 <= band <= MAX_BANDS for band in numbers)
    ):
        raise ValueError(f"Expected three bands of TIFF files, counted from 1, such as 4,3,2. Got {bands!r}.")
    return TiffChoice(None if page == "all" else int(page), numbers)


def choice_of_text(page: str | None, bands: str | None) -> dict[str, Any]:
    """The arguments of `tiff_choice` as people type them: "3" or "all", and "4,3,2" or nothing."""
    text = (page or "1").strip().lower()
    numbers = [part.strip() for part in (bands or "").split(",")] if (bands or "").strip() else None
    chosen = {
        "page": int(text) if text.isdecimal() else text,
        "bands": numbers and tuple(int(number) if number.isdecimal() else number for number in numbers),
    }
    tiff_choice(**chosen)  # type: ignore[arg-type]
    return chosen


def pages_of(file: IO[bytes]) -> list[int]:
    """The numbers of the pages of a TIFF file, from 1: without smaller copies and masks, at most `MAX_PAGES`.

    Only the first of a file that Pillow cannot read, or that is no TIFF.
    """
    pages = [1]
    with suppress(Exception), no_warnings():
        file.seek(0)
        with TiffImagePlugin.TiffImageFile(file) as image:
            for page in range(2, MAX_PAGES + 1):
                # At the end this is an EOFError; damaged files raise errors of many types.
                image.seek(page - 1)
                if not image.tag_v2.get(_SUBFILE, 0) & _REDUCED_OR_MASK:
                    pages.append(page)
    return pages


def has_further_page(image: Image.Image) -> bool:
    """Whether a TIFF file, at its first page, has another that is no smaller copy. The image stays at its page."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile) or not image.tag_v2.next:
        return False
    found = False
    with suppress(Exception):
        image.seek(1)
        found = not image.tag_v2.get(_SUBFILE, 0) & _REDUCED_OR_MASK
    image.seek(0)
    return found


def go_to_page(image: Image.Image, page: int, name: str) -> None:
    """Turn a TIFF file to a page. Other files have only one."""
    if page > 1 and isinstance(image, TiffImagePlugin.TiffImageFile):
        try:
            image.seek(page - 1)
        except EOFError:
            raise _no_page(name, page) from None


def check_colors(image: Image.Image, name: str) -> None:
    """Refuse a TIFF file of luminance and two color differences that Pillow before version 13 takes for red, green and
    blue. What is compressed, libtiff converts."""
    if isinstance(image, TiffImagePlugin.TiffImageFile) and image.mode == "RGB":
        tags = image.tag_v2
        if tags.get(_PHOTOMETRIC) == _YCBCR and tags.get(_COMPRESSION, _UNCOMPRESSED) == _UNCOMPRESSED:
            raise BadImage(name, "is TIFF in the colors YCbCr, which this Pillow does not read", "Install a newer one.")


def has_deep_colors(image: Image.Image) -> bool:
    """Whether a TIFF file holds red, green and blue of 16 bits each, of which Pillow keeps the upper eight."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return False
    bits = image.tag_v2.get(_BITS, ())
    return isinstance(bits, tuple) and set(bits) == {16} and image.tag_v2.get(_PHOTOMETRIC) == _RGB


def chosen_bands(image: Image.Image, bands: tuple[int, int, int], name: str) -> Image.Image:
    """An RGB image of three bands, counted from 1, of an image with 8 bits per band."""
    channels = image.split()
    if max(bands) > len(channels):
        raise _no_band(name, max(bands), len(channels))
    return Image.merge("RGB", [channels[band - 1].convert("L") for band in bands])


def band_values(
    file: Any, name: str, page: int, bands: tuple[int, int, int] | None
) -> tuple[np.ndarray, tuple[int, int]] | None:
    """Three bands of a TIFF file, uint8 or uint16 (h, w, 3), and its (height, width), also where Pillow cannot read it.

    None where tifffile, which reads it, is missing or finds no bands. Large ones are reduced.
    """
    try:
        import tifffile
    except ImportError:
        return None
    logging.getLogger("tifffile").addFilter(_says_nothing_here)
    if hasattr(file, "seek"):
        file.seek(0)
    _here.reads = True
    try:
        with tifffile.TiffFile(file) as tiff:
            if page > len(tiff.pages):
                raise _no_page(name, page)
            found: Any = tiff.pages[page - 1]
            number, axes, dtype = int(found.samplesperpixel), found.axes, found.dtype
            if number < 2 or axes not in ("YXS", "SYX") or dtype is None:
                return None
            if dtype.kind not in "ui" or dtype.itemsize > 2:
                raise BadImage(name, f"holds {number} bands of {dtype} of unknown range", "Use 8 or 16 bits per band.")
            if bands is None and number > 4:
                raise BadImage(
                    name,
                    f"has {number} bands, and nothing says which are red, green and blue",
                    "Choose three of them, such as 4,3,2.",
                )
            chosen = bands or (1, 2, 3)
            if max(chosen) > number:
                raise _no_band(name, max(chosen), number)
            height, width = found.imagelength, found.imagewidth
            indices, kind = [band - 1 for band in chosen], np.uint8 if dtype.itemsize == 1 else np.uint16
            # The pages of a file whose strips are packed are unpacked beside the whole.
            with room(height, width, (found.nbytes, 2 * found.nbytes, tiff.filehandle.size), name) as factor:
                values = found.asarray() if axes == "YXS" else np.moveaxis(found.asarray(), 0, -1)
                if not values.size:
                    return None

                def read(rows: slice) -> np.ndarray:
                    return values[rows][..., indices].clip(0).astype(kind)

                return reduced_values((height, width), factor, read), (height, width)
    except BadImage:
        raise
    except Exception:
        # tifffile raises errors of many types on damaged files, and on packings that it does not know.
        return None
    finally:
        _here.reads = False


def _says_nothing_here(record: logging.LogRecord) -> bool:
    """What tifffile logs, unless it is a file of this thread: what is wrong with that, its reason says."""
    return not getattr(_here, "reads", False)


def _no_page(name: str, page: int) -> BadImage:
    return BadImage(name, f"has no page {page}", "Choose another page.")


def _no_band(name: str, band: int, number: int) -> BadImage:
    return BadImage(name, f"has no band {band}, but {number} band{'s' * (number != 1)}", "Choose others.")
