import numpy as np
import pytest

import tfpool as tp
from tfpool.cam.overlay import AGAINST, FOR

IMAGE = np.full((8, 8, 1), 100, np.uint8)


def test_no_evidence_leaves_the_image_as_it_is() -> None:
    shown = tp.overlay(IMAGE, np.zeros((2, 2)))
    assert (shown.shape, shown.dtype) == ((8, 8, 3), np.uint8)
    assert (shown == 100).all()


def test_the_strongest_evidence_has_its_colour_at_full_opacity() -> None:
    heatmap = np.zeros((8, 8))
    heatmap[0, 0], heatmap[7, 7], heatmap[0, 7] = 2.0, -2.0, 1.0
    shown = tp.overlay(IMAGE, heatmap, alpha=1.0)
    assert tuple(shown[0, 0]) == FOR
    assert tuple(shown[7, 7]) == AGAINST
    np.testing.assert_allclose(shown[0, 7], (100 + np.array(FOR)) / 2, atol=0.51)
    np.testing.assert_allclose(tp.overlay(IMAGE, heatmap)[0, 0], (100 + np.array(FOR)) / 2, atol=0.51)


def test_one_limit_puts_two_maps_on_one_scale() -> None:
    weak, strong = np.full((8, 8), 1.0), np.full((8, 8), 4.0)
    assert (tp.overlay(IMAGE, weak) == tp.overlay(IMAGE, strong)).all()
    assert (tp.overlay(IMAGE, weak, limit=4.0) != tp.overlay(IMAGE, strong, limit=4.0)).any()


def test_images_from_zero_to_one_and_in_colour_are_taken() -> None:
    colour = np.random.default_rng(0).integers(0, 256, (5, 6, 3), np.uint8)
    np.testing.assert_array_equal(tp.overlay(colour, np.zeros((5, 6))), colour)
    np.testing.assert_array_equal(tp.overlay(colour / 255, np.zeros((5, 6))), colour)
    assert tp.overlay(colour[..., 0], np.zeros((5, 6))).shape == (5, 6, 3)


@pytest.mark.parametrize(
    ("image", "heatmap", "alpha", "message"),
    [
        (IMAGE[np.newaxis], np.zeros((2, 2)), 0.5, "An image .* are needed"),
        (IMAGE, np.zeros((1, 2, 2)), 0.5, "An image .* are needed"),
        (np.zeros((4, 4, 2)), np.zeros((2, 2)), 0.5, "An image .* are needed"),
        (IMAGE, np.zeros((2, 2)), 1.5, "alpha is from 0 to 1, got 1.5"),
    ],
    ids=["batch", "maps", "channels", "alpha"],
)
def test_bad_input_is_one_clear_sentence(image: np.ndarray, heatmap: np.ndarray, alpha: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tp.overlay(image, heatmap, alpha)
