"""Reading an image file as an array that a network takes."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from tfpool.data.as_seen import on_plain_ground, upright
from tfpool.data.bad_image import BadImage as BadImage
from tfpool.data.deep_png import is_deep_png, png_reader
from tfpool.data.depth import depth_of, eight_bits
from tfpool.data.file_signatures import HEAD, PNG, kind_of, without_text
from tfpool.data.image_formats import bytes_of, open_image, size_of, why_unreadable
from tfpool.data.large_images import reduced, reduced_values, room_for, too_large
from tfpool.data.tiff import (
    FIRST_PAGE,
    TiffChoice,
    band_values,
    check_colors,
    chosen_bands,
    go_to_page,
    has_deep_colors,
    has_further_page,
    pages_of,
)
from tfpool.system.ordered_threads import no_warnings

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
        with no_warnings(), open_image(file) as image:
            return _decode(file, image, name, depth, tiff)
    except BadImage:
        raise
    except FileNotFoundError:
        raise ValueError(f"There is no image {name}.") from None
    except Image.DecompressionBombError:
        # Of WebP files, Pillow insists on a limit of its own.
        raise too_large(name, 2 * (Image.MAX_IMAGE_PIXELS or 0)) from None
    except MemoryError:
        raise BadImage(name, "needs more memory than is free", "Use a smaller image.") from None
    except Exception:
        # Pillow raises errors of many types on damaged files.
        without = _without_text(file)
        if without is not None:
            return decode(without, name, depth)
        found = _band_values(file, name, tiff)
        if found is not None:
            return _of_values(*found, depth)
        raise BadImage(name, *why_unreadable(file)) from None


def maximum_of(file: IO[bytes], tiff: TiffChoice = FIRST_PAGE) -> int:
    """The greatest `Decoded.maximum` of a file's pages, of which no more than that needs is read; 0 if it cannot be."""
    pages = [tiff.page] if tiff.page else pages_of(file)
    return max(_maximum_of_page(file, TiffChoice(page, tiff.bands)) for page in pages)


def _maximum_of_page(file: IO[bytes], tiff: TiffChoice) -> int:
    with suppress(Exception), no_warnings():
        with suppress(UnidentifiedImageError), open_image(file) as image:
            if not image.mode.startswith("I") and not has_deep_colors(image) and not is_deep_png(image):
                return 0
        return decode(file, "", None, tiff).maximum
    return 0


def _decode(
    file: str | Path | IO[bytes], image: Image.Image, name: str, depth: int | None, tiff: TiffChoice
) -> Decoded:
    is_one_of_several = tiff.page == 1 and has_further_page(image)
    if has_deep_colors(image) and (found := _band_values(file, name, tiff)) is not None:
        return replace(_of_values(*found, depth, image), has_further_page=is_one_of_several)
    go_to_page(image, tiff.page or 1, name)
    check_colors(image, name)
    with room_for(image, size_of(file), name) as factor:
        size = image.height, image.width
        if is_deep_png(image):
            values = reduced_values(size, factor, png_reader(bytes_of(file)))
            return _of_values(values, size, depth, image)
        if image.mode == "F":
            raise BadImage(name, "holds floating-point values of unknown range", "Use 8 or 16 bits per channel.")
        if factor > 1 and image.mode.startswith("I") and "transparency" in image.info:
            return _of_values(reduced_values(size, factor, _reader_with_opacity(image)), size, depth, image)
        bands = tiff.bands if image.format == "TIFF" else None

        def prepare(picture: Image.Image) -> Image.Image:
            return chosen_bands(picture, bands, name) if bands else picture

        turned = upright(image, reduced(image, factor, prepare)) if factor > 1 else prepare(upright(image))
    maximum = 0
    if turned.mode.startswith("I"):
        values = np.clip(np.asarray(turned), 0, 0xFFFF)
        is_visible = _is_visible(values, turned)
        maximum = int(values.max(where=is_visible, initial=0))
        turned = eight_bits(values, depth or depth_of(maximum))
        if not is_visible.all():
            turned.putalpha(Image.fromarray(is_visible.astype(np.uint8) * 255))
    return Decoded(on_plain_ground(turned), _turned_size(size, turned), maximum, is_one_of_several)


def _turned_size(size: tuple[int, int], turned: Image.Image) -> tuple[int, int]:
    """The (height, width) of a file, on its side if the picture was turned so."""
    height, width = size
    return (width, height) if (width > height) != (turned.width > turned.height) else size


def _is_visible(values: np.ndarray, image: Image.Image) -> np.ndarray:
    """Where values are not the one that a PNG declares to be transparent: no gray, and often the greatest that fits."""
    return values != image.info.get("transparency", -1)


def _reader_with_opacity(image: Image.Image) -> Callable[[slice], np.ndarray]:
    """What reads rows of a gray image with a transparent value, as uint16 (h, W, 4)."""

    def read(rows: slice) -> np.ndarray:
        values = np.asarray(image.crop((0, rows.start, image.width, rows.stop))).clip(0, 0xFFFF).astype(np.uint16)
        return np.stack([values, values, values, _is_visible(values, image) * np.uint16(0xFFFF)], axis=-1)

    return read


def _band_values(
    file: str | Path | IO[bytes], name: str, tiff: TiffChoice
) -> tuple[np.ndarray, tuple[int, int]] | None:
    if kind_of(bytes_of(file, HEAD)) != "TIFF":
        return None
    return band_values(file, name, tiff.page or 1, tiff.bands)


def _of_values(
    values: np.ndarray, size: tuple[int, int], depth: int | None, image: Image.Image | None = None
) -> Decoded:
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
    return Decoded(on_plain_ground(turned), _turned_size(size, turned), maximum)


def _without_text(file: str | Path | IO[bytes]) -> IO[bytes] | None:
    """A PNG without its text chunks; None for other files, and where there is no text."""
    if not bytes_of(file, len(PNG)).startswith(PNG):
        return None
    content = bytes_of(file)
    without = without_text(content)
    return io.BytesIO(without) if len(without) < len(content) else None


def crop_and_resize(image: Image.Image, shape: tuple[int, int, int], pad: bool = False) -> np.ndarray:
    """The middle of an RGB image in a shape's proportions, resized to it: uint8 (height, width, channels).

    With `pad` nothing is cut off: black is added on two sides instead.
    """
    height, width, channels = shape
    fit = ImageOps.pad if pad else ImageOps.fit
    resized = fit(image.convert("L") if channels == 1 else image, (width, height), Image.Resampling.BILINEAR)
    return np.asarray(resized, np.uint8).reshape(height, width, channels)
