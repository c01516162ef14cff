"""A sheet of maps: what stands on it, which scales are shared, and how colours say the same everywhere."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import tfpool as tp
from tfpool.cam.figures.sheet import lay_out, shared_scales, write_sheet

GREY = np.full((28, 28, 1), 128, np.uint8)
ONE, TWO = np.full((7, 7), 2.0), np.full((7, 7), -8.0)
TILE = 28 * (320 // 28)


def placed(scale: str, maps: Any = ((ONE, TWO), (TWO, ONE / 4))) -> list[np.ndarray]:
    """The pictures of the maps, row by row, without bars."""
    page = lay_out([GREY, GREY], maps, ["first", "second"], ["cam", "gradcam"], scale=scale)
    tiles = [picture for _, _, picture in page.pictures if picture.shape[:2] == (TILE, TILE)]
    return [tile for number, tile in enumerate(tiles) if number % 3]


def words(*given: Any, **settings: Any) -> str:
    return "\n".join(line.text for line in lay_out(*given, **settings).lines)


@pytest.mark.parametrize(
    ("scale", "limits"),
    [("sheet", [8, 8, 8, 8]), ("row", [8, 8, 8, 8]), ("column", [8, 8, 8, 8]), ("own", [2, 8, 8, 0.5])],
)
def test_maps_share_the_scale_that_was_asked_for(scale: str, limits: list[float]) -> None:
    found = shared_scales([[ONE, TWO], [TWO, ONE / 4]], scale)
    assert [each.limit for row in found for each in row] == limits
    # A row and a column of small maps have a scale of their own.
    found = shared_scales([[ONE, TWO], [ONE, ONE / 4]], scale)
    expected = {"sheet": [8, 8, 8, 8], "row": [8, 8, 2, 2], "column": [2, 8, 2, 8], "own": [2, 8, 2, 0.5]}[scale]
    assert [each.limit for row in found for each in row] == expected


def test_a_value_has_one_colour_where_the_scale_is_one_and_full_colour_where_each_has_its_own() -> None:
    together, alone = placed("sheet"), placed("own")
    np.testing.assert_array_equal(together[1], together[2])
    assert (together[0] != alone[0]).any()
    np.testing.assert_array_equal(alone[0], alone[3])
    np.testing.assert_array_equal(alone[1], tp.overlay(GREY.repeat(11, 0).repeat(11, 1), TWO, 0.8))


def test_the_plain_image_stands_first_with_large_pixels() -> None:
    image = np.random.default_rng(0).integers(0, 256, (28, 28, 3), np.uint8)
    _, _, first = lay_out([image], [[ONE]], ["x"], ["cam"]).pictures[0]
    np.testing.assert_array_equal(first[::11, ::11], image)


@pytest.mark.parametrize(
    ("scale", "said", "bars"),
    [
        ("sheet", "One colour scale for all maps: full colour is ±8 of the score", 1),
        ("row", "One colour scale for each image: full colour is ±8 of the score", 2),
        ("column", "One colour scale for each column: full colour is ±8 of the score", 2),
        ("own", "Each map has its own colour scale", 4),
    ],
)
def test_the_scale_is_said_on_the_picture_beside_its_bars(scale: str, said: str, bars: int) -> None:
    page = lay_out([GREY, GREY], [[ONE, TWO], [TWO, ONE / 4]], ["first", "second"], ["cam", "gradcam"], scale=scale)
    text = " ".join(line.text for line in page.lines)
    assert said in text
    assert "blue against it" in text
    for title in ("first", "second", "cam", "gradcam", "image", "score"):
        assert title in text
    assert len([1 for _, _, picture in page.pictures if picture.shape[:2] != (TILE, TILE)]) == bars


def test_a_sheet_says_the_unit_and_whether_red_is_for_the_class() -> None:
    given = [[GREY], [[ONE]], ["x"], ["saliency"]]
    text = words(*given, unit="activation", directed=False)
    assert "2 of the activation. Red is above zero." in text
    assert "speaks" not in text


def test_a_bar_ends_where_the_colours_do() -> None:
    page = lay_out([GREY], [[TWO + np.eye(7) * 16]], ["x"], ["cam"])
    bar = page.pictures[-1][2]
    ends = [tp.overlay(np.full((1, 1), 255, np.uint8), np.array([[value]]), 0.8, 8.0)[0, 0] for value in (8.0, -8.0)]
    np.testing.assert_array_equal(bar[[0, -1], 0], ends)
    assert {"8", "-8", "0"} <= {line.text for line in page.lines}


def test_maps_of_zeros_have_no_colour_and_a_scale_of_nothing() -> None:
    page = lay_out([GREY], [[0 * ONE]], ["x"], ["cam"])
    np.testing.assert_array_equal(page.pictures[0][2], page.pictures[1][2])
    assert "full colour is 0 of the score" in words([GREY], [[0 * ONE]], ["x"], ["cam"])


def test_long_names_stay_in_their_columns_and_strange_letters_are_written() -> None:
    name = "a very long name of a photograph that somebody took in the Übersee-Museum of Bremen 2026-11-22 東京.jpg"
    page = lay_out([GREY], [[ONE, ONE]], [name], [name, "y"], [[name, name]])
    for line in page.lines[:-1]:
        left, _, right, _ = line.box
        assert right - left <= 320 + 96
    assert any(line.text.endswith("…") for line in page.lines)
    # The font has neither: without its accent a letter can be read, and what cannot is a question mark.
    text = words([GREY], [[ONE]], [name], ["y"])
    assert "Ubersee" in text
    assert "??.jpg" in text
    lines = [line.box for line in page.lines]
    assert not any(
        one is not other and one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
        for one in lines
        for other in lines
    )


def test_images_of_several_shapes_stand_on_one_sheet() -> None:
    tall, wide = np.zeros((600, 200, 3), np.uint8), np.zeros((40, 90, 3), np.uint8)
    picture = tp.sheet([tall, wide], [[ONE], [ONE]], ["tall", "wide"], ["cam"])
    assert picture.dtype == np.uint8
    assert picture.shape[0] > 320 + 40 * 3
    sizes = {each.shape[:2] for _, _, each in lay_out([tall, wide], [[ONE], [ONE]], ["a", "b"], ["cam"]).pictures}
    assert {(320, 107), (120, 270)} <= sizes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scale": "page"}, "Unknown scale 'page'. Use one of: sheet, row, column, own"),
        ({"images": []}, "at least one image and one column"),
        ({"heatmaps": [[ONE, ONE]]}, r"as many rows of as many maps, got \[2\] in a row"),
        ({"rows": ["x", "y"]}, "1 images need as many row titles, got 2"),
        ({"captions": [["x", "y"]]}, r"as many captions, got \[2\]"),
        ({"heatmaps": [[ONE * np.nan]]}, "The map in row 1, column 1 is made of finite numbers"),
        ({"heatmaps": [[np.zeros(7)]]}, r"The map in row 1, column 1 is \(h, w\), got \(7,\)"),
        ({"images": [np.zeros((4, 4, 2))]}, r"An image is .* got \(4, 4, 2\)"),
    ],
    ids=["scale", "image", "maps", "rows", "captions", "finite", "flat", "channels"],
)
def test_what_does_not_fit_is_one_sentence(change: dict[str, Any], message: str) -> None:
    given = {"images": [GREY], "heatmaps": [[ONE]], "rows": ["x"], "columns": ["cam"], **change}
    with pytest.raises(ValueError, match=message):
        tp.sheet(**given)


def test_a_sheet_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    picture = tp.sheet([GREY], [[ONE]], ["x"], ["cam"])
    write_sheet(picture, tmp_path / "map.png")
    with Image.open(tmp_path / "map.png") as kept:
        np.testing.assert_array_equal(np.asarray(kept), picture)
    with pytest.raises(ValueError, match=r"a name that ends in \.png"):
        write_sheet(picture, tmp_path / "map.jpg")
    with pytest.raises(ValueError, match="cannot be written to "):
        write_sheet(picture, tmp_path / "map.png" / "map.png")
    assert [path.name for path in tmp_path.iterdir()] == ["map.png"]
