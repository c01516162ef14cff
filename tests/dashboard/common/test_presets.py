"""Networks as in the article: each link opens its page in the preset's state."""

from pathlib import Path
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

import tfpool as tp
from dashboard.common.presets import PRESETS, trained
from tests.helpers.pages import metrics, opened, sound, words
from tests.helpers.stored_runs import finished
from tfpool import examples
from tfpool.networks.catalog import find
from tfpool.tracking.store import RunStore

SHIPPED = {"squeezenet", *examples.runs()}


def query(app: AppTest, label: str) -> dict[str, list[str]]:
    """The settings that a link leads to. Those of the menu have none."""
    (found,) = (
        each.proto.query_string
        for each in app.get("page_link")
        if each.proto.label == label and each.proto.query_string
    )
    return parse_qs(found)


@pytest.mark.parametrize("label", PRESETS)
def test_links_open_build_and_parameters_in_the_presets_state(label: str, empty: Path) -> None:
    preset, app = PRESETS[label], opened("Home", home_preset=label)
    entry = find(preset.network)
    plan = tp.plan(preset.network, preset.heads[0], entry.input_shape, entry.classes)
    build = opened("Build", **query(app, "Build"))
    assert metrics(build)["Parameters"] == f"{plan.params:,}"
    assert build.button_group(key="build_preset").value == label
    assert query(build, "Inside") == query(app, "Inside")
    parameters = opened("Parameters", **query(app, "Parameters"))
    rows = parameters.dataframe[0].value
    assert {*rows["head"]} == {tp.plan(preset.network, head).head.label for head in (*preset.heads, preset.against)}
    assert {*rows["network"]} == {preset.network}
    assert parameters.number_input(key="parameters_classes").value == entry.classes
    assert {*query(app, "Inside")["inside_model"], *query(app, "CAM")["cam_models"]} <= SHIPPED


@pytest.mark.slow
@pytest.mark.parametrize("label", ["VGG + Flatten and FC", "SqueezeNet"])
def test_links_open_inside_and_cam_with_a_model_that_is_there(label: str, empty: Path) -> None:
    app, model = opened("Home", home_preset=label), PRESETS[label].stand_in
    inside = opened("Inside", **query(app, "Inside"))
    assert not inside.error
    assert inside.selectbox(key="inside_model").value == model
    cam = opened("CAM", **query(app, "CAM"))
    assert not cam.error
    assert cam.multiselect(key="cam_models").value == [model]
    if model == "squeezenet":
        assert inside.selectbox(key="inside_photograph").value == cam.selectbox(key="cam_photograph").value == "cat"


def test_a_network_that_nobody_trained_has_a_stand_in_and_a_link_to_train(empty: Path) -> None:
    app = opened("Home", home_preset="AlexNet")
    assert "example-flatten" in words(app)
    train = opened("Train", **query(app, "Train alexnet"))
    assert train.multiselect(key="train_networks").value == ["alexnet"]
    assert train.button_group(key="train_heads").value == ["fc"]
    assert train.number_input(key="train_image_size").value == 64
    assert not train.error


def test_ones_own_run_of_such_a_network_comes_first(empty: Path) -> None:
    run = finished(RunStore(empty), 0.7)
    assert trained(PRESETS["ResNet + GAP"], RunStore(empty).runs()) == []
    run.model_path.parent.mkdir(parents=True, exist_ok=True)
    run.model_path.touch()
    finished(RunStore(empty), 0.8, head="flatten")
    assert trained(PRESETS["ResNet + GAP"], RunStore(empty).runs()) == [run.id]
    assert query(opened("Home"), "CAM")["cam_models"] == [run.id]


def test_build_goes_to_a_preset_and_notices_when_it_is_left(empty: Path) -> None:
    app = opened("Build", build_side="64")
    assert app.button_group(key="build_preset").value is None
    app.button_group(key="build_preset").set_value("AlexNet").run()
    sound(app)
    assert app.selectbox(key="build_network").value == "alexnet"
    assert app.number_input(key="build_side").value is None
    assert metrics(app)["Parameters"] == f"{tp.plan('alexnet', 'fc').params:,}"
    app.button_group(key="build_head").set_value("gap").run()
    sound(app)
    assert app.button_group(key="build_preset").value is None
