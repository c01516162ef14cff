"""Home: a map in the address, heads counted live, and the tour's steps with the numbers of the runs that ship."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit
from streamlit.testing.v1 import AppTest

from dashboard.common.counts_in_words import number_of
from dashboard.home import feature_map_editor
from dashboard.home.tour import STEPS
from tests.helpers.pages import opened, sound, words
from tfpool import examples
from tfpool.lab import finding
from tfpool.lab.claim import CLAIMS
from tfpool.networks import heads
from tfpool.tracking import results

CORNER, ELSEWHERE = "9600630000000000", "0000000000360069"


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TFPOOL_STORE", str(tmp_path / "saved_models"))
    return tmp_path / "saved_models"


def values(app: AppTest) -> list[str]:
    """What GAP, GMP and Flatten make of the map."""
    return [each.value.strip("#` ") for each in app.markdown if each.value.startswith(("####", "`"))]


def test_moving_the_pattern_changes_flatten_and_not_gap() -> None:
    assert values(opened("Home")) == ["1.50", "9", " ".join(CORNER)]
    assert values(opened("Home", home_map=ELSEWHERE)) == ["1.50", "9", " ".join(ELSEWHERE)]


@pytest.mark.parametrize("word", ["", "-" * 16, "٣" * 16, "<script>alert(1)</script>"])
def test_an_address_without_a_map_shows_the_first_one(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_map_editor, "_component", lambda **settings: SimpleNamespace(cells=None))
    monkeypatch.setattr(streamlit, "query_params", {"home_map": word})
    cells = feature_map_editor.edit({"Corner": CORNER}, "home_map", "A map")
    assert "".join(map(str, cells.ravel())) == CORNER


def test_heads_are_counted_by_their_formulas() -> None:
    app = opened("Home")
    app.slider(key="home_side").set_value(10)
    app.select_slider(key="home_channels").set_value(32)
    app.select_slider(key="home_classes").set_value(2).run()
    sound(app)
    text = words(app)
    for name in ("gap", "gmp", "flatten"):
        params = heads.get(name).params((10, 10, 32), 2)
        assert f"Then Dense, {heads.HEADS[name].formula}: **{params:,}** parameters" in text
        assert f"**{heads.HEADS[name].label}**, {heads.HEADS[name].meaning}" in text
    assert "**97 times** as many parameters" in text
    assert "With a single position all three cost the same" in words(opened("Home", home_side="1"))


def test_editing_the_map_runs_nothing_else_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    fragments, fragment = [], streamlit.fragment

    def record(part: Callable[..., None], **settings: Any) -> Callable[..., None]:
        fragments.append(part.__name__)
        return fragment(part, **settings)

    monkeypatch.setattr(streamlit, "fragment", record)
    opened("Home")
    assert fragments == ["play", "_steps"]


def test_the_tour_goes_from_step_to_step() -> None:
    app = opened("Home")
    for step in STEPS[1:]:
        app.button(key="home_next").click().run()
        sound(app)
        assert app.segmented_control(key="home_step").value == step
    assert not [button for button in app.button if button.key == "home_next"]


def test_the_tour_tells_the_numbers_of_the_runs_that_ship() -> None:
    gap, flatten = examples.runs().values()
    assert f"**{flatten.plan.head_params:,}** parameters in Flatten's head" in words(opened("Home", home_step="Count"))
    text = words(opened("Home", home_step="Learn"))
    for run in (gap, flatten):
        assert f"**{results.last(run, 'test'):.1%}** of test images" in text
    held = sum(finding.shipped(name).judgement.verdict == "holds" for name in CLAIMS)
    assert number_of("holds", held) in words(opened("Home", home_step="Believe"))


def test_the_tours_maps_follow_the_picture() -> None:
    names = next(iter(examples.runs().values())).spec["class_names"]
    charts = []
    for number, name in enumerate(names[:2]):
        app = opened("Home", home_step="Look", home_picture=name)
        for run, probabilities in examples.maps().probabilities.items():
            predicted = probabilities[number].argmax()
            assert f"predicts {names[predicted]}{'' if predicted == number else ' (wrong)'}" in words(app), run
        charts.append([chart.proto.spec for chart in app.get("plotly_chart")])
        assert len(charts[-1]) == 2
    assert charts[0] != charts[1]
