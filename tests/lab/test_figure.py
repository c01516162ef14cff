"""A figure is plain data."""

import json

import pytest

from tests.helpers.crafted_records import finding
from tfpool.lab import CLAIMS
from tfpool.lab.figure import KINDS, Figure, Series

LINES = Figure(
    "Accuracy by size",
    "images",
    "accuracy",
    (
        Series("GAP", [250, 1000], [0.5, None], [0.4, None], [0.6, None], "gap"),
        Series("Flatten", [250, 1000], [0.4, 0.5]),
    ),
    log_x=True,
    level=0.1,
    level_name="chance",
)


def test_a_figure_comes_back_from_its_record() -> None:
    assert Figure.of(LINES.record()) == LINES
    kept = json.loads(json.dumps(LINES.record()))
    assert json.dumps(Figure.of(kept).record()) == json.dumps(LINES.record())


@pytest.mark.parametrize("name", CLAIMS)
def test_the_figures_of_claims_come_back_from_json(name: str) -> None:
    for figure in finding(name).judgement.figures:
        kept = json.loads(json.dumps(figure.record()))
        assert json.loads(json.dumps(Figure.of(kept).record())) == kept
        assert figure.kind in KINDS


def test_it_can_be_told_in_words() -> None:
    assert LINES.alt == "Accuracy by size: accuracy by images, for GAP, Flatten"
