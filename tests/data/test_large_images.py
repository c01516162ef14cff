"""Images above 50 megapixels: decoded one at a time if memory allows, reduced at once, and refused where they harm."""

import contextlib
import io
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tifffile
from PIL import Image

from tests.data.test_unusual_images import deep_png, heif, stored
from tfpool.data import large_images
from tfpool.data.image_formats import FORMATS
from tfpool.data.images import BadImage, Decoded, decode, maximum_of
from tfpool.data.large_images import block_means, factor_of
from tfpool.data.tiff import TiffChoice
from tfpool.system.free_memory import free_memory

HEIGHT, WIDTH = 47, 61
KINDS = ("PNG", "TIFF", "BMP", "PPM", "GIF", "WEBP", "HEIF", *(["AVIF"] * ("AVIF" in FORMATS)))
MODES = ("RGB", "L", "1", "P", "RGBA", "CMYK")
UNKNOWN = {"PNG": ("CMYK",), "BMP": ("CMYK",), "PPM": ("P", "CMYK"), "GIF": ("CMYK",)}
"""Modes that Pillow does not write."""


def lower_limits(monkeypatch: pytest.MonkeyPatch, pillow: int = 1000) -> None:
    """Images of more than 1,000 pixels are large, also for Pillow, and are reduced in strips of a few rows."""
    monkeypatch.setattr(large_images, "MAX_PIXELS", 1000)
    monkeypatch.setattr(large_images, "_STRIP", 500)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pillow)


def waves() -> Image.Image:
    down, along = np.mgrid[:HEIGHT, :WIDTH]
    planes = [128 + 100 * np.sin(down / 9), 128 + 100 * np.cos(along / 11), 128 + 90 * np.sin((down + along) / 13)]
    return Image.fromarray(np.stack(planes, axis=-1).astype(np.uint8))


def pixels(decoded: Decoded) -> np.ndarray:
    return np.asarray(decoded.image).astype(int)


