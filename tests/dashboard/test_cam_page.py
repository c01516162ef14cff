"""The CAM page in Streamlit's own test harness: its controls, maps, sums and messages."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import tfpool as tp
from dashboard.cam import fidelity_curves, model_picker
from dashboard.cam.explanations import digest
from dashboard.common.page import plain
from tests.helpers.pages import opened, sound, words
from tests.helpers.stored_runs import unknown
from tfpool import data, examples
from tfpool.cam.figures.color_scales import SCALES
from tfpool.networks.heads import HEADS
from tfpool.tracking.store import RunStore

METHODS = tp.methods()


def maps(app: AppTest) -> list[str]:
    """The specifications of the maps that are shown."""
    return [chart.proto.spec for chart in app.get("plotly_chart") if '"heatmap"' in chart.proto.spec]


def limit(spec: str) -> str:
    return spec.split('"cmax":')[1].split(",")[0].rstrip("}")


def plainly(app: AppTest) -> str:
    return words(app).replace("\\", "")


PAIR = ["example-gap", "example-flatten"]
"""The runs that ship."""


def cam(**query: str | list[str]) -> AppTest:
    return opened("CAM", **query)


def test_maps_of_different_classes_name_them_in_their_titles(empty: Path) -> None:
    app = cam(cam_models=PAIR, cam_number="12")
    sound(app)
    assert [f"map of **{name}**" in words(app) for name in ("Sandal", "Sneaker")] == [True, True]


def test_without_a_run_a_network_of_1000_classes_looks_at_a_cat_and_two_heads_are_one_click_away(empty: Path) -> None:
    app = cam()
    assert app.multiselect(key="cam_models").value == ["squeezenet"]
    assert "predicts: **Egyptian cat**" in words(app)
    assert len(app.selectbox(key="cam_target").options) == 1 + 1000
    app.selectbox(key="cam_target").set_value("lynx").run()
    app.button(key="cam_start_1").click().run()
    sound(app)
    assert app.query_params["cam_models"] == PAIR
    assert len(maps(app)) == 2
    # Both predict its true class, and no class of the photograph is left.
    assert words(app).count("predicts: **Ankle boot**  ") == 2
    assert "map of **" not in words(app)
    assert app.selectbox(key="cam_class").value == "Ankle boot"
    assert "cam_target" not in app.query_params
    again = cam(**app.query_params)
    assert maps(again) == maps(app)
    app.button(key="cam_start_0").click().run()
    sound(app)
    assert "predicts: **Egyptian cat**" in words(app)
    assert not empty.exists()


def test_runs_of_ones_own_come_first(filled: Path) -> None:
    app = cam()
    assert app.multiselect(key="cam_models").value == ["resnet8-gap-1", "resnet8-flatten-2"]
    app.button(key="cam_start_1").click().run()
    assert app.multiselect(key="cam_models").value == ["squeezenet"]
    app.button(key="cam_start_0").click().run()
    sound(app)
    assert app.multiselect(key="cam_models").value == ["resnet8-gap-1", "resnet8-flatten-2"]
    assert app.selectbox(key="cam_source").value == "test images"


def test_models_stand_in_the_address_so_that_a_link_shows_the_same_when_others_are_newer(empty: Path) -> None:
    app = cam()
    assert app.multiselect(key="cam_models").value == ["squeezenet"]
    assert cam(cam_models="example-flatten").multiselect(key="cam_models").value == ["example-flatten"]
    # A model that no longer exists is named, and the others are shown.
    for address, shown in (("nonsense*", "squeezenet"), (["nonsense*", "example-gap"], "example-gap")):
        app = cam(cam_models=address)
        assert app.multiselect(key="cam_models").value == [shown]
        assert plain("nonsense*") in app.warning[0].value
    assert not cam(cam_models="example-gap").warning


def test_an_address_puts_the_image_where_it_was_dragged_to(empty: Path) -> None:
    which = digest(examples_image())[:4]
    original, moved, other = (
        cam(cam_models=PAIR, **query)
        for query in ({}, {"cam_place": f"6_-3_1.5_{which}"}, {"cam_place": "6_-3_1.5_0000"})
    )
    assert moved.query_params["cam_place"] == f"6_-3_1.5_{which}"
    assert "cam_place" not in other.query_params
    assert maps(moved) != maps(original) == maps(other)


def examples_image() -> np.ndarray:
    """The image that the page opens with for the runs that ship."""
    run = next(iter(examples.runs().values()))
    return data.load(run.spec["data"]).test.images[0]


def test_an_address_names_the_map_that_is_added_up_and_its_position(empty: Path) -> None:
    query = {"cam_models": PAIR, "cam_sum": "true", "cam_sum_of": "example-flatten · hirescam"}
    app = cam(**query, cam_row="2", cam_column="3")
    assert app.selectbox(key="cam_sum_of").value == "example-flatten · hirescam"
    assert [app.number_input(key=f"cam_{name}").value for name in ("row", "column")] == [2, 3]
    others = cam(**query, cam_row="5", cam_column="3")
    assert list(app.dataframe[0].value["adds"]) != list(others.dataframe[0].value["adds"])
    # A position outside of the map is ignored.
    app = cam(cam_models=PAIR, cam_sum="true", cam_row="99", cam_column="x")
    assert app.number_input(key="cam_row").value < 8


def test_a_tested_map_has_its_heads_color_and_its_methods_dash(empty: Path) -> None:
    runs = list(examples.runs().values())
    named = {
        f"{method} · {run.id}": SimpleNamespace(model=SimpleNamespace(name=run.id, run=run), method=method)
        for run in runs
        for method in ("hirescam", "gradcam")
    }
    lines = fidelity_curves.lines(named)
    for head, run in zip(("gap", "flatten"), runs, strict=True):
        assert {lines[f"{method} · {run.id}"]["color"] for method in ("hirescam", "gradcam")} == {HEADS[head].color}
        assert [lines[f"{method} · {run.id}"]["dash"] for method in ("hirescam", "gradcam")] == ["solid", "dash"]


def test_a_run_of_an_unknown_head_is_named_and_cannot_be_chosen(empty: Path) -> None:
    unknown(RunStore(empty), head={"name": "hidden"})
    app = cam()
    assert "resnet8-hidden-2 is of a network or head that this version of tfpool does not know." in plainly(app)
    assert len(maps(app)) == 1
    assert "resnet8-hidden-2" not in app.multiselect(key="cam_models").options


def test_the_bundled_network_looks_at_a_photograph(empty: Path) -> None:
    app = cam(cam_models="squeezenet")
    assert "predicts: **Egyptian cat**" in words(app)
    assert len(maps(app)) == 1
    assert set(app.multiselect(key="cam_methods").options) == set(METHODS)


@pytest.mark.slow
@pytest.mark.parametrize(
    "methods",
    [
        # One of each kind.
        ("gradcam", "scorecam", "eigencam", "saliency"),
        *(
            pytest.param(METHODS[first : first + 4], marks=pytest.mark.exhaustive)
            for first in range(0, len(METHODS), 4)
        ),
    ],
    ids="-".join,
)
def test_every_method_shows_both_heads_on_one_scale(methods: Sequence[str], filled: Path) -> None:
    app = cam(cam_number="4")
    app.multiselect(key="cam_methods").set_value(list(methods)).run()
    sound(app)
    specs, count = maps(app), len(methods)
    assert len(specs) == 2 * count
    for number in range(count):
        # A row per model, a column per method: a method's maps share a scale.
        assert limit(specs[number]) == limit(specs[number + count])
    for run in tp.runs(filled):
        assert plain(run.id) in words(app)
    assert words(app).count("predicts: **") == 2 * count


def test_maps_of_models_with_very_different_scores_have_their_own_scales_unless_one_is_chosen(empty: Path) -> None:
    model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(4, 3, kernel_initializer="ones")])
    model.add(keras.layers.GlobalAveragePooling2D())
    model.add(keras.layers.Dense(3, kernel_initializer=keras.initializers.Identity()))
    empty.mkdir(parents=True, exist_ok=True)
    for name, factor in (("small", 1.0), ("large", 40.0)):
        model.layers[-1].set_weights([weights * factor for weights in model.layers[-1].get_weights()])
        model.save(empty / f"{name}.keras")
    app = cam(cam_models=["large.keras", "small.keras"])
    sound(app)
    large, small = (float(limit(spec)) for spec in maps(app))
    assert large == pytest.approx(40 * small, rel=1e-3)
    assert SCALES["own"].sentence in words(app)
    app.selectbox(key="cam_scale").set_value("method").run()
    sound(app)
    assert [float(limit(spec)) for spec in maps(app)] == [large, large]
    assert SCALES["own"].sentence not in words(app)


@pytest.mark.slow
def test_maps_share_the_chosen_scale(filled: Path) -> None:
    app = cam()
    app.multiselect(key="cam_methods").set_value(["hirescam", "gradcam"]).run()
    limits = {}
    for scale in (sharing.page_key for sharing in SCALES.values()):
        app.selectbox(key="cam_scale").set_value(scale).run()
        sound(app)
        limits[scale] = [float(limit(spec)) for spec in maps(app)]
    # A row per model, a column per method: where a map has its largest value above zero two methods may share it.
    own = np.array(limits["own"]).reshape(2, 2)
    assert len(np.unique(own)) > 2
    for scale, axis in (("method", 0), ("model", 1), ("all", None)):
        expected = np.broadcast_to(own.max(axis=axis, keepdims=True), own.shape)
        np.testing.assert_array_equal(np.reshape(limits[scale], (2, 2)), expected, scale)


@pytest.mark.slow
def test_a_class_is_contrasted_with_another_and_the_true_one_with_the_prediction(filled: Path) -> None:
    app = cam()
    app.selectbox(key="cam_target").set_value("Bag").run()
    app.selectbox(key="cam_against").set_value("Shirt").run()
    sound(app)
    assert all("evidence for Bag rather than Shirt" in spec for spec in maps(app))
    app.selectbox(key="cam_target").set_value("the true class").run()
    app.selectbox(key="cam_against").set_value("what each model predicts").run()
    sound(app)
    truth = data.load("fashion_mnist").class_names[data.load("fashion_mnist").test.labels[0]]
    assert all(f"evidence for {truth} rather than " in spec for spec in maps(app))


@pytest.mark.slow
def test_mistakes_of_a_model_are_found(filled: Path) -> None:
    app = cam()
    app.selectbox(key="cam_which").set_value("mistakes of resnet8-gap-1").run()
    sound(app)
    wrong = app.number_input(key="cam_number").max
    run = next(run for run in tp.runs(filled) if run.id == "resnet8-gap-1")
    assert run.result
    assert wrong == round(5000 * (1 - run.result["accuracy"]))
    assert "(wrong)" in words(app).split(plain("resnet8-flatten-2"))[0]


@pytest.mark.slow
@pytest.mark.parametrize(("method", "exact"), [("hirescam", True), ("cam", True), ("gradcam", False)])
def test_the_sum_of_a_map_is_the_score_where_the_method_is_exact(method: str, exact: bool, filled: Path) -> None:
    app = cam(cam_sum="true")
    app.multiselect(key="cam_methods").set_value([method]).run()
    for head in range(2):
        app.selectbox(key="cam_sum_of").set_value(app.selectbox(key="cam_sum_of").options[head]).run()
        sound(app)
        terms = app.dataframe[0].value
        assert len(terms) == 11
        assert (np.abs(terms["adds"][:10]).diff().dropna() <= 1e-6).all()
        np.testing.assert_allclose(terms["activation"][:10] * terms["weight"][:10], terms["adds"][:10], rtol=1e-4)
        assert bool(app.success) == exact
        assert not app.warning
    # A map that was cut or averaged is no longer all of the evidence, which is not worth a warning.
    app.selectbox(key="cam_relu").set_value("only what speaks for it").run()
    sound(app)
    assert not app.success
    assert not app.warning
    assert "does not add up" in words(app)
    app.number_input(key="cam_row").set_value(0).run()
    sound(app)


def test_a_runs_progress_and_title_do_not_reload_its_model(filled: Path) -> None:
    run = RunStore(filled).get("resnet8-gap-1")
    model = model_picker.model_of(run.id, run)
    renamed = model_picker.model_of(run.id, replace(run, title="mine", progress={"epoch": 2}))
    assert model_picker.explainer(renamed, "cam") is model_picker.explainer(model, "cam")
    written = replace(model, changed=(model.changed[0] + 1,))
    assert model_picker.explainer(written, "cam") is not model_picker.explainer(model, "cam")


def test_a_run_whose_images_are_not_here_downloads_none(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = replace(data.describe("fashion_mnist"), state="to be downloaded")
    monkeypatch.setattr(data, "describe", lambda name: facts)
    app = cam()
    assert "The images of fashion\\_mnist, which resnet8\\-" in words(app)
    assert not maps(app)
    app.selectbox(key="cam_source").set_value("photographs").run()
    sound(app)
    assert len(maps(app)) == 2


@pytest.mark.slow
def test_maps_are_tested_beside_baselines(filled: Path) -> None:
    app = cam(cam_judge="true")
    table = app.dataframe[0].value
    assert [name.split(" · ")[0] for name in table["map"]] == ["hirescam", "hirescam", "center", "random"]
    assert table[["insertion", "deletion"]].to_numpy().min() >= 0
    assert table[["insertion", "deletion"]].to_numpy().max() <= 1


def test_a_file_in_saved_models_is_explained_and_a_hostile_one_refused(empty: Path) -> None:
    empty.mkdir()
    image = keras.Input((64, 64, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3, activation="relu")(image))
    keras.Model(image, keras.layers.Dense(3, activation="softmax")(pooled)).save(empty / "mine.keras")
    code = keras.layers.Lambda(lambda values: values)
    keras.Model(image, keras.layers.Dense(3)(code(pooled))).save(empty / "hostile.keras")
    app = cam()
    app.multiselect(key="cam_models").set_value(["mine.keras"]).run()
    sound(app)
    assert "predicts: **class" in words(app)
    assert "assumed" in words(app)
    app.selectbox(key="cam_pixels_mine.keras").set_value("from 0 to 255").run()
    sound(app)
    assert "pixels from 0 to 255, as chosen" in words(app).replace("\\", "")
    app.multiselect(key="cam_models").set_value(["hostile.keras"]).run()
    sound(app)
    assert "Lambda" in app.error[0].value
    app.multiselect(key="cam_models").set_value(["mine.keras", "squeezenet"]).run()
    sound(app)
    assert "different classes" in words(app)


def test_without_a_choice_the_page_asks_for_one(empty: Path) -> None:
    app = cam()
    app.multiselect(key="cam_models").set_value([]).run()
    sound(app)
    assert "Choose" in app.info[0].value


def test_two_maps_are_swiped_of_models_methods_or_classes(empty: Path) -> None:
    app = cam(cam_models=PAIR, cam_swipe="true")
    assert [app.selectbox(key=f"cam_swipe_{side}").value for side in ("left", "right")] == [
        "example-gap · hirescam",
        "example-flatten · hirescam",
    ]
    assert "Both maps on one color scale" in words(app)
    app.selectbox(key="cam_swipe_right").set_value("example-gap · hirescam").run()
    sound(app)
    assert "Both maps are the same" in app.info[0].value
    app.selectbox(key="cam_swipe_class").set_value("Bag").run()
    sound(app)
    assert not app.info
    # One model by one method has two classes: the explained one and the next.
    app = cam(cam_models="example-gap", cam_swipe="true")
    assert not app.info
    assert "one color scale" in words(app)
    app.multiselect(key="cam_methods").set_value(["hirescam", "gradcam"]).run()
    sound(app)
    assert "its own color scale" in words(app)
