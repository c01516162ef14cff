"""A figure is plain data, laid out once for whoever draws it."""

import json
from typing import Any

import pytest

from tests.helpers.crafted_records import finding
from tfpool.lab import CLAIMS
from tfpool.lab.figure import KINDS, Figure, Panel, Series, label, panels
from tfpool.networks.heads import HEADS
from tfpool.networks.line_colors import NEUTRAL, line_colors

LINES = Figure(
    "Accuracy by size",
    "images",
    "accuracy",
    (
        Series("GAP", [250, 1000], [0.5, 0.7], [0.4, 0.6], [0.6, 0.8], "gap"),
        Series("Flatten", [250, 1000], [0.4, 0.5]),
    ),
    log_x=True,
    level=0.1,
    level_name="chance",
)


def panel(series: Series, **settings: Any) -> Panel:
    (laid_out,) = panels([Figure("", "", "", [series], **settings)])
    return laid_out


def test_a_figure_comes_back_from_its_record() -> None:
    assert Figure.of(LINES.record()) == LINES
    parsed = json.loads(json.dumps(LINES.record()))
    assert json.dumps(Figure.of(parsed).record()) == json.dumps(LINES.record())


@pytest.mark.parametrize("name", CLAIMS)
def test_the_figures_of_claims_come_back_from_json_and_can_be_laid_out(name: str) -> None:
    figures = finding(name).judgement.figures
    for figure in figures:
        parsed = json.loads(json.dumps(figure.record()))
        assert json.loads(json.dumps(Figure.of(parsed).record())) == parsed
        assert figure.kind in KINDS
    for laid_out in panels(figures):
        assert list(map(len, laid_out.positions)) == [len(series.y) for series in laid_out.figure.series]
        assert set(laid_out.colors) >= {series.name for series in laid_out.figure.series}


def test_the_alt_text_has_title_axes_and_series() -> None:
    assert LINES.alt_text == "Accuracy by size: accuracy by images, for GAP, Flatten"


def test_panels_of_the_same_measure_have_the_same_range() -> None:
    low, high, other = (
        Figure("", "epoch", measure, [Series("GAP", [1, 2], [value, value + 0.1])])
        for measure, value in (("accuracy", 0.1), ("accuracy", 0.8), ("gap", 0.01))
    )
    first, second, third = (laid_out.y.ends for laid_out in panels([low, high, other]))
    assert first
    assert first == second != third
    assert first[0] < 0.1 < 0.9 < first[1]


def test_a_wide_interval_does_not_squeeze_the_values() -> None:
    ends = panel(Series("GAP", [1, 2], [0.5, 0.6], [-40.0, 0.5], [40.0, 0.7])).y.ends
    assert ends
    assert 0 < ends[0] < 0.5
    assert 0.6 < ends[1] < 1


@pytest.mark.parametrize("values", [[0.2, 0.9], [1e-4, 2e8], [3.0, 3.0], [0.0, 5.0]])
def test_a_logarithmic_axis_has_two_labels_at_least(values: list[float]) -> None:
    axis = panel(Series("a", [1, 2], values), log=True).y
    assert axis.ends
    assert axis.ends[0] < max(values) < axis.ends[1]
    assert 2 <= len(axis.ticks) < 20
    assert all(axis.ends[0] <= tick <= axis.ends[1] for tick in axis.ticks)


def test_numbers_are_labeled_where_there_is_room_and_names_all() -> None:
    assert list(panel(Series("a", [14, 20, 24, 84], [0.1] * 4)).x.ticks) == [14, 24, 84]
    assert list(panel(Series("a", [250, 1000, 4000], [0.1] * 3), log_x=True).x.ticks.values()) == [
        "250",
        "1,000",
        "4,000",
    ]
    assert not panel(Series("a", [0.0, 0.1667, 1.0], [0.1] * 3)).x.ticks
    names = panel(Series("a", ["zero", "none"], [0.1, 0.2]), kind="bar")
    assert (list(names.x.ticks.values()), names.positions) == (["zero", "none"], [[0, 1]])


def test_one_bar_does_not_fill_the_figure() -> None:
    assert panel(Series("a", [1000], [0.1]), kind="bar").x.ends == (-1.0, 1.0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("log", [True, False])
def test_a_figure_without_values_has_a_range(kind: str, log: bool) -> None:
    ends = panel(Series("a", [], []), kind=kind, log=log).y.ends
    assert ends
    assert ends[0] < ends[1]


def test_the_end_of_an_interval_on_the_wrong_side_is_no_length() -> None:
    below, above = Series("a", [1, 2], [0.5, 0.5], [0.6, 0.4], [0.7, 0.5]).error_bars
    assert below == pytest.approx([0.0, 0.1])
    assert above == pytest.approx([0.2, 0.0])


@pytest.mark.parametrize(
    ("value", "words"), [("zero", "zero"), (250, "250"), (1000.0, "1,000"), (25_088_000, "25.1 M"), (0.001, "0.001")]
)
def test_values_on_an_axis_are_short(value: Any, words: str) -> None:
    assert label(value) == words


def test_every_name_has_a_color_of_its_own_and_keeps_it() -> None:
    colors = line_colors(
        [("GAP", "gap"), ("center", ""), ("GAP, twice", "gap"), ("GAP", "gap"), ("Flatten", "flatten")]
    )
    assert colors["GAP"] == HEADS["gap"].color
    assert (colors["center"], colors["GAP, twice"]) == NEUTRAL[:2]
    assert colors["Flatten"] == HEADS["flatten"].color
    assert len({*(head.color for head in HEADS.values()), *NEUTRAL}) == len(HEADS) + len(NEUTRAL)
