"""Colours of heads: seen on a light and on a dark page, and told apart by eyes of any kind."""

from itertools import combinations, product

import numpy as np
import pytest

from tfpool.head_colors import COLOURS, OTHERS

PAGES = ("#FFFFFF", "#0E1117", "#171614")
"""Streamlit's light page, and its dark one as it was and as it is."""
LINES = 3.0
"""Contrast that WCAG 2.2, success criterion 1.4.11, asks of what a chart is understood by."""
# Machado, Oliveira & Fernandes 2009, IEEE TVCG 15 (6): linear RGB as it is seen without the red or the green receptor.
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


def linear(colour: str) -> np.ndarray:
    """A colour such as #0072B2 in linear RGB, 0 to 1."""
    share = np.array(list(bytes.fromhex(colour[1:]))) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def contrast(first: str, second: str) -> float:
    dark, light = sorted(float(linear(each) @ (0.2126, 0.7152, 0.0722)) for each in (first, second))
    return (light + 0.05) / (dark + 0.05)


def distance(first: str, second: str, eyes: str) -> float:
    seen = (np.clip(EYES[eyes] @ linear(each), 0, 1) for each in (first, second))
    one, other = (TO_OKLAB @ np.cbrt(TO_CONES @ each) for each in seen)
    return float(np.linalg.norm(one - other))


def test_the_measures_give_the_values_that_are_known_of_them() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
    assert distance("#000000", "#FFFFFF", "of most people") == pytest.approx(1, abs=1e-4)
    # Red and green of about one lightness: far apart to most, near to who has no red or no green receptor.
    assert distance("#C04040", "#6C7000", "of most people") > 2 * distance("#C04040", "#6C7000", "deuteranopia")


@pytest.mark.parametrize("colour", [*COLOURS.values(), *OTHERS])
def test_a_line_of_a_colour_is_seen_on_a_light_and_on_a_dark_page(colour: str) -> None:
    assert min(contrast(colour, page) for page in PAGES) >= LINES


@pytest.mark.parametrize("eyes", EYES)
def test_colours_are_told_apart_by_eyes(eyes: str) -> None:
    for colours in (COLOURS.values(), OTHERS):
        assert min(distance(one, other, eyes) for one, other in combinations(colours, 2)) >= APART[eyes]
    assert min(distance(*pair, eyes) for pair in product(COLOURS.values(), OTHERS)) >= APART_FROM_HEADS
