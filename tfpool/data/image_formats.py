"""Which image files are read, how they are opened, and why others are not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any

from PIL import Image, features

from tfpool.data import heic, tiff_messages
from tfpool.data.file_signatures import HEAD, HEIC, kind_of, unreadable
from tfpool.data.tiff import CAN_READ_BANDS, UNREAD_TIFF

tiff_messages.silence()
_AVIF = ("AVIF",) if features.check("avif") else ()
_BY_PILLOW = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM", *_AVIF)
FORMATS = (*_BY_PILLOW, HEIC) if heic.IS_INSTALLED else _BY_PILLOW
"""Formats that are read here: HEIC only with the package pillow-heif."""
_COMMON = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".gif", ".tif", ".tiff")
SUFFIXES = (*_COMMON, ".ppm", ".pgm", ".pbm", ".pnm", ".avif", ".heic", ".heif", ".hif")
"""Ends of the names of image files. Where HEIC is not read, its files are refused by that name, not passed over."""
_PREFIX = 16
"""Bytes by which Pillow's plugins recognize a file."""


def open_image(file: str | Path | IO[bytes]) -> Image.Image:
    """A file that has not been decoded, of any number of pixels: Pillow has a limit of its own, below ours."""
    formats = ("HEIF",) if kind_of(bytes_of(file, HEAD)) == HEIC and heic.register() else _BY_PILLOW
    try:
        return Image.open(_from_start(file), formats=formats)
    except Image.DecompressionBombError as error:
        prefix = bytes_of(file, _PREFIX)
        for name in formats:
            factory, accept = Image.OPEN[name]
            # A text is why a file of this kind is not read.
            if accept and (result := accept(prefix)) and not isinstance(result, str):
                return factory(_from_start(file), "")
        raise error


def _from_start(file: str | Path | IO[bytes]) -> Any:
    if not isinstance(file, str | Path):
        file.seek(0)
    return file


def why_unreadable(file: str | Path | IO[bytes]) -> tuple[str, str]:
    """Why a file is not read as an image, and what to do: the last two arguments of `BadImage`."""
    if isinstance(file, str | Path) and not Path(file).is_file():
        return "is not an image that can be read", f"Use a file of {', '.join(FORMATS)}."
    if kind_of(bytes_of(file, HEAD)) == "TIFF" and not CAN_READ_BANDS:
        return UNREAD_TIFF, "Or copy or download it again."
    return unreadable(bytes_of(file, HEAD), ", ".join(FORMATS))


def bytes_of(file: str | Path | IO[bytes], size: int = -1) -> bytes:
    """The first bytes of a file, all by default; none of one that cannot be read."""
    if not isinstance(file, str | Path):
        file.seek(0)
        return file.read(size)
    try:
        with Path(file).open("rb") as opened:
            return opened.read(size)
    except OSError:
        return b""


def size_of(file: str | Path | IO[bytes]) -> int:
    """The number of bytes of a file."""
    if isinstance(file, str | Path):
        return Path(file).stat().st_size
    position = file.tell()
    size = file.seek(0, os.SEEK_END)
    file.seek(position)
    return size
