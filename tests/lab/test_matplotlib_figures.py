"""Figures as files, drawn with no display."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.crafted_records import finding
from tests.helpers.pictures import words
from tfpool.lab.figure import Figure, Series
from tfpool.lab.matplotlib_figures import draw
from tfpool.networks.heads import HEADS

BARS = Figure(
    "Accuracy of heads",
    "padding",
    "accuracy",
    (
        Series("GAP", ["zero", "circular"], [0.9, 0.25], [0.8, 0.2], [1.0, 0.3], "gap"),
        Series("Flatten", ["zero", "circular"], [0.95, 0.9], [0.9, 0.9], [1.0, 0.9], "flatten"),
    ),
    kind="bar",
    level=0.25,
    level_name="chance",
)
LINES = Figure(
    "Parameters of heads",
    "classes",
    "parameters",
    (Series("GAP", [10, 100, 1000], [650, 6500, 65_000_000]), Series("no head", [10, 100, 1000], [1, 2, 3])),
    percent=False,
    log=True,
    log_x=True,
)


@pytest.mark.parametrize("name", ["degradation", "overfitting", "position"])
def test_a_sheet_has_all_panels_and_series(name: str, tmp_path: Path) -> None:
    figures = finding(name).judgement.figures
    text = words(draw(figures, tmp_path / "figure.svg"))
    for figure in figures:
        assert all(word in text for word in figure.title.split())
        assert all(series.name in text for series in figure.series)


def test_titles_axes_legend_and_level_are_text_and_numbers_plain(tmp_path: Path) -> None:
    text = words(draw([BARS, LINES], tmp_path / "figure.svg"))
    assert {"padding", "accuracy", "GAP", "Flatten", "chance", "zero", "circular", "40%"} <= set(text.split())
    assert "Accuracy of heads" in text
    assert all(number in text for number in ("10 ", "100 ", "1,000 ", " M"))
    assert "$" not in text


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_the_same_figures_make_the_same_bytes(suffix: str, tmp_path: Path) -> None:
    first = draw([BARS, LINES], tmp_path / f"first{suffix}").read_bytes()
    assert draw([BARS, LINES], tmp_path / f"second{suffix}").read_bytes() == first


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "new" / "figure.svg"
    assert draw([LINES], path) == path
    draw([BARS], path)
    assert [file.name for file in path.parent.iterdir()] == ["figure.svg"]
    assert "Accuracy of heads" in words(path)


def test_bars_have_the_colors_of_their_heads(tmp_path: Path) -> None:
    with Image.open(draw([BARS], tmp_path / "figure.png")) as image:
        assert image.width == 900
        pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    for head in ("gap", "flatten"):
        color = tuple(bytes.fromhex(HEADS[head].color[1:]))
        assert (pixels == color).all(axis=1).sum() > 1000


def test_what_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="none"):
        draw([], tmp_path / "figure.svg")
    with pytest.raises(ValueError, match=r"figure\.pdf"):
        draw([BARS], tmp_path / "figure.pdf")
    assert list(tmp_path.iterdir()) == []
