"""Reading an image file as an array that a network takes."""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageOps, JpegImagePlugin, UnidentifiedImageError, features

from tfpool.data import heic, tiff_messages
from tfpool.data.as_seen import on_plain_ground, upright
from tfpool.data.bad_image import BadImage as BadImage
from tfpool.data.deep_png import is_deep_png, png_values
from tfpool.data.depth import depth_of, eight_bits
from tfpool.data.file_signatures import HEAD, HEIC, PNG, kind_of, unreadable, without_text
from tfpool.data.tiff import (
    CAN_READ_BANDS,
    FIRST_PAGE,
    UNREAD_TIFF,
    TiffChoice,
    band_values,
    chosen_bands,
    go_to_page,
    has_deep_colors,
    has_further_page,
    pages_of,
)
from tfpool.system.ordered_threads import no_warnings

tiff_messages.silence()
_AVIF = ("AVIF",) if features.check("avif") else ()
_BY_PILLOW = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM", *_AVIF)
FORMATS = (*_BY_PILLOW, HEIC) if heic.IS_INSTALLED else _BY_PILLOW
"""Formats that are read here: HEIC only with the package pillow-heif."""
_COMMON = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".gif", ".tif", ".tiff")
SUFFIXES = (*_COMMON, ".ppm", ".pgm", ".pbm", ".pnm", ".avif", ".heic", ".heif", ".hif")
"""Ends of the names of image files. Where HEIC is not read, its files are refused by that name, not passed over."""
MAX_PIXELS = 50_000_000
MAX_REDUCED_PIXELS = 250_000_000
"""Limit of JPEG files, which can be decoded in a half, a quarter or an eighth of their sides."""
_MAX_SIDE = 512


@dataclass(frozen=True)
class Decoded:
    """A picture as RGB with 8 bits: uncropped, upright, on a plain ground where it is transparent.

    `size` is (height, width) as in the file, also where the picture was decoded in fewer pixels. `maximum` is the
    greatest value of an image with more than 8 bits that was read in full, 0 for others. `has_further_page` if the file
    has pages beside the first, which was read.
    """

    image: Image.Image
    size: tuple[int, int]
    maximum: int = 0
    has_further_page: bool = False

    @property
    def is_reduced(self) -> bool:
        """Whether the picture has fewer pixels than its file."""
        return (self.image.height, self.image.width) != self.size


def read_image(
    file: str | Path | IO[bytes],
    shape: tuple[int | None, int | None, int],
    name: str | None = None,
    depth: int | None = None,
    pad: bool = False,
    tiff: TiffChoice = FIRST_PAGE,
) -> np.ndarray:
    """The image in a file, as `decode` reads it, cropped to its middle or padded with black, and resized.

    `shape` is (height, width, channels); 1 channel is gray, 3 are red, green and blue. None for height and width keeps
    the image's own size, shrunk to 512 pixels on its longer side if that is more. An error names the file by `name`, or
    else by its path. `depth` and `tiff` are those of `decode`. Returns uint8 (height, width, channels).
    """
    image = decode(file, name or str(file), depth, tiff).image
    height, width, channels = shape
    if height is None or width is None:
        image.thumbnail((_MAX_SIDE, _MAX_SIDE))
    return crop_and_resize(image, (height or image.height, width or image.width, channels), pad)


def decode(file: str | Path | IO[bytes], name: str, depth: int | None = None, tiff: TiffChoice = FIRST_PAGE) -> Decoded:
    """The first picture in a file: upright; on white where it is transparent and dark, else on black.

    `depth` is the number of bits of gray images with more than 8 bits, by default that of the greatest value:
    values of 12 bits often come in files of 16. `tiff` chooses a page and bands of TIFF files; every page is the first.
    """
    try:
        # Pillow only warns of large images; the limit here is lower and refuses them.
        with no_warnings(), _open(file) as image:
            values = _deep_values(file, image, name, tiff)
            return _decode(image, name, depth, tiff) if values is None else _of_values(values, depth, image)
    except BadImage:
        raise
    except FileNotFoundError:
        raise ValueError(f"There is no image {name}.") from None
    except Image.DecompressionBombError:
        raise _too_large(name, MAX_PIXELS) from None
    except Exception:
        # Pillow raises errors of many types on damaged files.
        without = _without_text(file)
        if without is not None:
            return decode(without, name, depth)
        values = _band_values(file, name, tiff)
        if values is not None:
            return _of_values(values, depth)
        raise BadImage(name, *_reason(file)) from None


def maximum_of(file: IO[bytes], tiff: TiffChoice = FIRST_PAGE) -> int:
    """The greatest `Decoded.maximum` of a file's pages, of which no more than that needs is read; 0 if it cannot be."""
    pages = [tiff.page] if tiff.page else pages_of(file)
    return max(_maximum_of_page(file, TiffChoice(page, tiff.bands)) for page in pages)


def _maximum_of_page(file: IO[bytes], tiff: TiffChoice) -> int:
    with suppress(Exception), no_warnings():
        with suppress(UnidentifiedImageError), _open(file) as image:
            if not image.mode.startswith("I") and not has_deep_colors(image) and not is_deep_png(image):
                return 0
        return decode(file, "", None, tiff).maximum
    return 0


def _open(file: str | Path | IO[bytes]) -> Image.Image:
    is_heic = kind_of(_bytes_of(file, HEAD)) == HEIC
    if not isinstance(file, str | Path):
        file.seek(0)
    try:
        return Image.open(file, formats=("HEIF",) if is_heic and heic.register() else _BY_PILLOW)
    except Image.DecompressionBombError as error:
        # Pillow has a limit of its own, which it checks before a JPEG can be asked for fewer pixels.
        if not isinstance(file, str | Path):
            file.seek(0)
        try:
            return JpegImagePlugin.JpegImageFile(file)
        except SyntaxError:
            raise error from None


