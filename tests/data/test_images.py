import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfpool.data import images
from tfpool.data.images import read_image


def png(image: Image.Image, **settings: object) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, format="PNG", **settings)
    file.seek(0)
    return file


def test_a_grey_image_of_the_right_size_is_read_as_it_is() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    read = read_image(png(Image.fromarray(pixels)), (28, 28, 1))
    np.testing.assert_array_equal(read[..., 0], pixels)


def test_colour_becomes_grey_and_grey_becomes_colour() -> None:
    red = read_image(png(Image.new("RGB", (5, 5), "red")), (5, 5, 1))
    assert (red == 76).all()
    grey = read_image(png(Image.new("L", (5, 5), 90)), (5, 5, 3))
    assert grey.shape == (5, 5, 3)
    assert (grey == 90).all()


def test_what_is_transparent_is_black() -> None:
    assert not read_image(png(Image.new("RGBA", (4, 4), (255, 255, 255, 0))), (4, 4, 3)).any()


def test_sixteen_bits_keep_their_brightness() -> None:
    deep = Image.fromarray(np.full((4, 4), 0x8080, np.uint16))
    assert (read_image(png(deep), (4, 4, 1)) == 0x80).all()


def test_a_turned_photograph_is_set_upright() -> None:
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


def test_what_is_no_image_is_one_sentence(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no image")
    cut = tmp_path / "cut.png"
    cut.write_bytes(png(Image.effect_noise((50, 50), 9)).getvalue()[:200])
    for path in (text, cut, tmp_path):
        with pytest.raises(ValueError, match=r"is not an image that can be read\. Use a file of PNG"):
            read_image(path, (28, 28, 1))
    with pytest.raises(ValueError, match="There is no image"):
        read_image(tmp_path / "missing.png", (28, 28, 1))


def test_an_image_of_too_many_pixels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MOST_PIXELS", 99)
    with pytest.raises(ValueError, match=r"big\.png has more than 99 pixels"):
        read_image(png(Image.new("L", (10, 10))), (28, 28, 1), name="big.png")
