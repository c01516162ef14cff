import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfpool.data import large_images
from tfpool.data.images import BadImage, read_image


def png(image: Image.Image, **settings: object) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, format="PNG", **settings)
    file.seek(0)
    return file


def test_a_gray_image_of_the_right_size_is_read_as_it_is() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    read = read_image(png(Image.fromarray(pixels)), (28, 28, 1))
    np.testing.assert_array_equal(read[..., 0], pixels)


def test_color_becomes_gray_and_gray_becomes_color() -> None:
    red = read_image(png(Image.new("RGB", (5, 5), "red")), (5, 5, 1))
    assert (red == 76).all()
    gray = read_image(png(Image.new("L", (5, 5), 90)), (5, 5, 3))
    assert gray.shape == (5, 5, 3)
    assert (gray == 90).all()


def test_what_is_transparent_is_black() -> None:
    assert not read_image(png(Image.new("RGBA", (4, 4), (255, 255, 255, 0))), (4, 4, 3)).any()


def test_sixteen_bits_keep_their_brightness() -> None:
    deep = Image.fromarray(np.full((4, 4), 0x8080, np.uint16))
    assert (read_image(png(deep), (4, 4, 1)) == 0x80).all()


def test_a_rotated_photo_is_turned_upright() -> None:
    image = Image.new("RGB", (8, 4), "black")
    image.putpixel((0, 0), (255, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = 6
    read = read_image(png(image, exif=exif), (8, 4, 3))
    assert read[0, 3, 0] == 255


def test_an_image_of_other_proportions_is_cut_not_squeezed() -> None:
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, 10:20] = 200
    assert (read_image(png(Image.fromarray(pixels)), (10, 10, 3)) == 200).all()


def test_what_is_no_image_is_an_error(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no image")
    cut = tmp_path / "cut.png"
    cut.write_bytes(png(Image.effect_noise((50, 50), 9)).getvalue()[:200])
    for path in (text, cut, tmp_path):
        with pytest.raises(ValueError, match="PNG"):
            read_image(path, (28, 28, 1))
    with pytest.raises(ValueError, match="missing"):
        read_image(tmp_path / "missing.png", (28, 28, 1))


def test_an_image_of_too_many_pixels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_images, "MAX_REDUCED_PIXELS", 99)
    with pytest.raises(ValueError, match="99"):
        read_image(png(Image.new("L", (10, 10))), (28, 28, 1), name="big.png")


MODES = ("1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "YCbCr", "I", "I;16", "LAB", "HSV", "PA")
KINDS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP")


def half_gray(mode: str) -> Image.Image:
    """White with a medium gray right half, in any mode of Pillow."""
    pixels = np.full((24, 32), 255, np.uint8)
    pixels[:, 16:] = 128
    gray = Image.fromarray(pixels)
    if mode in ("I", "I;16"):
        return Image.fromarray(pixels.astype(np.uint16) * 257).convert(mode)
    if mode == "LAB":
        return Image.merge("LAB", [gray, Image.new("L", gray.size, 128), Image.new("L", gray.size, 128)])
    if mode == "PA":
        return gray.convert("P").convert("PA")
    return gray.convert("RGB").convert(mode)


def written(mode: str, kind: str) -> bytes:
    """An image file; empty where Pillow cannot write this mode, or only after a conversion."""
    file = io.BytesIO()
    with contextlib.suppress(OSError, ValueError, KeyError):
        half_gray(mode).save(file, kind)
    deep_in_eight_bits = mode.startswith("I") and kind in ("GIF", "WEBP")
    return b"" if deep_in_eight_bits else file.getvalue()


WRITTEN = [(mode, kind) for mode in MODES for kind in KINDS if written(mode, kind)]


@pytest.mark.parametrize(("mode", "kind"), WRITTEN)
def test_an_image_of_any_mode_in_any_format_is_read(mode: str, kind: str) -> None:
    for channels in (1, 3):
        read = read_image(io.BytesIO(written(mode, kind)), (24, 32, channels)).astype(int)
        assert read.shape == (24, 32, channels)
        assert (read[:, :12] >= 250).all()
        # One bit is dithered, palettes are approximate, and half the lightness is not half the gray.
        rough = mode in ("1", "P", "PA", "LAB") or kind == "GIF"
        assert abs(read[:, 20:].mean() - 128) <= (20 if rough else 4)


def test_enough_kinds_of_images_were_tried() -> None:
    assert len(WRITTEN) > 45
    assert {mode for mode, _ in WRITTEN} == set(MODES)
    assert {kind for _, kind in WRITTEN} == set(KINDS)


def test_the_first_picture_of_an_animation_is_read() -> None:
    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        file = io.BytesIO()
        frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue", "lime")]
        frames[0].save(
            file, kind, save_all=True, append_images=frames[1:], **({"lossless": True} if kind == "WEBP" else {})
        )
        file.seek(0)
        assert (read_image(file, (8, 8, 3)) == (255, 0, 0)).all()


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_every_orientation_of_a_camera_is_turned_upright(turn: int, kind: str) -> None:
    upright = np.zeros((16, 32, 3), np.uint8)
    upright[:8, :16] = 255
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: upright.transpose(1, 0, 2)[::-1, ::-1],
        8: np.rot90(upright, -1),
    }[turn]
    exif = Image.Exif()
    exif[0x0112] = turn
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(stored)).save(file, kind, exif=exif)
    file.seek(0)
    read = read_image(file, (16, 32, 3)).astype(int)
    assert abs(read - upright).mean() < 3


def test_a_transparent_color_is_black_in_every_kind_of_palette() -> None:
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([0, 0, 0, 255, 255, 255])
    assert not read_image(png(palette, transparency=1), (4, 4, 3)).any()
    assert not read_image(png(Image.new("L", (4, 4), 200), transparency=200), (4, 4, 3)).any()
    assert (read_image(png(Image.new("LA", (4, 4), (200, 128))), (4, 4, 1)) == 100).all()


def test_floating_point_pixels_are_refused() -> None:
    file = io.BytesIO()
    Image.new("F", (4, 4), 0.5).save(file, "TIFF")
    file.seek(0)
    with pytest.raises(ValueError, match="floating"):
        read_image(file, (4, 4, 3), "float.tiff")


@pytest.mark.parametrize("kind", KINDS)
def test_damage_anywhere_in_a_file_is_an_image_or_an_error(kind: str) -> None:
    file = io.BytesIO()
    Image.effect_noise((20, 20), 50).convert("RGB").save(file, kind)
    random = np.random.default_rng(0)
    for _ in range(60):
        content = bytearray(file.getvalue())
        for position in random.integers(len(content), size=3):
            content[position] = random.integers(256)
        cut = bytes(content[: random.integers(1, len(content) + 1)])
        with contextlib.suppress(BadImage):
            assert read_image(io.BytesIO(cut), (8, 8, 3), "x").shape == (8, 8, 3)