def _decode(image: Image.Image, name: str, depth: int | None, tiff: TiffChoice) -> Decoded:
    is_one_of_several = tiff.page == 1 and has_further_page(image)
    go_to_page(image, tiff.page or 1, name)
    height, width = image.height, image.width
    if height * width > MAX_PIXELS:
        _reduce(image, name)
    if image.mode == "F":
        raise BadImage(name, "holds floating-point values of unknown range", "Use 8 or 16 bits per channel.")
    turned = upright(image)
    if tiff.bands and image.format == "TIFF":
        turned = chosen_bands(turned, tiff.bands, name)
    if (width > height) != (turned.width > turned.height):
        height, width = width, height
    maximum = 0
    if turned.mode.startswith("I"):
        values = np.clip(np.asarray(turned), 0, 0xFFFF)
        # A PNG may declare one value to be transparent: it is no gray, and often the greatest that fits.
        is_visible = values != turned.info.get("transparency", -1)
        maximum = int(values.max(where=is_visible, initial=0))
        turned = eight_bits(values, depth or depth_of(maximum))
        if not is_visible.all():
            turned.putalpha(Image.fromarray(is_visible.astype(np.uint8) * 255))
    return Decoded(on_plain_ground(turned), (height, width), maximum, is_one_of_several)


def _band_values(file: str | Path | IO[bytes], name: str, tiff: TiffChoice) -> np.ndarray | None:
    if kind_of(_bytes_of(file, HEAD)) != "TIFF":
        return None
    return band_values(file, name, tiff.page or 1, tiff.bands, MAX_PIXELS)


def _deep_values(file: str | Path | IO[bytes], image: Image.Image, name: str, tiff: TiffChoice) -> np.ndarray | None:
    """Colors with 16 bits each, of which Pillow keeps the upper eight; None for other files."""
    if is_deep_png(image):
        if image.height * image.width > MAX_PIXELS:
            raise _too_large(name, MAX_PIXELS)
        return png_values(_bytes_of(file))
    return _band_values(file, name, tiff) if has_deep_colors(image) else None


def _of_values(values: np.ndarray, depth: int | None, image: Image.Image | None = None) -> Decoded:
    """Red, green and blue (H, W, 3), or also opacity (H, W, 4), of 8 or 16 bits as a picture, turned as `image` is."""
    colors, maximum = values[..., :3], 0
    if values.dtype.itemsize > 1:
        is_visible = values[..., 3:] > 0 if values.shape[2] > 3 else np.True_
        maximum = int(colors.max(where=is_visible, initial=0))
        picture = eight_bits(colors, depth or depth_of(maximum))
    else:
        picture = Image.fromarray(np.ascontiguousarray(colors))
    if values.shape[2] > 3:
        picture.putalpha(Image.fromarray((values[..., 3] >> 8).astype(np.uint8)))
    turned = picture if image is None else upright(image, picture)
    return Decoded(on_plain_ground(turned), (turned.height, turned.width), maximum)


def _reduce(image: Image.Image, name: str) -> None:
    """Ask for a half, a quarter or an eighth of the sides, which JPEG files are decoded in at once."""
    height, width = image.height, image.width
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        raise _too_large(name, MAX_PIXELS)
    if height * width > MAX_REDUCED_PIXELS:
        raise _too_large(name, MAX_REDUCED_PIXELS)
    for scale in (2, 4, 8):
        if -(-height // scale) * -(-width // scale) <= MAX_PIXELS:
            image.draft(None, (max(width // scale, 1), max(height // scale, 1)))
            break
    if image.height * image.width > MAX_PIXELS:
        raise _too_large(name, MAX_PIXELS)


def _too_large(name: str, limit: int) -> BadImage:
    return BadImage(name, f"has more than {limit:,} pixels", "Use a smaller image.")


def _without_text(file: str | Path | IO[bytes]) -> IO[bytes] | None:
    """A PNG without its text chunks; None for other files, and where there is no text."""
    if not _bytes_of(file, len(PNG)).startswith(PNG):
        return None
    content = _bytes_of(file)
    without = without_text(content)
    return io.BytesIO(without) if len(without) < len(content) else None


def _reason(file: str | Path | IO[bytes]) -> tuple[str, str]:
    if isinstance(file, str | Path) and not Path(file).is_file():
        return "is not an image that can be read", f"Use a file of {', '.join(FORMATS)}."
    if kind_of(_bytes_of(file, HEAD)) == "TIFF" and not CAN_READ_BANDS:
        return UNREAD_TIFF, "Or copy or download it again."
    return unreadable(_bytes_of(file, HEAD), ", ".join(FORMATS))


def _bytes_of(file: str | Path | IO[bytes], size: int = -1) -> bytes:
    if not isinstance(file, str | Path):
        file.seek(0)
        return file.read(size)
    try:
        with Path(file).open("rb") as opened:
            return opened.read(size)
    except OSError:
        return b""


def crop_and_resize(image: Image.Image, shape: tuple[int, int, int], pad: bool = False) -> np.ndarray:
    """The middle of an RGB image in a shape's proportions, resized to it: uint8 (height, width, channels).

    With `pad` nothing is cut off: black is added on two sides instead.
    """
    height, width, channels = shape
    fit = ImageOps.pad if pad else ImageOps.fit
    resized = fit(image.convert("L") if channels == 1 else image, (width, height), Image.Resampling.BILINEAR)
    return np.asarray(resized, np.uint8).reshape(height, width, channels)
