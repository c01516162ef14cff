"""Parameters: the answer in words, bars, curves over sizes and classes, my runs, and the table to take away."""

import json
from pathlib import Path
from typing import Any

import pytest

import tfpool as tp
from dashboard.common.cached_plans import over_classes, over_sides
from tests.helpers.growth_chart import named, shown, told
from tests.helpers.pages import opened, sound, words
from tests.helpers.stored_runs import finished, unknown
from tfpool.networks.heads import HEADS
from tfpool.tracking.store import RunStore


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
    spec = chart(app, 0)
    assert spec["layout"]["barmode"] == "stack"
    app.toggle(key="parameters_log").set_value(True).run()
    sound(app)
    spec = chart(app, 0)
    assert (spec["layout"]["barmode"], spec["layout"]["xaxis"]["type"]) == ("group", "log")


def test_heads_that_need_equally_many_share_a_line(store: RunStore) -> None:
    app = opened("Parameters")
    assert named(shown(app)) == ["GAP, GMP", "Flatten"]
    assert shown(app).findtext("div[@class='across']") == "image side, pixels"
    app = opened("Parameters", parameters_by="classes", parameters_classes="7")
    assert shown(app).findtext("div[@class='across']") == "classes, log scale"
    assert ["7", "GAP, GMP: 455", "Flatten: 1,404,935"] in told(shown(app))


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


def test_nothing_chosen_is_a_sentence(store: RunStore) -> None:
    app = opened("Parameters")
    app.multiselect(key="parameters_networks").set_value([]).run()
    sound(app)
    assert "Choose at least one network and one head." in words(app)


def test_without_runs_it_says_what_would_stand_there(store: RunStore) -> None:
    assert "Train two heads" in words(opened("Parameters"))


def test_my_runs_stand_at_their_parameters_and_the_labs_do_not(store: RunStore) -> None:
    finished(store, 0.6)
    finished(store, 0.8, head="flatten")
    finished(store, 0.9, head="flatten", seed=1)
    app = opened("Parameters")
    spec = chart(app, 1)
    points = {dot["name"]: (dot["x"], dot["y"]) for dot in spec["data"]}
    assert points.keys() == {"resnet8 GAP", "resnet8 Flatten"}
    assert points["resnet8 Flatten"] == ([106_202], [pytest.approx(0.85)])
    assert "2 seeds" in next(dot["hovertemplate"] for dot in spec["data"] if dot["name"] == "resnet8 Flatten")


def test_a_row_that_cannot_be_is_left_out_with_its_reason_and_the_others_stay(store: RunStore) -> None:
    finished(store, 0.6)
    app = opened("Parameters", parameters_networks="resnet50", parameters_side="96", parameters_heads="SPP")
    (warning,) = (warning.value.replace("\\", "") for warning in app.warning)
    assert warning.startswith("Left out: SPP on resnet50. ")
    app.multiselect(key="parameters_networks").set_value(["resnet20", "resnet50", "vgg16"])
    app.button_group(key="parameters_heads").set_value(["gap", "flatten", "spp"]).run()
    sound(app)
    assert not app.error
    (warning,) = (warning.value.replace("\\", "") for warning in app.warning)
    assert warning.startswith("Left out: SPP on resnet50; SPP on vgg16. ")
    rows = app.dataframe[0].value
    assert list(zip(rows["network"], rows["head"], strict=True)) == [
        *(("resnet20", head) for head in ("GAP", "Flatten", "SPP")),
        *((network, head) for network in ("resnet50", "vgg16") for head in ("GAP", "Flatten")),
    ]
    assert "The largest head is **Flatten**" in words(app)
    assert chart(app, 1)["data"][0]["name"] == "resnet8 GAP"


def test_a_network_that_the_images_are_too_small_for_is_one_sentence(store: RunStore) -> None:
    app = opened("Parameters", parameters_networks="nin_imagenet", parameters_side="32")
    (warning,) = (warning.value.replace("\\", "") for warning in app.warning)
    assert warning.startswith("Left out: GAP, GMP, Flatten on nin_imagenet. ")
    assert not app.error
    # Where it can stand is still drawn, and the runs are told of.
    assert named(shown(app)) == ["GAP, GMP", "Flatten"]
    assert "Train two heads" in words(app)


def test_a_run_of_an_unknown_head_is_named_and_the_others_stay(store: RunStore) -> None:
    finished(store, 0.6)
    hidden = unknown(store, head={"name": "hidden"})
    app = opened("Parameters")
    assert hidden.id in words(app).replace("\\", "")
    assert [dot["name"] for dot in chart(app, 1)["data"]] == ["resnet8 GAP"]
