"""Parameters: the answer in words, bars, curves over sizes and classes, my runs, and the table to take away."""

import json
from pathlib import Path
from typing import Any

import pytest

import tfpool as tp
from dashboard.counted import over_classes, over_sides
from tfpool.heads import HEADS
from tfpool.runs import RunStore

from .test_pages import opened, sound, words
from .test_runs_page import finished


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    monkeypatch.setenv("TFPOOL_STORE", str(tmp_path / "saved_models"))
    return RunStore(tmp_path / "saved_models")


def chart(app: Any, number: int) -> dict[str, Any]:
    return json.loads(app.get("plotly_chart")[number].proto.spec)


def test_it_answers_in_words_and_numbers(store: RunStore) -> None:
    app = opened("Parameters")
    gap, flatten = (
        tp.plan("resnet20", head=head, input_shape=(224, 224, 3), classes=1000) for head in ("gap", "flatten")
    )
    assert f"**Flatten** on **resnet20**: **{flatten.head_params:,}** parameters" in words(app)
    assert f"**GAP** on **resnet20** with **{gap.head_params:,}**: the largest has 3,088 times as many" in words(app)
    assert list(app.dataframe[0].value["parameters"]) == [
        tp.plan(name, head=head, input_shape=(224, 224, 3), classes=1000).params
        for name in ("resnet20", "resnet50")
        for head in ("gap", "gmp", "flatten")
    ]
    app.button_group(key="parameters_heads").set_value(["gap", "gmp"]).run()
    sound(app)
    app.multiselect(key="parameters_networks").set_value(["resnet20"]).run()
    assert f"Each of these heads has **{gap.head_params:,}** parameters." in words(app)


def test_bars_are_stacked_unless_the_axis_is_logarithmic(store: RunStore) -> None:
    app = opened("Parameters")
    drawn = chart(app, 0)
    assert drawn["layout"]["barmode"] == "stack"
    app.toggle(key="parameters_log").set_value(True).run()
    sound(app)
    drawn = chart(app, 0)
    assert (drawn["layout"]["barmode"], drawn["layout"]["xaxis"]["type"]) == ("group", "log")


def test_heads_that_need_equally_many_share_a_line(store: RunStore) -> None:
    app = opened("Parameters")
    assert [line["name"] for line in chart(app, 1)["data"]] == ["GAP, GMP", "Flatten"]
    app = opened("Parameters", parameters_by="classes", parameters_classes="7")
    drawn = chart(app, 1)
    assert drawn["layout"]["xaxis"]["type"] == "log"
    assert drawn["layout"]["shapes"][0]["x0"] == 7


@pytest.mark.parametrize("network", ["resnet20", "squeezenet", "nin_imagenet"])
def test_curves_are_what_plans_count(network: str) -> None:
    sides, classes = (224, 256), (3, 10)
    by_side, by_class = over_sides(network, list(HEADS), sides, 10), over_classes(network, list(HEADS), 224, classes)
    for head in HEADS:
        assert by_side[head] == [tp.plan(network, head, (side, side, 3), 10).head_params for side in sides]
        assert by_class[head] == [tp.plan(network, head, (224, 224, 3), each).head_params for each in classes]


def test_a_curve_begins_where_network_and_head_can_stand() -> None:
    found = over_sides("nin_imagenet", ["gap", "spp"], (16, 96, 224), 10)
    assert [each is None for each in found["gap"]] == [True, False, False]
    assert [each is None for each in found["spp"]] == [True, True, False]


def test_nothing_chosen_and_what_cannot_be_are_sentences(store: RunStore) -> None:
    app = opened("Parameters")
    app.multiselect(key="parameters_networks").set_value([]).run()
    sound(app)
    assert "Choose at least one network and one head." in words(app)
    app = opened("Parameters", parameters_networks="nin_imagenet", parameters_side="32")
    assert len(app.error) == 1


def test_without_runs_it_says_what_would_stand_there(store: RunStore) -> None:
    assert "train two heads, and they stand here" in words(opened("Parameters"))


def test_my_runs_stand_at_their_parameters_and_the_labs_do_not(store: RunStore) -> None:
    finished(store, 0.6)
    finished(store, 0.8, head="flatten")
    finished(store, 0.9, head="flatten", seed=1)
    app = opened("Parameters")
    drawn = chart(app, 2)
    points = {dot["name"]: (dot["x"], dot["y"]) for dot in drawn["data"]}
    assert points.keys() == {"resnet8 GAP", "resnet8 Flatten"}
    assert points["resnet8 Flatten"] == ([106_202], [pytest.approx(0.85)])
    assert "2 seeds" in next(dot["hovertemplate"] for dot in drawn["data"] if dot["name"] == "resnet8 Flatten")
