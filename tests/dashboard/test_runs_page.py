"""The Runs page in Streamlit's own test harness: finding, sorting, seeds, what differs, mistakes, files."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.common import charts
from dashboard.common.page import plain
from dashboard.runs import ranking, result_charts, run_table
from tests.helpers.pages import opened, sound, words
from tests.helpers.stored_runs import claimed, finished
from tfpool.tracking import results
from tfpool.tracking.store import RunStore


@pytest.fixture(scope="module")
def six_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a store with two heads and three seeds each."""
    folder = tmp_path_factory.mktemp("six") / "saved_models"
    for seed, (gap, flatten) in enumerate(((0.70, 0.72), (0.60, 0.63), (0.80, 0.81))):
        finished(RunStore(folder), gap, seed=seed)
        finished(RunStore(folder), flatten, head="flatten", seed=seed)
    return folder


@pytest.fixture
def store(six_runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    monkeypatch.setenv("TFPOOL_STORE", str(tmp_path / "saved_models"))
    return RunStore(shutil.copytree(six_runs, tmp_path / "saved_models"))


def chart(app: AppTest, key: str) -> dict:
    """What Plotly is told to draw."""
    (spec,) = (each.proto.spec for each in app.get("plotly_chart") if each.proto.id.endswith(key))
    return json.loads(spec)


def test_the_verdict_has_means_and_an_interval_seed_by_seed(store: RunStore) -> None:
    text = words(opened("Runs"))
    assert (
        "**resnet8 Flatten** is best on fashion\\_mnist: it predicts **72.0%** of the 5,000 "
        "test images correctly (± 22.4 points" in text
    )
    assert "2.0 ± 2.5 points, seed by seed, ahead of resnet8 GAP" in text
    assert "includes zero" in text


def test_a_lead_that_depends_on_which_seeds_count_is_reported(store: RunStore) -> None:
    # Flatten is ahead under the three seeds that both have, GAP over all five.
    for seed in (3, 4):
        finished(store, 0.95, seed=seed)
    text = words(opened("Runs"))
    assert "resnet8 GAP** is best" in text
    assert "**80.0%** of the 5,000 test images correctly" in text
    assert "8.0 points ahead of resnet8 Flatten" in text
    assert "resnet8 Flatten is ahead by 2.0 ± 2.5 points" in text


def test_groups_without_two_seeds_in_common_are_not_called_single(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TFPOOL_STORE", str(tmp_path / "other"))
    for seed in range(2):
        finished(RunStore(tmp_path / "other"), 0.7, seed=seed)
        finished(RunStore(tmp_path / "other"), 0.8, head="flatten", seed=seed + 1)
    assert "fewer than two seeds" in words(opened("Runs"))


def test_an_axis_of_close_accuracies_has_labels_that_differ() -> None:
    assert charts.percent(0.86, 0.88) == {"tickformat": ".1%"}
    assert charts.percent(0.6, 0.88) == {"tickformat": ".0%"}


def test_one_seed_has_an_axis_around_it_that_ends_at_one(store: RunStore) -> None:
    (group,) = results.groups([finished(store, 1.0, head="gmp")])
    low, high = result_charts.seed_dots([group], ["gmp"], "test").layout.xaxis.range
    assert (low, high) == (pytest.approx(0.99, abs=0.001), pytest.approx(1.0, abs=0.001))


def test_a_single_lucky_seed_is_not_best_where_others_have_several(store: RunStore) -> None:
    finished(store, 0.99, head="gem")
    app = opened("Runs")
    assert "several seeds, **resnet8 Flatten** is best" in words(app)
    assert "A dot without a bar" in words(app)
    means = [trace for trace in chart(app, "runs_seeds")["data"] if "error_x" in trace]
    assert len(means) == 2

    assert "resnet8 GeM reached **99.0%** with a single seed" in words(app)


def test_a_verdict_goes_back_to_images_that_two_were_tested_on_and_tells_a_guess(store: RunStore) -> None:
    spec = {**store.runs()[0].spec, "data": "scattered"}
    store.add(spec)
    claimed(store).end("done", result={"loss": 2.3, "accuracy": 0.1})
    assert "is best on fashion\\_mnist" in words(opened("Runs"))
    store.add({**spec, "recipe": {**spec["recipe"], "learning_rate": 0.5}})
    claimed(store).end("done", result={"loss": 2.3, "accuracy": 0.1})
    text = words(opened("Runs"))
    assert "guessing gives 10.0%" in text
    assert "These networks have not learned on scattered" in text
    assert "is best" not in text


@pytest.mark.parametrize(("other", "word"), [(0.78, "single seed"), (0.11, "resnet8 Flatten has not learned")])
def test_no_run_is_named_best_of_single_seeds_or_beside_one_that_did_not_learn(
    other: float, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TFPOOL_STORE", str(tmp_path / "single"))
    finished(RunStore(tmp_path / "single"), 0.8)
    finished(RunStore(tmp_path / "single"), other, head="flatten")
    text = words(opened("Runs"))
    assert word in text
    assert "**80.0%**" in text
    assert "is best" not in text


def test_a_lead_that_few_test_images_cannot_show_is_reported(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "other images like these" not in words(opened("Runs"))
    monkeypatch.setattr(ranking, "images_behind", lambda run, metric="test": 20)
    text = words(opened("Runs")).replace("\\", "")
    assert "of the 20 test images correctly" in text
    assert "50.1% to 86.8%. The 70.0% of resnet8 GAP" in text


def test_the_labs_runs_are_folded_away_until_they_are_asked_for(store: RunStore) -> None:
    spec = {**store.get("resnet8-gap-1").spec}
    for _ in range(3):
        store.add(spec, sweep="lab overfitting")
    app = opened("Runs")
    assert app.toggle(key="runs_lab").label == "Show the 3 runs of the lab"
    assert "6 of 6 runs." in words(app)
    app.toggle(key="runs_lab").set_value(True).run()
    sound(app)
    assert "9 of 9 runs." in words(app)
    # A link to one of them shows it.
    named = opened("Runs", runs_chosen="resnet8-gap-8")
    assert "7 of 7 runs." in words(named)
    assert named.multiselect(key="runs_chosen").value == ["resnet8-gap-8"]


def test_a_store_of_the_labs_runs_alone_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = RunStore(tmp_path / "lab")
    monkeypatch.setenv("TFPOOL_STORE", str(store.folder))
    store.add({**finished(store, 0.7).spec}, sweep="lab overfitting")
    store.delete("resnet8-gap-1")
    app = opened("Runs")
    assert "no runs of your own yet in lab" in words(app)
    assert app.toggle(key="runs_lab").label == "Show the 1 run of the lab"


def test_the_table_starts_with_few_columns_and_writes_counts_out(store: RunStore) -> None:
    app = opened("Runs")
    rows = app.dataframe[0]
    assert list(rows.value["of images"]) == [5000] * 6
    assert rows.value["test interval"][0] == "79.9% to 82.1%"
    assert len(rows.proto.column_order) == 10
    assert app.query_params["runs_chosen"] == ["resnet8-flatten-6", "resnet8-gap-5"]
    assert chart(app, "runs_curves")["layout"]["yaxis"]["hoverformat"] == ".1%"

    app.toggle(key="runs_columns").set_value(True)
    app.segmented_control(key="runs_metric").set_value("loss").run()
    sound(app)
    assert not app.dataframe[0].proto.column_order
    assert chart(app, "runs_curves")["layout"]["yaxis"]["hoverformat"] == ".3f"
    macs = store.get("resnet8-gap-1").plan.macs
    # The table of all runs, and that of means over seeds.
    for table in app.dataframe[:2]:
        assert macs in list(table.value["MACs"])
        columns = json.loads(table.proto.columns)
        formats = {name: column.get("type_config", {}).get("format") for name, column in columns.items()}
        assert (formats["parameters"], formats["MACs"]) == ("localized", "localized")
    assert list(app.dataframe[0].value["time"]) == [5] * 6


def test_groups_are_named_by_what_is_unusual_about_them(store: RunStore) -> None:
    finished(store, 0.5, learning_rate=0.1)
    finished(store, 0.4, head="gmp")
    names = ranking.labels(results.groups(store.runs()))
    assert names == ["resnet8 Flatten", "resnet8 GAP", "resnet8 GAP · learning rate 0.1", "resnet8 GMP"]


def test_runs_are_found_by_words_and_by_what_they_are_and_sorted(store: RunStore) -> None:
    app = opened("Runs", runs_text="flatten", runs_sort="test accuracy")
    assert "3 of 6 runs." in words(app)
    assert list(app.dataframe[0].value["run"]) == ["resnet8-flatten-6", "resnet8-flatten-2", "resnet8-flatten-4"]
    app = opened("Runs", runs_head="GAP", runs_sort="validation loss", runs_how="best")
    assert list(app.dataframe[0].value["head"]) == ["GAP"] * 3
    assert list(app.dataframe[0].value["validation"]) == pytest.approx([80, 60, 70])
    app.text_input(key="runs_text").set_value("nothing like it").run()
    sound(app)
    assert "No run matches" in words(app)


def test_only_what_differs_is_shown_of_two_runs(store: RunStore) -> None:
    app = opened("Runs")
    app.multiselect(key="runs_chosen").set_value(["resnet8-gap-1", "resnet8-flatten-4"]).run()
    sound(app)
    assert ["run", "head", "seed"] in [list(frame.value.columns) for frame in app.dataframe]
    assert list(app.dataframe[0].value.query("compare")["id"]) == ["resnet8-flatten-4", "resnet8-gap-1"]


def test_curves_run_by_epochs_steps_or_seconds_and_old_addresses_still_name_a_curve(store: RunStore) -> None:
    app = opened("Runs")
    for by, ends in (("epoch", [1, 2]), ("step", [4, 8]), ("seconds", [2.0, 5.0])):
        app.segmented_control(key="runs_by").set_value(by).run()
        assert [trace["x"] for trace in chart(app, "runs_curves")["data"]] == [ends] * 4
    app = opened("Runs", runs_by="step", runs_metric="gap")
    assert app.segmented_control(key="runs_metric").value == "overfit"
    assert [trace["x"] for trace in chart(app, "runs_curves")["data"]] == [[4, 8]] * 2
    assert chart(app, "runs_curves")["data"][0]["y"] == [pytest.approx(-0.3), pytest.approx(0.2)]


def test_titles_are_shown_as_they_are(store: RunStore) -> None:
    store.rename("resnet8-flatten-6", "<b>best</b> **run**")
    app = opened("Runs")
    assert "<b>best</b> **run**" in [text.value for text in app.text]
    assert "<b>" not in words(app).replace(plain("<b>"), "")
    assert any(trace["name"] == "&lt;b&gt;best&lt;/b&gt; **run**" for trace in chart(app, "runs_curves")["data"])


def test_edits_in_the_table_rename_annotate_and_choose(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    state = {"runs_chosen": ["resnet8-gap-1"]}
    monkeypatch.setattr(run_table.st, "session_state", state)
    run_table.apply("resnet8-gap-3", {"run": " mine ", "note": "look", "compare": True})
    run = store.get("resnet8-gap-3")
    assert (run.title, run.note, state["runs_chosen"]) == ("mine", "look", ["resnet8-gap-1", "resnet8-gap-3"])
    run_table.apply("resnet8-gap-3", {"run": None, "note": None, "compare": False})
    run = store.get("resnet8-gap-3")
    assert (run.title, run.note, state["runs_chosen"]) == ("resnet8-gap-3", "", ["resnet8-gap-1"])
    state["runs_chosen"] = [str(number) for number in range(run_table.MOST)]
    with pytest.raises(ValueError, match="8 runs"):
        run_table.apply("resnet8-gap-3", {"compare": True})


def test_a_run_without_a_model_or_predictions_says_so(store: RunStore) -> None:
    app = opened("Runs", runs_mistakes="true")
    assert "can be downloaded" in words(app)
    assert "has not been tested" in words(app).replace("\\", "")


def test_a_confusion_map_escapes_names_and_says_shares_or_numbers() -> None:
    counts = np.array([[3, 1], [0, 0]])
    shares = json.loads(result_charts.confusion_map(counts, ["<b>a", "b"], percent_of_row=True).to_json())
    assert shares["layout"]["xaxis"]["ticktext"] == ["&lt;b&gt;a", "b"]
    assert sorted(text for trace in shares["data"][1:] for text in trace["text"]) == ["", "", "25", "75"]
    numbers = json.loads(result_charts.confusion_map(counts, ["a", "b"], percent_of_row=False).to_json())
    assert sorted(text for trace in numbers["data"][1:] for text in trace["text"]) == ["", "", "1", "3"]
    many = result_charts.confusion_map(np.eye(100, dtype=int), [str(n) for n in range(100)], percent_of_row=True)
    assert len(many.data) == 1


@pytest.mark.slow
def test_mistakes_and_files_of_a_trained_run(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFPOOL_STORE", str(trained))
    # Closed, the card takes no time.
    assert len(opened("Runs").get("plotly_chart")) == 2
    app = opened("Runs", runs_one="resnet8-gap-1", runs_mistakes="true")
    assert len(chart(app, "runs_confusion")["data"][0]["customdata"]) == 10
    assert "Most confident mistakes" in words(app)
    tables = ["Predictions, CSV", "Classes, CSV"]
    assert [button.label for button in app.get("download_button")] == ["Keras model", "History, CSV", *tables]
    app.toggle(key="runs_shares").set_value(False).run()
    sound(app)
