"""Figures as files, drawn with no display."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.crafted_records import finding
from tests.helpers.pictures import words
from tfpool.head_colors import COLOURS, OTHERS, coloured
from tfpool.lab import CLAIMS
from tfpool.lab.figure import Figure, Series
from tfpool.lab.matplotlib_figures import draw

BARS = Figure(
    "Accuracy of heads",
    "padding",
    "accuracy",
    (
        Series("GAP", ["zero", "circular"], [0.9, 0.25], [0.8, 0.2], [1.0, 0.3], "gap"),
        Series("Flatten", ["zero", "circular"], [0.95, None], [0.9, None], [1.0, None], "flatten"),
    ),
    kind="bar",
    level=0.25,
    level_name="chance",
)
LINES = Figure(
    "Parameters of heads",
    "classes",
    "parameters",
    (Series("GAP", [10, 100, 1000], [650, None, 65_000_000]), Series("no head", [10, 100, 1000], [1, 2, 3])),
    percent=False,
    log=True,
    log_x=True,
)


@pytest.mark.parametrize("name", CLAIMS)
def test_a_drawing_has_all_panels_and_all_that_is_compared(name: str, tmp_path: Path) -> None:
    figures = finding(name).judgement.figures
    told = words(draw(figures, tmp_path / "figure.svg"))
    for figure in figures:
        assert all(word in told for word in figure.title.split())
        assert all(series.name in told for series in figure.series)


def test_titles_axes_legend_and_level_are_text(tmp_path: Path) -> None:
    told = words(draw([BARS], tmp_path / "figure.svg"))
    for each in ("Accuracy of heads", "padding", "accuracy", "GAP", "Flatten", "chance", "zero", "circular", "40%"):
        assert each in told


def test_numbers_on_logarithmic_axes_are_plain_and_gaps_are_no_hindrance(tmp_path: Path) -> None:
    told = words(draw([LINES], tmp_path / "figure.svg"))
    for each in ("10 ", "100 ", "1,000 ", " M"):
        assert each in told
    assert "$" not in told


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_the_same_figures_make_the_same_bytes(suffix: str, tmp_path: Path) -> None:
    first = draw([BARS, LINES], tmp_path / f"first{suffix}").read_bytes()
    assert draw([BARS, LINES], tmp_path / f"second{suffix}").read_bytes() == first


def test_a_drawing_takes_the_place_of_an_older_one_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "figure.svg"
    assert draw([LINES], path) == path
    draw([BARS], path)
    assert [each.name for each in path.parent.iterdir()] == ["figure.svg"]
    assert "Accuracy of heads" in words(path)


def test_bars_have_the_colours_of_their_heads(tmp_path: Path) -> None:
    with Image.open(draw([BARS], tmp_path / "figure.png")) as image:
        assert image.width == 900
        pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    for head in ("gap", "flatten"):
        colour = tuple(bytes.fromhex(COLOURS[head][1:]))
        assert (pixels == colour).all(axis=1).sum() > 1000


def test_a_wide_interval_does_not_squeeze_the_values(tmp_path: Path) -> None:
    narrow = Figure("", "", "", [Series("GAP", [1, 2], [0.4, 0.5], [0.39, 0.49], [0.41, 0.51])])
    wide = Figure("", "", "", [Series("GAP", [1, 2], [0.4, 0.5], [-9.0, -9.0], [9.0, 9.0])])
    for figure in (narrow, wide):
        told = words(draw([figure], tmp_path / "figure.svg"))
        assert "40%" in told
        assert "100%" not in told


def test_panels_of_one_measure_have_one_range(tmp_path: Path) -> None:
    low, high, other = (
        Figure(title, "epoch", measure, [Series("GAP", [1, 2], [share, share + 0.1])])
        for title, measure, share in (("a", "accuracy", 0.1), ("b", "accuracy", 0.8), ("c", "gap", 0.01))
    )
    told = words(draw([low, high, other], tmp_path / "figure.svg"))
    assert told.count("80%") == 2


def test_many_long_names_stand_aslant(tmp_path: Path) -> None:
    names = [f"{each}-dimensional-convolution" for each in ("one", "two", "three", "four", "five", "six")]
    figure = Figure("", "", "", [Series("GAP", names, [0.1] * 6)], kind="bar")
    told = words(draw([figure] * 3, tmp_path / "figure.svg"))
    assert all(name in told for name in names)
    assert "rotate(-30" in (tmp_path / "figure.svg").read_text()


def test_what_cannot_be_drawn_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no figure to draw"):
        draw([], tmp_path / "figure.svg")
    with pytest.raises(ValueError, match=r"an \.svg or a \.png file, got figure\.pdf"):
        draw([BARS], tmp_path / "figure.pdf")
    assert list(tmp_path.iterdir()) == []


def test_every_name_has_a_colour_of_its_own_and_keeps_it() -> None:
    found = coloured([("GAP", "gap"), ("centre", ""), ("GAP, twice", "gap"), ("GAP", "gap"), ("Flatten", "flatten")])
    assert found["GAP"] == COLOURS["gap"]
    assert (found["centre"], found["GAP, twice"]) == OTHERS[:2]
    assert found["Flatten"] == COLOURS["flatten"]
    assert len({*COLOURS.values(), *OTHERS}) == len(COLOURS) + len(OTHERS)
