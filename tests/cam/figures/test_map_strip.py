"""Images above their maps on one scale, pixel by pixel."""

import numpy as np
import pytest

from tfpool.cam.figures.map_strip import map_strip
from tfpool.colors import AGAINST, FOR

WHITE = np.full((2, 28, 28, 1), 255, np.uint8)
TILE, GAP = 84, 2


def test_full_color_is_the_strongest_evidence_of_all_maps() -> None:
    maps = np.stack([np.full((7, 7), 2.0), np.full((7, 7), -4.0)])
    picture = map_strip(WHITE, maps, [["a"], ["b"]])
    assert picture.shape[1] == 2 * (TILE + GAP) + GAP
    below = 2 * GAP + TILE
    half, full = (picture[below + 40, left + 40] for left in (GAP, 2 * GAP + TILE))
    # An opacity of 0.8 at full evidence, and half of it at half the evidence.
    np.testing.assert_allclose(full, 0.2 * 255 + 0.8 * np.array(AGAINST), atol=1)
    assert half[0] > half[2]
    assert half.min() > full.min()
    ramp = picture[below + TILE + GAP + 13 + 1]
    np.testing.assert_allclose(ramp[GAP], 0.2 * 255 + 0.8 * np.array(AGAINST), atol=1)
    np.testing.assert_allclose(ramp[-GAP - 1], 0.2 * 255 + 0.8 * np.array(FOR), atol=1)


def test_without_evidence_the_image_shows() -> None:
    photos = np.random.default_rng(0).integers(0, 256, (1, 28, 28, 3), np.uint8)
    picture = map_strip(photos, np.zeros((1, 4, 4)), [["a"]])
    for top in (GAP, 2 * GAP + TILE):
        np.testing.assert_array_equal(picture[top : top + TILE : 3, GAP : GAP + TILE : 3], photos[0])


@pytest.mark.parametrize("size", [(28, 14), (14, 28), (300, 200), (90, 90)])
def test_images_of_any_size_fit(size: tuple[int, int]) -> None:
    photos = np.zeros((4, *size, 1), np.uint8)
    picture = map_strip(photos, np.ones((4, 3, 3)), [["a name that is too long for its place", "名前"]] * 4)
    assert (picture.dtype, picture.shape[1:]) == (np.uint8, (4 * (TILE + GAP) + GAP, 3))
