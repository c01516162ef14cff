"""What dragging and enlarging do to an image's pixels."""

import numpy as np
import pytest

from dashboard.cam.image_placement import Placing, read, written

IMAGE = np.random.default_rng(0).integers(1, 256, (28, 28, 1), np.uint8)
COLOUR = np.random.default_rng(1).integers(1, 256, (30, 40, 3), np.uint8)


def test_where_nothing_is_done_the_image_is_itself() -> None:
    assert Placing().applied(COLOUR) is COLOUR


@pytest.mark.parametrize("image", [IMAGE, COLOUR], ids=["grey", "colour"])
def test_a_shift_moves_pixels_and_leaves_black(image: np.ndarray) -> None:
    height, width = image.shape[:2]
    moved = Placing(right=5 / width, down=-3 / height).applied(image)
    np.testing.assert_array_equal(moved[:-3, 5:], image[3:, :-5])
    assert not moved[:, :5].any()
    assert not moved[-3:].any()


def test_the_middle_is_enlarged() -> None:
    half = np.zeros((40, 40, 1), np.uint8)
    half[10:30, 10:30] = 200
    large = Placing(enlarged=2.0).applied(half)
    assert (large[1:-1, 1:-1] == 200).all()
    off = Placing(right=0.25, enlarged=2.0).applied(half)
    assert not off[:, :9].any()
    assert (off[5:35, 12:] == 200).all()


def test_where_an_image_lies_is_a_short_word_that_is_read_back() -> None:
    placing = Placing(right=6 / 28, down=-3 / 28, enlarged=1.5)
    assert written(placing, 28, 28, "3f2a9c") == "6_-3_1.5_3f2a"
    assert read("6_-3_1.5_3f2a", 28, 28, "3f2a9c") == placing
    assert written(Placing(), 28, 28, "3f2a9c") == ""
    # It says nothing of another image.
    assert read("6_-3_1.5_3f2a", 28, 28, "0000ff") == Placing()


@pytest.mark.parametrize(
    "word", ["", "6_3_1.5", "6_3_nan_3f2a", "٣_3_1.5_3f2a", "6_3_1.5_3f2a ", "<b>", "6_3_1.5_3f2a\n"]
)
def test_a_word_that_says_no_place_leaves_the_image_where_it_is(word: str) -> None:
    assert read(word, 28, 28, "3f2a9c") == Placing()


def test_a_word_moves_an_image_no_further_than_a_hand_can() -> None:
    assert read("99999_-99999_9.9_3f2a", 28, 28, "3f2a9c") == Placing(1.0, -1.0, 4.0)
