import re

import numpy as np
import pytest
from matplotlib import colormaps

import tfpool as tp
from tfpool.colors import AGAINST, FOR, colorscale, coolwarm, paint

IMAGE = np.full((8, 8, 1), 100, np.uint8)


def test_no_evidence_leaves_the_image_as_it_is() -> None:
    overlay = tp.overlay(IMAGE, np.zeros((2, 2)))
    assert (overlay.shape, overlay.dtype) == ((8, 8, 3), np.uint8)
    assert (overlay == 100).all()


def test_the_strongest_evidence_has_its_color_at_full_opacity() -> None:
    heatmap = np.zeros((8, 8))
    heatmap[0, 0], heatmap[7, 7], heatmap[0, 7] = 2.0, -2.0, 1.0
    overlay = tp.overlay(IMAGE, heatmap, alpha=1.0)
    assert tuple(overlay[0, 0]) == FOR
    assert tuple(overlay[7, 7]) == AGAINST
    np.testing.assert_allclose(overlay[0, 7], (100 + paint(np.array([0.5]))[0]) / 2, atol=0.51)
    np.testing.assert_allclose(tp.overlay(IMAGE, heatmap)[0, 0], (100 + np.array(FOR)) / 2, atol=0.51)


def test_one_limit_puts_two_maps_on_one_scale() -> None:
    weak, strong = np.full((8, 8), 1.0), np.full((8, 8), 4.0)
    assert (tp.overlay(IMAGE, weak) == tp.overlay(IMAGE, strong)).all()
    assert (tp.overlay(IMAGE, weak, limit=4.0) != tp.overlay(IMAGE, strong, limit=4.0)).any()


def test_float_and_color_images_are_accepted() -> None:
    color = np.random.default_rng(0).integers(0, 256, (5, 6, 3), np.uint8)
    np.testing.assert_array_equal(tp.overlay(color, np.zeros((5, 6))), color)
    np.testing.assert_array_equal(tp.overlay(color / 255, np.zeros((5, 6))), color)
    assert tp.overlay(color[..., 0], np.zeros((5, 6))).shape == (5, 6, 3)


@pytest.mark.parametrize(
    ("image", "heatmap", "alpha", "word"),
    [
        (IMAGE[np.newaxis], np.zeros((2, 2)), 0.5, r"\(1, 8, 8, 1\)"),
        (IMAGE, np.zeros((1, 2, 2)), 0.5, r"\(1, 2, 2\)"),
        (IMAGE, np.full((2, 2), np.nan), 0.5, "finite"),
        (np.zeros((4, 4, 2)), np.zeros((2, 2)), 0.5, r"\(4, 4, 2\)"),
        (IMAGE, np.zeros((2, 2)), 1.5, "alpha"),
    ],
    ids=["batch", "maps", "not finite", "channels", "alpha"],
)
def test_bad_input_is_refused(image: np.ndarray, heatmap: np.ndarray, alpha: float, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        tp.overlay(image, heatmap, alpha)


def test_the_color_map_is_matplotlibs_coolwarm() -> None:
    strengths = np.linspace(-1, 1, 33)
    expected = 255 * colormaps["coolwarm"]((strengths + 1) / 2)[:, :3]
    np.testing.assert_allclose(coolwarm(strengths), expected, atol=0.51)
    np.testing.assert_array_equal(coolwarm(np.array([-1, 1])), [AGAINST, FOR])


def test_paint_on_the_color_maps_own_gray_is_the_color_map() -> None:
    strengths = np.linspace(-1, 1, 33)
    gray = coolwarm(np.zeros(1))[0]
    opacity = np.abs(strengths)[:, np.newaxis]
    painted, expected = gray * (1 - opacity) + paint(strengths) * opacity, coolwarm(strengths)
    # No paint is bluer than blue or redder than red: the little that would take is missing.
    np.testing.assert_allclose(painted, expected, atol=22)
    np.testing.assert_allclose(painted[[0, 1, 2, -3, -2, -1]], expected[[0, 1, 2, -3, -2, -1]], atol=1)


def lightness(colors: np.ndarray) -> np.ndarray:
    """L* of sRGB colors from 0 to 255."""
    linear = np.where(colors / 255 <= 0.04045, colors / 255 / 12.92, ((colors / 255 + 0.055) / 1.055) ** 2.4)
    return 116 * np.cbrt(linear @ [0.2126, 0.7152, 0.0722]) - 16


@pytest.mark.parametrize("sign", [-1, 1], ids=["against", "for"])
def test_more_evidence_is_darker_on_white_and_brighter_on_black(sign: int) -> None:
    opacity = np.linspace(0, 1, 11)[:, np.newaxis]
    colors = paint(sign * opacity[:, 0]) * opacity
    assert (np.diff(lightness(255 * (1 - opacity) + colors)) < -2).all()
    assert (np.diff(lightness(colors)) > -1).all()


def test_a_charts_color_scale_is_the_same_paint() -> None:
    stops = colorscale(0.9)
    assert [stops[0][0], stops[-1][0]] == [0, 1]
    assert stops[0][1] == f"rgba({', '.join(map(str, AGAINST))}, 0.9)"
    assert stops[-1][1] == f"rgba({', '.join(map(str, FOR))}, 0.9)"
    assert all(str(color).endswith(", 0)") for place, color in stops if place == 0.5)
    colors = np.array([[float(part) for part in re.findall(r"[0-9.e-]+", str(color))] for _, color in stops])
    strengths = np.linspace(-1, 1, 1025)
    scale = [np.interp(0.5 + strengths / 2, [float(place) for place, _ in stops], part) for part in colors.T]
    np.testing.assert_allclose(
        np.stack(scale[:3], axis=-1)[strengths != 0], paint(strengths[strengths != 0]), atol=0.51
    )
    np.testing.assert_allclose(scale[3], 0.9 * np.abs(strengths), atol=1e-4)
