import re

import numpy as np
import pytest

import tfpool as tp
from tfpool.colors import AGAINST, FOR, colorscale, cool_warm, paint

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
    np.testing.assert_allclose(shown[0, 7], (100 + paint(np.array([0.5]))[0]) / 2, atol=0.51)
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
        (IMAGE[np.newaxis], np.zeros((2, 2)), 0.5, r"An image is \(H, W\), .*got \(1, 8, 8, 1\)"),
        (IMAGE, np.zeros((1, 2, 2)), 0.5, r"A heatmap is \(h, w\), got \(1, 2, 2\)"),
        (IMAGE, np.full((2, 2), np.nan), 0.5, "A heatmap is made of finite numbers"),
        (np.zeros((4, 4, 2)), np.zeros((2, 2)), 0.5, r"An image is .* got \(4, 4, 2\)"),
        (IMAGE, np.zeros((2, 2)), 1.5, "alpha is from 0 to 1, got 1.5"),
    ],
    ids=["batch", "maps", "not finite", "channels", "alpha"],
)
def test_bad_input_is_one_clear_sentence(image: np.ndarray, heatmap: np.ndarray, alpha: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tp.overlay(image, heatmap, alpha)


def lab(colours: np.ndarray) -> np.ndarray:
    """CIELAB of sRGB from 0 to 255, for daylight (D65)."""
    linear = np.where(colours / 255 <= 0.04045, colours / 255 / 12.92, ((colours / 255 + 0.055) / 1.055) ** 2.4)
    xyz = linear @ np.array([[0.4124, 0.2126, 0.0193], [0.3576, 0.7152, 0.1192], [0.1805, 0.0722, 0.9505]])
    xyz /= [0.9505, 1.0, 1.089]
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def test_equal_steps_of_evidence_look_equal() -> None:
    colours = lab(cool_warm(np.linspace(-1, 1, 41)))
    lightness = colours[:, 0]
    assert (np.diff(lightness[:21]) > 0).all()
    assert (np.diff(lightness[20:]) < 0).all()
    steps = np.linalg.norm(np.diff(colours, axis=0), axis=1)
    for arm in (steps[:20], steps[20:]):
        assert arm.max() < 1.5 * arm.min()
    # Both ends are as far from the middle as it takes to see them, and no one's green against red.
    assert min(np.linalg.norm(colours[end] - colours[20]) for end in (0, -1)) > 60
    np.testing.assert_allclose(cool_warm(np.array([-1, 1])), [AGAINST, FOR], atol=0.5)


def test_paint_on_the_maps_own_grey_is_the_map() -> None:
    strengths = np.linspace(-1, 1, 21)
    grey = cool_warm(np.zeros(1))[0]
    share = np.abs(strengths)[:, np.newaxis]
    laid, wanted = grey * (1 - share) + paint(strengths) * share, cool_warm(strengths)
    # No paint is bluer than blue or redder than red: what little of it that would take is missing.
    np.testing.assert_allclose(laid, wanted, atol=22)
    np.testing.assert_allclose(laid[[0, 1, 2, 18, 19, 20]], wanted[[0, 1, 2, 18, 19, 20]], atol=1)


@pytest.mark.parametrize("sign", [-1, 1], ids=["against", "for"])
def test_more_evidence_is_darker_on_white_and_brighter_on_black(sign: int) -> None:
    share = np.linspace(0, 1, 11)[:, np.newaxis]
    colours = paint(sign * share[:, 0]) * share
    on_white, on_black = lab(255 * (1 - share) + colours), lab(colours)
    assert (np.diff(on_white[:, 0]) < -2).all()
    assert (np.diff(on_black[:, 0]) > -1).all()
    for laid in (on_white, on_black):
        assert (np.linalg.norm(np.diff(laid, axis=0), axis=1) > 2).all()


# Without the cones for green, and for red. Machado, Oliveira & Fernandes 2009, for linear sRGB.
GREEN_BLIND = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
RED_BLIND = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]


@pytest.mark.parametrize("cones", [GREEN_BLIND, RED_BLIND], ids=["green", "red"])
def test_colour_blind_people_tell_for_from_against(cones: list[list[float]]) -> None:
    strengths = np.linspace(-1, 1, 9)
    light = (cool_warm(strengths) / 255) ** 2.2 @ np.array(cones).T
    seen = lab(255 * np.clip(light, 0, 1) ** (1 / 2.2))
    apart = np.linalg.norm(seen - seen[::-1], axis=1)[5:]
    assert (np.diff(apart) > 0).all()
    assert apart[0] > 15
    assert apart[-1] > 80


def test_a_charts_scale_is_the_same_paint() -> None:
    stops = colorscale(0.9)
    assert [stops[0][0], stops[-1][0]] == [0, 1]
    assert stops[0][1] == f"rgba({', '.join(map(str, AGAINST))}, 0.9)"
    assert stops[-1][1] == f"rgba({', '.join(map(str, FOR))}, 0.9)"
    assert all(str(colour).endswith(", 0)") for place, colour in stops if place == 0.5)


def test_between_its_stops_a_charts_scale_is_off_by_four_of_255_at_most() -> None:
    stops = colorscale(1.0)
    places = [float(place) for place, _ in stops]
    colours = np.array([[float(part) for part in re.findall(r"[0-9.e-]+", str(colour))] for _, colour in stops])
    strengths = np.linspace(-1, 1, 1025)
    drawn = np.stack([np.interp(0.5 + strengths / 2, places, part) for part in colours.T], axis=-1)
    # As far as they are opaque they are seen, and Plotly's colours are whole numbers.
    seen = np.abs(drawn[:, :3] - paint(strengths)) * drawn[:, 3:]
    assert 1 < seen.max() < 4
    np.testing.assert_allclose(drawn[:, 3], np.abs(strengths), atol=1e-4)
