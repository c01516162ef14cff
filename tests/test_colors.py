"""Colors of heads, told apart on light and dark pages by people with any kind of color vision."""

from itertools import combinations, product

import numpy as np
import pytest

from tfpool.networks.heads import HEADS
from tfpool.networks.line_colors import NEUTRAL

COLORS = [head.color for head in HEADS.values()]

PAGES = ("#FFFFFF", "#0E1117", "#171614")
"""Streamlit's light page, and its dark page in older and newer versions."""
LINES = 3.0
"""Contrast that WCAG 2.2, success criterion 1.4.11, requires of the parts of a chart."""
# Machado, Oliveira & Fernandes 2009, IEEE TVCG 15 (6): linear RGB as seen without the red or the green receptor.
EYES = {
    "of most people": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
APART = {"of most people": 0.1, "protanopia": 0.065, "deuteranopia": 0.065}
"""Least distance in Oklab, where about 0.02 is just seen."""
APART_FROM_HEADS = 0.045
# Ottosson 2020, https://bottosson.github.io/posts/oklab
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def linear(color: str) -> np.ndarray:
    """A color such as #0072B2 in linear RGB, 0 to 1."""
    rgb = np.array(list(bytes.fromhex(color[1:]))) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(first: str, second: str) -> float:
    dark, light = sorted(float(linear(color) @ (0.2126, 0.7152, 0.0722)) for color in (first, second))
    return (light + 0.05) / (dark + 0.05)


def distance(first: str, second: str, eyes: str) -> float:
    perceived = (np.clip(EYES[eyes] @ linear(color), 0, 1) for color in (first, second))
    one, other = (TO_OKLAB @ np.cbrt(TO_CONES @ rgb) for rgb in perceived)
    return float(np.linalg.norm(one - other))


def test_contrast_and_distance_have_their_published_values() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
    assert distance("#000000", "#FFFFFF", "of most people") == pytest.approx(1, abs=1e-4)
    # Red and green of about one lightness: far apart for most people, close for people without one of the receptors.
    assert distance("#C04040", "#6C7000", "of most people") > 2 * distance("#C04040", "#6C7000", "deuteranopia")


@pytest.mark.parametrize("color", [*COLORS, *NEUTRAL])
def test_a_line_is_visible_on_light_and_dark_pages(color: str) -> None:
    assert min(contrast(color, page) for page in PAGES) >= LINES


@pytest.mark.parametrize("eyes", EYES)
def test_colors_are_distinct(eyes: str) -> None:
    for colors in (COLORS, NEUTRAL):
        assert min(distance(one, other, eyes) for one, other in combinations(colors, 2)) >= APART[eyes]
    assert min(distance(*pair, eyes) for pair in product(COLORS, NEUTRAL)) >= APART_FROM_HEADS
