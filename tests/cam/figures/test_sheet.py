"""A sheet of maps: its texts and pictures, the shared scales, and colors that mean the same everywhere."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

import tfpool as tp
from tfpool.cam.figures.color_scales import FAINT, SCALES, choose_scale, shared_scales
from tfpool.cam.figures.sheet import write_sheet

GRAY = np.full((28, 28, 1), 128, np.uint8)
LARGE = GRAY.repeat(11, axis=0).repeat(11, axis=1)
ONE, TWO = np.full((7, 7), 2.0), np.full((7, 7), -8.0)
LONG = "a very long name of a photograph_that_somebody_took in the Übersee-Museum of $Bremen_1$ 2026-11-22 東京.jpg"


def lay_out(*arguments: Any, **named: Any) -> Figure:
    """The figure that `tp.sheet` draws."""
    with patch("tfpool.cam.figures.sheet.FigureCanvasAgg", side_effect=FigureCanvasAgg) as canvas:
        tp.sheet(*arguments, **named)
    figure: Figure = canvas.call_args.args[0]
    return figure


def pictures(figure: Figure) -> list[np.ndarray]:
    """The pictures row by row, each row's image first."""
    return [np.asarray(image.get_array()) for image in figure.images]


def words(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.texts)


def boxes(figure: Figure) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Left, bottom, right and top, in pixels, of texts (ticks' among them) and of pictures and color bars."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    texts = [*figure.texts, *(label for axes in figure.axes for label in axes.get_xticklabels())]
    text_boxes = [text.get_window_extent(renderer).extents for text in texts]
    others = [axes.get_window_extent(renderer).extents for axes in figure.axes]
    for image in figure.images:
        height, width = image.get_array().shape[:2]
        others.append(np.array([image.ox, image.oy, image.ox + width, image.oy + height]))
    return text_boxes, others


def overlap(one: np.ndarray, other: np.ndarray) -> bool:
    return bool((np.maximum(one[:2], other[:2]) < np.minimum(one[2:], other[2:])).all())


@pytest.mark.parametrize(
    ("scale", "limits"),
    [("sheet", [8, 8, 8, 8]), ("row", [8, 8, 2, 2]), ("column", [2, 8, 2, 8]), ("own", [2, 8, 2, 0.5])],
)
def test_maps_share_the_requested_scale(scale: str, limits: list[float]) -> None:
    scales = shared_scales([[ONE, TWO], [ONE, ONE / 4]], scale)
    assert [each.limit for row in scales for each in row] == limits


def test_maps_that_say_next_to_nothing_are_drawn_on_the_scale_of_the_scores() -> None:
    spread = 20.0
    faint = np.full((4, 4), 0.9 * FAINT * spread)
    spreads = [[spread, spread], [spread, None]]
    scales = shared_scales([[faint, faint], [TWO, faint]], "row", spreads)
    assert [each.limit for row in scales for each in row] == [spread, spread, 8, 8]
    # A map in another unit may have small values.
    assert shared_scales([[faint]], "own", [[None]])[0][0].limit == faint.max()

    def colored(**settings: Any) -> int:
        picture = tp.sheet([GRAY], [[faint]], ["x"], ["hirescam"], alpha=1.0, **settings).astype(int)
        # Without its color bar.
        return int((np.ptp(picture[: picture.shape[0] // 2], axis=2) > 40).sum())

    assert colored() > 10_000
    assert colored(spreads=[[spread]]) == 0


@pytest.mark.parametrize(("scale", "bars"), [("sheet", 1), ("row", 2), ("column", 2), ("own", 4)])
def test_a_sheet_names_its_scale_and_has_a_color_bar_for_each(scale: str, bars: int) -> None:
    maps = [[ONE, TWO], [TWO, ONE / 4]]
    figure = lay_out([GRAY, GRAY], maps, ["first", "second"], ["cam", "gradcam"], scale=scale)
    text = words(figure)
    for word in ("first", "second", "cam", "gradcam", "image", "score"):
        assert word in text
    assert SCALES[scale].sentence in text.replace("\n", " ")
    assert ("±8" in text) == (scale != "own")
    assert len(figure.axes) == bars
    row = pictures(figure)[:3]
    np.testing.assert_array_equal(row[0], LARGE.repeat(3, axis=2))
    np.testing.assert_array_equal(row[1], tp.overlay(LARGE, ONE, 0.8, 2.0 if scale == "own" else 8.0))
    np.testing.assert_array_equal(row[2], tp.overlay(LARGE, TWO, 0.8))


def test_a_sheet_has_the_overlays_own_pixels() -> None:
    random = np.random.default_rng(0)
    images = [random.integers(0, 256, (28, 28, 3), np.uint8), random.integers(0, 256, (90, 40, 3), np.uint8)]
    maps = random.normal(size=(2, 2, 7, 7))
    arguments: dict[str, Any] = {"rows": ["x", "y"], "columns": ["cam", "gradcam"], "scale": "own"}
    picture, figure = tp.sheet(images, maps, **arguments), lay_out(images, maps, **arguments)
    assert picture.dtype == np.uint8
    for image, pixels in zip(figure.images, pictures(figure), strict=True):
        bottom, left = len(picture) - int(image.oy), int(image.ox)
        np.testing.assert_array_equal(picture[bottom - len(pixels) : bottom, left : left + pixels.shape[1]], pixels)
    np.testing.assert_array_equal(pictures(figure)[0][::11, ::11], images[0])
    large = images[1].repeat(3, axis=0).repeat(3, axis=1)
    np.testing.assert_array_equal(pictures(figure)[5], tp.overlay(large, maps[1, 1], 0.8))


def test_a_color_bar_ends_where_the_colors_do() -> None:
    figure = lay_out([GRAY], [[TWO + np.eye(7) * 16]], ["x"], ["cam"])
    bar = figure.axes[0].images[0].get_array()
    ends = [tp.overlay(np.full((1, 1), 255, np.uint8), np.array([[value]]), 0.8, 8.0)[0, 0] for value in (-8.0, 8.0)]
    np.testing.assert_array_equal(bar[0, [0, -1]], ends)
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["-8", "0", "8"]


def test_a_sheet_says_the_unit_and_whether_red_is_for_the_class() -> None:
    text = words(lay_out([GRAY], [[ONE]], ["x"], ["saliency"], unit="activation", directed=False))
    assert "2 of the activation" in text
    assert "speaks" not in text


def test_maps_of_zeros_have_no_color() -> None:
    figure = lay_out([GRAY], [[0 * ONE]], ["x"], ["cam"])
    np.testing.assert_array_equal(*pictures(figure))
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["0"]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(
    ("shapes", "columns", "captions"),
    [
        ([(28, 28, 1)], 1, False),
        ([(28, 28, 1), (600, 200, 3), (40, 90, 3), (100, 900, 3)], 4, True),
    ],
    ids=["1x1", "4x4"],
)
def test_no_text_is_cut_or_overlaps(scale: str, shapes: list[tuple[int, ...]], columns: int, captions: bool) -> None:
    images = [np.zeros(shape, np.uint8) for shape in shapes]
    maps = [[ONE, -1e-5 * ONE, 123456 * TWO, TWO][:columns]] * len(images)
    titles = ["cam", LONG, "resnet8-gap-1 · integrated_gradients", LONG.replace(" ", "")]
    below = [[LONG, "Egyptian cat and not tabby: -12.3, 0.1%", "", LONG]] * len(images) if captions else None
    rows = ["first", LONG, "", LONG.replace(" ", "")]
    figure = lay_out(images, maps, rows[: len(images)], titles[:columns], below, scale, "method's own unit")
    texts, others = boxes(figure)
    for number, box in enumerate(texts):
        assert (box[:2] >= 0).all()
        assert (box[2:] <= figure.bbox.size).all()
        assert not any(overlap(box, other) for other in [*texts[number + 1 :], *others])
    assert "…" not in words(figure)
    # What the font lacks is a question mark.
    assert ("??" in words(figure)) == captions


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"scale": "page"}, "page"),
        ({"images": []}, "image"),
        ({"heatmaps": [[ONE, ONE]]}, r"\[2\]"),
        ({"rows": ["x", "y"]}, "row"),
        ({"captions": [["x", "y"]]}, "captions"),
        ({"heatmaps": [[ONE * np.nan]]}, "finite"),
        ({"heatmaps": [[np.zeros(7)]]}, r"\(7,\)"),
        ({"images": [np.zeros((4, 4, 2))]}, r"\(4, 4, 2\)"),
    ],
    ids=["scale", "image", "maps", "rows", "captions", "finite", "flat", "channels"],
)
def test_bad_input_is_refused(change: dict[str, Any], word: str) -> None:
    arguments = {"images": [GRAY], "heatmaps": [[ONE]], "rows": ["x"], "columns": ["cam"], **change}
    with pytest.raises(ValueError, match=word):
        tp.sheet(**arguments)


def test_a_sheet_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    picture = tp.sheet([GRAY], [[ONE]], ["x"], ["cam"])
    write_sheet(picture, tmp_path / "map.png")
    with Image.open(tmp_path / "map.png") as written:
        np.testing.assert_array_equal(np.asarray(written), picture)
    with pytest.raises(ValueError, match=r"\.png"):
        write_sheet(picture, tmp_path / "map.jpg")
    with pytest.raises(ValueError, match="folder"):
        write_sheet(picture, tmp_path / "map.png" / "map.png")
    assert [path.name for path in tmp_path.iterdir()] == ["map.png"]


SMALL = ONE * 31
LARGE_SCORES = ONE * 512.5


@pytest.mark.parametrize(
    ("maps", "preferred", "scale"),
    [
        # 1,025 beside 62 was met: a row per image, a column per model.
        ([[LARGE_SCORES, SMALL]], "row", "column"),
        ([[LARGE_SCORES, SMALL], [LARGE_SCORES, SMALL]], "row", "column"),
        ([[LARGE_SCORES, SMALL], [SMALL, SMALL]], "row", "own"),
        # The CAM page: a row per model, a column per method.
        ([[SMALL, ONE], [-LARGE_SCORES, ONE]], "column", "own"),
        ([[ONE, TWO], [TWO, ONE]], "row", "row"),
        ([[ONE, TWO], [TWO, ONE / 4]], "row", "own"),
        ([[ONE, -8 * ONE]], "row", "row"),
        ([[ONE, -8.1 * ONE]], "row", "column"),
        ([[ONE, 0 * ONE]], "row", "row"),
        ([[LARGE_SCORES, SMALL]], "sheet", "column"),
        ([[LARGE_SCORES], [SMALL]], "sheet", "row"),
    ],
)
def test_no_map_is_blank_on_the_chosen_scale(maps: list[list[np.ndarray]], preferred: str, scale: str) -> None:
    choice = choose_scale(maps, preferred)
    assert choice.scale == scale
    assert bool(choice.note) == (scale != preferred)
    for of_row, scales in zip(maps, shared_scales(maps, choice.scale), strict=True):
        for heatmap, its in zip(of_row, scales, strict=True):
            assert its.limit <= 8 * abs(heatmap).max() or not heatmap.any()


def test_a_map_that_says_next_to_nothing_gets_no_scale_of_its_own() -> None:
    faint = ONE * 0.9 * FAINT
    assert choose_scale([[TWO, faint]], "row", [[5.0, 5.0]]).scale == "row"
    # In another unit it may say much.
    assert choose_scale([[TWO, faint]], "row", [[5.0, None]]).scale == "column"


@pytest.mark.parametrize("side", [7, 30, 57])
def test_a_fine_map_of_a_whole_score_is_not_taken_for_nothing(side: int) -> None:
    heatmap = np.full((side, side), 20.0 / side**2)
    assert shared_scales([[heatmap]], "own", [[20.0]])[0][0].limit == heatmap.max()
    assert shared_scales([[heatmap * 1e-3]], "own", [[20.0]])[0][0].limit == 20.0


@pytest.mark.parametrize("ground", [0, 128, 255])
def test_a_model_with_far_smaller_scores_is_seen_and_the_picture_says_why(ground: int) -> None:
    image, maps = np.full((28, 28, 1), ground, np.uint8), [[LARGE_SCORES, SMALL]]

    def colored(**settings: Any) -> list[int]:
        figure = lay_out([image], maps, ["x"], ["large", "small"], **settings)
        return [int((np.ptp(picture.astype(int), axis=2) > 40).sum()) for picture in pictures(figure)[1:]]

    assert colored(scale="row") == [LARGE.shape[0] ** 2, 0]
    assert colored(**choose_scale(maps, "row")._asdict()) == [LARGE.shape[0] ** 2] * 2
    text = words(lay_out([image], maps, ["x"], ["large", "small"], **choose_scale(maps, "row")._asdict()))
    for part in ("from 62 to 1,025", SCALES["column"].sentence):
        assert part in text.replace("\n", " ")
