"""Images of more pixels than are kept: decoded one at a time if memory allows, and reduced to fewer pixels at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image, JpegImagePlugin, TiffImagePlugin

from tfpool.data.bad_image import BadImage
from tfpool.data.deep_png import is_deep_png
from tfpool.system.format import memory
from tfpool.system.free_memory import free_memory

MAX_PIXELS = 50_000_000
"""Images of more pixels are reduced by a whole number, so that no more than these are kept."""
MAX_REDUCED_PIXELS = 300_000_000
"""Images of more pixels are refused: phones reach 200 megapixels, scanners 180."""
MAX_RATIO = 500
"""Bytes of pixels per byte of a file, beyond which an image above `MAX_PIXELS` is refused.

Scans and drawings have from 2 to 300. PNG and TIFF pack equal pixels by up to 1,030: a small file that takes seconds
and gigabytes is meant to do harm.
"""
MAX_LOSSY_RATIO = 3000
"""The same of formats that drop what nobody sees: an enlarged photograph has up to 1,000, equal pixels from 5,000."""
_LOSSY = ("JPEG", "MPO", "HEIF", "AVIF", "WEBP")
_MUCH_MEMORY = 1_000_000_000
"""Bytes that decoding needs, above which it is done one at a time whatever the number of pixels, as of many bands."""
_STRIP = 1_000_000
"""Pixels of a strip that is converted and reduced at once."""
_DRAFTS = (2, 4, 8)
# Bytes per pixel while a file is decoded, measured by benchmarks/large_images.py: decoders of these formats hold the
# picture several times.
_DECODER_BYTES = {"HEIF": 12, "AVIF": 12, "WEBP": 16}
_PROGRESSIVE_BYTES = 6
_RESULT_BYTES = 16
"""Bytes per pixel of what is kept: of 16 bits, its values are scaled, and on its side it is turned."""
_MODE_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}
_alone = threading.RLock()


def factor_of(height: int, width: int) -> int:
    """The whole number that both sides are divided by, so that at most `MAX_PIXELS` are left; 1 for most images."""
    factor = 1
    while -(-height // factor) * -(-width // factor) > MAX_PIXELS:
        factor += 1
    return factor


@contextmanager
def alone_if(is_large: bool) -> Iterator[None]:
    """What is large is read by one thread at a time: each may need gigabytes."""
    if not is_large:
        yield
        return
    with _alone:
        yield


@contextmanager
def room_for(image: Image.Image, file_size: int, name: str) -> Iterator[int]:
    """`room` for an image that was opened, from a file of so many bytes, and is decoded in this block."""
    pixels = image.height * image.width
    sizes = pixels * _raw_bits(image) // 8, needed_memory(image), file_size
    most = MAX_LOSSY_RATIO if image.format in _LOSSY else MAX_RATIO
    with room(image.height, image.width, sizes, name, most) as factor:
        yield factor


@contextmanager
def room(height: int, width: int, sizes: tuple[int, int, int], name: str, max_ratio: int = MAX_RATIO) -> Iterator[int]:
    """The factor by which an image has to be reduced that is decoded in this block: 1 for most.

    `sizes` are the bytes of its pixels, those that are needed to decode them, and those of its file. The first is at
    most `max_ratio` times the last.

    Raises:
        BadImage: if the image has too many pixels, its file is too small for them, or memory is short.
    """
    factor, (raw, needed, packed) = factor_of(height, width), sizes
    is_large = factor > 1 or needed > _MUCH_MEMORY
    if height * width > MAX_REDUCED_PIXELS:
        raise too_large(name, MAX_REDUCED_PIXELS)
    if is_large and raw > max_ratio * packed:
        reason = f"unpacks to over {max_ratio:,} times the size of its file"
        raise BadImage(name, reason, "Photographs of so many pixels never do. Use a smaller image.")
    with alone_if(is_large):
        if is_large and needed > free_memory():
            reason = f"needs {memory(needed)} of memory to be decoded, more than is free"
            raise BadImage(name, reason, "Use a smaller image.")
        yield factor


def too_large(name: str, limit: int) -> BadImage:
    """The error for more pixels than are read."""
    return BadImage(name, f"has more than {limit:,} pixels", "Use a smaller image.")


def reduced(image: Image.Image, factor: int, prepare: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """An opened image with at most a `factor`-th of its sides: RGB, RGBA where it is transparent, or gray of 16 bits.

    JPEG files are decoded at a half, a quarter or an eighth; of others, each pixel is a mean. `prepare` gets strips of
    the image before.
    """
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        scale = next((draft for draft in _DRAFTS if draft >= factor), _DRAFTS[-1])
        image.draft(None, (max(image.width // scale, 1), max(image.height // scale, 1)))
        image.load()
        return image
    if isinstance(image, TiffImagePlugin.TiffImageFile) and image._im is None:
        # Pillow checks a limit of its own before it makes room by itself.
        image.im = Image.core.new(image.mode, getattr(image, "_tile_size", image.size))
    image.load()
    whole = None
    for rows in _strips((image.height, image.width), factor):
        strip = _reduced_strip(prepare(image.crop((0, rows.start, image.width, rows.stop))), factor)
        whole = whole or Image.new(strip.mode, (strip.width, -(-image.height // factor)))
        whole.paste(strip, (0, rows.start // factor))
    assert whole
    return whole


def _reduced_strip(strip: Image.Image, factor: int) -> Image.Image:
    if strip.mode.startswith("I"):
        values = np.asarray(strip).clip(0, 0xFFFF).astype(np.uint16)
        return Image.fromarray(block_means(values[..., np.newaxis], factor)[..., 0])
    return strip.convert("RGBA" if strip.has_transparency_data else "RGB").reduce(factor)


def reduced_values(size: tuple[int, int], factor: int, read: Callable[[slice], np.ndarray]) -> np.ndarray:
    """The values of an image of a size (height, width), uint8 or uint16 (h, w, C), reduced by a factor.

    `read` returns those in a slice of rows.
    """
    if factor == 1:
        return read(slice(0, size[0]))
    return np.concatenate([block_means(read(rows), factor) for rows in _strips(size, factor)])


def _strips(size: tuple[int, int], factor: int) -> Iterator[slice]:
    height, width = size
    rows = max(_STRIP // (width * factor), 1) * factor
    return (slice(top, min(top + rows, height)) for top in range(0, height, rows))


def block_means(values: np.ndarray, factor: int) -> np.ndarray:
    """Means over squares of side `factor`, which are cut off at the ends: uint8 or uint16 (h, w, C) as (h', w', C).

    Of four channels the last is opacity, by which the others are weighted.
    """
    height, width, channels = values.shape
    rows, columns = (np.minimum(side - np.arange(0, side, factor), factor) for side in (height, width))
    areas = (rows[:, np.newaxis] * columns)[..., np.newaxis].astype(np.uint32)
    means = (_block_sums(values, factor) + areas // 2) // areas
    if channels == 4:
        opacity = values[..., 3:].astype(np.uint64)
        weights = _block_sums(opacity, factor)
        means[..., :3] = (_block_sums(values[..., :3] * opacity, factor) + weights // 2) // np.maximum(weights, 1)
    return means.astype(values.dtype)


def _block_sums(values: np.ndarray, factor: int) -> np.ndarray:
    height, width, channels = values.shape
    dtype = np.promote_types(values.dtype, np.uint32)
    sums = np.zeros((-(-height // factor), -(-width // factor), channels), dtype)
    for down in range(factor):
        for along in range(factor):
            part = values[down::factor, along::factor]
            sums[: part.shape[0], : part.shape[1]] += part
    return sums


def _raw_bits(image: Image.Image) -> int:
    """Bits of a pixel, unpacked."""
    return 1 if image.mode == "1" else 8 * _MODE_BYTES.get(image.mode, max(len(image.getbands()), 3))


def needed_memory(image: Image.Image) -> int:
    """Bytes that are needed to decode an opened image and to reduce it, at most."""
    pixels = image.height * image.width
    return pixels * _bytes_per_pixel(image) + pixels // factor_of(image.height, image.width) ** 2 * _RESULT_BYTES


def _bytes_per_pixel(image: Image.Image) -> int:
    """Bytes per pixel of the file while it is decoded."""
    kept = _MODE_BYTES.get(image.mode, 4)
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        return 1 + _PROGRESSIVE_BYTES * bool(image.info.get("progressive"))
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        # All may lie in one strip, which is unpacked beside the picture.
        return 2 * kept
    return 4 * kept if is_deep_png(image) else _DECODER_BYTES.get(image.format or "", kept)
