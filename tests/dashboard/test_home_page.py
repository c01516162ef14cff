"""Home: a map in the address, heads counted live, and the tour's steps with the numbers of the runs that ship."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit

from dashboard.common.counts_in_words import number_of
from dashboard.home import feature_map_editor
from dashboard.home.tour import STEPS
from tests.helpers.pages import opened, sound, words
from tfpool import examples
from tfpool.lab import finding
from tfpool.lab.claim import CLAIMS
from tfpool.networks import heads
from tfpool.tracking import results

ELSEWHERE = "0000000000360069"
DEFAULTS = {name: kept.default for name, kept in feature_map_editor.KEPT.items()}


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TFPOOL_STORE", str(tmp_path / "saved_models"))
    return tmp_path / "saved_models"


def drawn(key: str, monkeypatch: pytest.MonkeyPatch, sent: object = None) -> dict[str, Any]:
    """What a component gets to draw, while the browser has sent this."""
    contents = []

    def component(**settings: Any) -> SimpleNamespace:
        contents.append(json.loads(settings["data"]["content"]))
        return SimpleNamespace(chosen=sent)

    monkeypatch.setattr(streamlit, "session_state", {key: {"chosen": sent}})
    monkeypatch.setattr(feature_map_editor, "_component", component)
    feature_map_editor.edit()
    return contents[0]


def test_the_maps_and_weights_of_an_address_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    query = {"home_map": ELSEWHERE, "home_weights": "0123ab", "home_head": "flatten"}
    monkeypatch.setattr(streamlit, "query_params", query)
    values = drawn("home_editor", monkeypatch)["values"]
    assert values == {**DEFAULTS, **query}


@pytest.mark.parametrize("word", ["", "-" * 16, "٣" * 16, "0" * 17, "<script>alert(1)</script>"])
def test_what_is_no_value_is_the_default(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamlit, "query_params", dict.fromkeys(DEFAULTS, word))
    assert drawn("home_editor", monkeypatch)["values"] == DEFAULTS
    monkeypatch.setattr(streamlit, "query_params", {})
    for sent in (dict.fromkeys(DEFAULTS, word), {name: [1] for name in DEFAULTS}, [word], word, 7):
        assert drawn("home_editor", monkeypatch, sent)["values"] == DEFAULTS


def test_what_is_chosen_in_the_browser_goes_into_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    query: dict[str, str] = {}
    monkeypatch.setattr(streamlit, "query_params", query)
    drawn("home_editor", monkeypatch, {**DEFAULTS, "home_map": ELSEWHERE})
    assert query == {"home_map": ELSEWHERE}


def test_formulas_in_numbers_are_the_counts_of_the_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamlit, "query_params", {})
    content = drawn("home_editor", monkeypatch)
    assert len(content["maps"]) == feature_map_editor.SHAPE[-1]
    for head in content["heads"]:
        assert head["params"] == heads.get(head["name"]).params(feature_map_editor.SHAPE, len(content["classes"]))
        assert sum(math.prod(map(int, term.split("·"))) for term in head["numbers"].split(" + ")) == head["params"]
        kept = DEFAULTS["home_cell_weights" if head["name"] == "flatten" else "home_weights"]
        assert len(kept) == head["params"]


def test_heads_are_counted_by_their_formulas() -> None:
    app = opened("Home")
    app.slider(key="home_side").set_value(10)
    app.select_slider(key="home_channels").set_value(32)
    app.select_slider(key="home_classes").set_value(2).run()
    sound(app)
    text = words(app)
    for name, numbers in (("gap", "32·2 + 2"), ("gmp", "32·2 + 2"), ("flatten", "10·10·32·2 + 2")):
        params = heads.get(name).params((10, 10, 32), 2)
        assert f"{heads.HEADS[name].formula} = {numbers} = **{params:,}**" in text
    assert "**97 times** as many" in text
    assert "With a single position all three cost the same" in words(opened("Home", home_side="1"))


def test_editing_the_map_runs_nothing_else_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    fragments, fragment = [], streamlit.fragment

    def record(part: Callable[..., None], **settings: Any) -> Callable[..., None]:
        fragments.append(part.__name__)
        return fragment(part, **settings)

    monkeypatch.setattr(streamlit, "fragment", record)
    opened("Home")
    assert fragments == ["edit", "growth", "slide", "_steps"]


def test_the_tour_goes_from_step_to_step() -> None:
    app = opened("Home")
    for step in STEPS[1:]:
        app.button(key="home_next").click().run()
        sound(app)
        assert app.segmented_control(key="home_step").value == step
    assert not [button for button in app.button if button.key == "home_next"]


def test_an_old_link_to_the_last_step_opens_it() -> None:
    app = opened("Home", home_step="Believe")
    assert app.segmented_control(key="home_step").value == "Check"
    sound(app)
    app.segmented_control(key="home_step").set_value("Count").run()
    assert app.segmented_control(key="home_step").value == "Count"


def test_the_tour_tells_the_numbers_of_the_runs_that_ship() -> None:
    gap, flatten = examples.runs().values()
    assert f"**{flatten.plan.head_params:,}** parameters in Flatten's head" in words(opened("Home", home_step="Count"))
    text = words(opened("Home", home_step="Learn"))
    for run in (gap, flatten):
        assert f"**{results.last(run, 'test'):.1%}** of the test images" in text
    held = sum(finding.shipped(name).judgement.verdict == "holds" for name in CLAIMS)
    assert number_of("holds", held) in words(opened("Home", home_step="Check"))


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