@pytest.mark.parametrize(
    ("kind", "mode"), [(kind, mode) for kind in KINDS for mode in MODES if mode not in UNKNOWN.get(kind, ())]
)
def test_a_large_image_is_the_mean_of_its_squares(kind: str, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = waves()
    if mode == "RGBA":
        picture.putalpha(Image.fromarray(np.full((HEIGHT, WIDTH), 255, np.uint8)))
    picture = picture.convert(mode)
    file = heif(picture) if kind == "HEIF" else stored(picture, kind)
    whole = decode(file, "x").image.reduce(2)
    lower_limits(monkeypatch, 2000 if kind == "WEBP" else 1000)
    decoded = decode(file, "x")
    assert (decoded.size, decoded.image.size, decoded.image.mode) == ((HEIGHT, WIDTH), whole.size, "RGB")
    assert decoded.is_reduced
    assert np.abs(pixels(decoded) - np.asarray(whole)).max() <= 1


@pytest.mark.parametrize("factor", [2, 3])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_large_grays_of_twelve_bits_keep_them(kind: str, factor: int, monkeypatch: pytest.MonkeyPatch) -> None:
    values = (np.mgrid[:HEIGHT, :WIDTH][1] * 60).astype(np.uint16)
    file = stored(Image.fromarray(values), kind)
    lower_limits(monkeypatch)
    monkeypatch.setattr(large_images, "MAX_PIXELS", 1000 if factor == 2 else 400)
    decoded = decode(file, "x")
    means = block_means(values[..., np.newaxis], factor)[..., 0]
    assert (decoded.size, decoded.maximum) == ((HEIGHT, WIDTH), means.max())
    assert decoded.maximum == maximum_of(file)
    np.testing.assert_array_equal(pixels(decoded)[..., 0], means.astype(int) * 255 // 4095)


def test_the_transparent_value_of_a_large_gray_png_is_no_gray(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.full((HEIGHT, WIDTH), 65535, np.uint16)
    values[:, 20:41] = 1000
    file = stored(Image.fromarray(values), transparency=65535)
    lower_limits(monkeypatch)
    decoded = decode(file, "x")
    # The square that is half transparent shows the gray of its other half.
    assert decoded.maximum == 1000
    assert pixels(decoded)[3, 12].tolist() == [249] * 3
    assert pixels(decoded)[3, 3].tolist() == [0] * 3
    assert abs(pixels(decoded)[3, 20, 0] - 125) < 2


def test_large_colors_of_sixteen_bits_are_reduced_before_they_are_scaled(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).integers(0, 4096, (HEIGHT, WIDTH, 3)).astype(np.uint16)
    opaque = np.concatenate([values, np.full((HEIGHT, WIDTH, 1), 65535, np.uint16)], axis=2)
    tiff_file = io.BytesIO()
    tifffile.imwrite(tiff_file, values, photometric="rgb")
    lower_limits(monkeypatch)
    expected = block_means(values, 2).astype(int) * 255 // 4095
    for file, name in ((deep_png(values), "x.png"), (deep_png(opaque), "x.png"), (tiff_file, "x.tif")):
        decoded = decode(file, name, 12)
        assert (decoded.size, decoded.is_reduced) == ((HEIGHT, WIDTH), True)
        np.testing.assert_array_equal(pixels(decoded), expected)


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_bands_of_a_large_tiff_are_reduced(planar: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 6)).astype(np.uint8)
    file = io.BytesIO()
    stored_values = values if planar == "contig" else np.moveaxis(values, 2, 0)
    tifffile.imwrite(file, stored_values, photometric="minisblack", planarconfig=planar, metadata=None)
    lower_limits(monkeypatch)
    decoded = decode(file, "x.tif", None, TiffChoice(1, (5, 3, 1)))
    assert decoded.size == (HEIGHT, WIDTH)
    np.testing.assert_array_equal(pixels(decoded), block_means(values[..., [4, 2, 0]], 2))


def test_bands_that_pillow_reads_are_chosen_before_colors_are_mixed(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 4)).astype(np.uint8)
    file = stored(Image.fromarray(values, "RGBA"), "TIFF")
    lower_limits(monkeypatch)
    decoded = decode(file, "x.tif", None, TiffChoice(1, (4, 2, 1)))
    assert np.abs(pixels(decoded) - block_means(values[..., [3, 1, 0]], 2)).max() <= 1


@pytest.mark.parametrize("progressive", [False, True])
def test_a_large_jpeg_is_decoded_at_an_eighth_and_upright(progressive: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = Image.new("RGB", (160, 80), "white")
    picture.paste("black", (0, 0, 80, 80))
    orientation = Image.Exif()
    orientation[0x0112] = 6
    file = stored(picture, "JPEG", quality=95, progressive=progressive, exif=orientation)
    lower_limits(monkeypatch)
    monkeypatch.setattr(large_images, "MAX_PIXELS", 900)
    decoded = decode(file, "x.jpg")
    assert (decoded.size, decoded.image.size, decoded.is_reduced) == ((160, 80), (20, 40), True)
    gray = np.asarray(decoded.image.convert("L"))
    assert gray[:18].max() < 30
    assert gray[22:].min() > 225


def test_a_large_png_on_its_side_is_turned(monkeypatch: pytest.MonkeyPatch) -> None:
    orientation = Image.Exif()
    orientation[0x0112] = 8
    lower_limits(monkeypatch)
    decoded = decode(stored(waves(), exif=orientation), "x")
    assert (decoded.size, decoded.image.size) == ((WIDTH, HEIGHT), (24, 31))
    np.testing.assert_array_equal(pixels(decoded), np.rot90(pixels(decode(stored(waves()), "x"))))


@pytest.mark.parametrize("kind", KINDS)
def test_above_the_highest_limit_a_file_is_refused_before_it_is_decoded(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = heif(waves()) if kind == "HEIF" else stored(waves(), kind)
    lower_limits(monkeypatch, 500)
    monkeypatch.setattr(large_images, "MAX_REDUCED_PIXELS", 2000)
    # Newer versions of Pillow refuse this kind themselves, at twice MAX_IMAGE_PIXELS.
    limit = "[12],000" if kind == "WEBP" else "2,000"
    with pytest.raises(BadImage, match=f"more than {limit} pixels"):
        decode(file, "x")


@pytest.mark.parametrize(("kind", "ratio"), [("PNG", "500"), ("TIFF", "500"), ("WEBP", "3,000")])
def test_equal_pixels_that_unpack_to_far_more_than_their_file_are_refused(
    kind: str, ratio: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"TIFF": {"compression": "tiff_adobe_deflate"}, "WEBP": {"lossless": True}}.get(kind, {})
    file = stored(Image.new("RGB", (900, 900)), kind, **settings)
    assert decode(file, "x").size == (900, 900)
    lower_limits(monkeypatch, 10**6)
    with pytest.raises(BadImage, match=f"unpacks to over {ratio} times the size of its file"):
        decode(file, "x")


def test_equal_bands_that_unpack_to_far_more_than_their_file_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    file, choice = io.BytesIO(), TiffChoice(1, (1, 2, 3))
    tifffile.imwrite(file, np.zeros((700, 700, 5), np.uint8), planarconfig="contig", compression="zlib")
    monkeypatch.setattr(large_images, "_MUCH_MEMORY", 700 * 700 * 10 - 1)
    with pytest.raises(BadImage, match="over 500 times the size of its file"):
        decode(file, "x.tif", None, choice)
    monkeypatch.setattr(large_images, "_MUCH_MEMORY", 700 * 700 * 10)
    assert not decode(file, "x.tif", None, choice).is_reduced


def test_a_flat_photograph_is_no_bomb_in_a_lossy_format(monkeypatch: pytest.MonkeyPatch) -> None:
    file = stored(Image.linear_gradient("L").resize((900, 900)), "WEBP", quality=30)
    assert large_images.MAX_RATIO * len(file.getvalue()) < 900 * 900 * 3
    lower_limits(monkeypatch, 10**6)
    assert decode(file, "x").is_reduced


def test_an_image_that_needs_more_memory_than_is_free_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    file, needed = stored(waves()), 4 * HEIGHT * WIDTH + 16 * (HEIGHT * WIDTH // 4)
    lower_limits(monkeypatch)
    monkeypatch.setattr(large_images, "free_memory", lambda: needed - 1)
    with pytest.raises(BadImage, match=r"needs 22\.9 kB of memory"):
        decode(file, "x")
    monkeypatch.setattr(large_images, "free_memory", lambda: needed)
    assert decode(file, "x").is_reduced


def test_large_images_are_decoded_by_one_thread_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    file = stored(waves()).getvalue()
    lower_limits(monkeypatch)
    inside, most, changed = 0, 0, threading.Lock()
    both = threading.Barrier(2, timeout=0.2)
    reduce = Image.Image.reduce

    def counted(image: Image.Image, factor: int) -> Image.Image:
        nonlocal inside, most
        with changed:
            inside += 1
            most = max(most, inside)
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait()
        with changed:
            inside -= 1
        return reduce(image, factor)

    monkeypatch.setattr(Image.Image, "reduce", counted)
    with ThreadPoolExecutor(2) as pool:
        sizes = list(pool.map(lambda _: decode(io.BytesIO(file), "x").image.size, range(2)))
    assert (sizes, most) == ([(31, 24)] * 2, 1)


def test_phones_and_scanners_are_reduced_by_two_or_three() -> None:
    sizes = ((7071, 7071), (8660, 5774), (12240, 16320), (15000, 20000))
    assert [factor_of(*size) for size in sizes] == [1, 2, 2, 3]


def test_free_memory_is_a_part_of_the_machine() -> None:
    assert 0 < free_memory() < 2**50


def test_means_of_squares_at_the_ends_are_those_of_what_is_there() -> None:
    values = np.arange(15, dtype=np.uint16).reshape(3, 5, 1)
    assert block_means(values, 2)[..., 0].tolist() == [[3, 5, 7], [11, 13, 14]]
    with_opacity = np.array([[[100, 0, 8, 0], [200, 50, 8, 255]]], np.uint8)
    assert block_means(with_opacity, 2).tolist() == [[[200, 50, 8, 128]]]


@pytest.mark.exhaustive
@pytest.mark.parametrize(("kind", "megapixels"), [("PNG", 108), ("PNG", 190), ("TIFF", 190), ("GIF", 60)])
def test_images_of_phones_and_scanners_are_read_at_their_own_size(kind: str, megapixels: int) -> None:
    width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
    tile = Image.effect_noise((width, 40), 60)
    picture = Image.new("L", (width, width * 3 // 4), 128)
    for top in range(0, picture.height, 400):
        picture.paste(tile, (0, top))
    settings = {"TIFF": {"compression": "tiff_lzw"}, "PNG": {"compress_level": 1}}.get(kind, {})
    decoded = decode(stored(picture, kind, **settings), "x")
    assert decoded.size == (picture.height, width)
    assert decoded.image.size == (-(-width // 2), -(-picture.height // 2))
    np.testing.assert_array_equal(pixels(decoded)[20:199, :, 0], 128)


@pytest.mark.parametrize(("kind", "reason"), [("PNG", "over 500 times"), ("TIFF", "over 500 times")])
def test_a_bomb_at_its_own_size_is_refused_at_once(kind: str, reason: str) -> None:
    settings = {"compression": "tiff_adobe_deflate"} if kind == "TIFF" else {}
    file = stored(Image.new("1", (8000, 8000)), kind, **settings)
    with pytest.raises(BadImage, match=reason):
        decode(file, "x")
