"""What dragging and enlarging do to an image's pixels."""

import numpy as np
import pytest

from dashboard.cam.image_placement import BORDERS, Placement, from_text, to_text, usual_border
from tfpool import data, examples
from tfpool.data.images import read_image
from tfpool.models.pretrained.applications import BUNDLED

IMAGE = np.random.default_rng(0).integers(1, 256, (28, 28, 1), np.uint8)
COLOR = np.random.default_rng(1).integers(1, 256, (30, 40, 3), np.uint8)


def test_without_a_placement_the_image_is_unchanged() -> None:
    assert Placement().apply(COLOR) is COLOR


@pytest.mark.parametrize("image", [IMAGE, COLOR], ids=["gray", "color"])
def test_a_shift_moves_pixels_and_leaves_black(image: np.ndarray) -> None:
    height, width = image.shape[:2]
    moved = Placement(right=5 / width, down=-3 / height).apply(image)
    np.testing.assert_array_equal(moved[:-3, 5:], image[3:, :-5])
    assert not moved[:, :5].any()
    assert not moved[-3:].any()


@pytest.mark.parametrize("image", [IMAGE, COLOR], ids=["gray", "color"])
def test_beyond_its_border_an_image_comes_back_on_the_other_side_or_is_mirrored(image: np.ndarray) -> None:
    height, width = image.shape[:2]
    shift = {"right": 5 / width, "down": -3 / height}
    wrapped = Placement(**shift, border="wrap").apply(image)
    np.testing.assert_array_equal(wrapped, np.roll(image, (-3, 5), (0, 1)))
    mirrored = Placement(right=5 / width, border="reflect").apply(image)
    np.testing.assert_array_equal(mirrored[:, 5:], image[:, :-5])
    np.testing.assert_array_equal(mirrored[:, :5], image[:, :5][:, ::-1])
    for border in BORDERS:
        assert Placement(1.0, -1.0, 1.0, border).apply(image).shape == image.shape
    np.testing.assert_array_equal(Placement(1.0, -1.0, 1.0, "wrap").apply(image), image)


def test_clothes_on_black_or_on_a_texture_wrap_and_photographs_are_mirrored() -> None:
    scattered = data.load(next(iter(examples.runs().values())).spec["data"]).test.images[:20]
    assert [usual_border(image) for image in scattered].count("wrap") >= 18
    black = np.zeros((28, 28, 1), np.uint8)
    black[8:20, 8:20] = IMAGE[8:20, 8:20]
    assert usual_border(black) == "wrap"
    for name in ("cat", "coffee"):
        photograph = read_image(BUNDLED / "photographs" / f"{name}.jpg", (None, None, 3))
        assert usual_border(photograph) == "reflect"


def test_the_middle_is_enlarged() -> None:
    half = np.zeros((40, 40, 1), np.uint8)
    half[10:30, 10:30] = 200
    large = Placement(enlarged=2.0).apply(half)
    assert (large[1:-1, 1:-1] == 200).all()
    off = Placement(right=0.25, enlarged=2.0).apply(half)
    assert not off[:, :9].any()
    assert (off[5:35, 12:] == 200).all()


def test_a_placement_is_a_short_text_that_is_read_back() -> None:
    placement = Placement(right=6 / 28, down=-3 / 28, enlarged=1.5)
    assert to_text(placement, 28, 28, "3f2a9c") == "6_-3_1.5_3f2a"
    assert from_text("6_-3_1.5_3f2a", 28, 28, "3f2a9c") == placement
    assert to_text(Placement(), 28, 28, "3f2a9c") == ""
    # It does not move another image.
    assert from_text("6_-3_1.5_3f2a", 28, 28, "0000ff") == Placement()


@pytest.mark.parametrize(
    "text", ["", "6_3_1.5", "6_3_nan_3f2a", "٣_3_1.5_3f2a", "6_3_1.5_3f2a ", "<b>", "6_3_1.5_3f2a\n"]
)
def test_any_other_text_leaves_the_image_in_place(text: str) -> None:
    assert from_text(text, 28, 28, "3f2a9c") == Placement()


def test_a_text_moves_an_image_no_further_than_a_hand_can() -> None:
    assert from_text("99999_-99999_9.9_3f2a", 28, 28, "3f2a9c") == Placement(1.0, -1.0, 4.0)
