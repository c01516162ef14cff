"""The Runs page in Streamlit's own test harness: finding, sorting, seeds, what differs, mistakes, files."""

from pathlib import Path

import pytest

from dashboard.page import plain
from tfpool.runs import RunStore

from ..test_results import finished
from .test_pages import opened, sound, words


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    monkeypatch.setenv("TFPOOL_STORE", str(tmp_path / "saved_models"))
    store = RunStore(tmp_path / "saved_models")
    for seed, (gap, flatten) in enumerate(((0.70, 0.72), (0.60, 0.63), (0.80, 0.81))):
        finished(store, gap, seed=seed)
        finished(store, flatten, head="flatten", seed=seed)
    return store


def test_the_verdict_has_means_and_an_interval_seed_by_seed(store: RunStore) -> None:
    said = words(opened("Runs"))
    assert "**resnet8 Flatten** is best on fashion\\_mnist: **72.0%** of the test images right" in said
    assert "right (± 22.4 points over 3 seeds)" in said
    assert "2.0 ± 2.5 points, seed by seed, ahead of resnet8 GAP" in said
    assert "That lies within what chance alone gives" in said


def test_runs_are_found_by_words_and_sorted_by_what_they_came_to(store: RunStore) -> None:
    app = opened("Runs", runs_text="flatten", runs_sort="test accuracy")
    assert "3 of 6 runs." in words(app)
    app.text_input(key="runs_text").set_value("nothing like it").run()
    sound(app)
    assert "None of the 6 runs is like that. Take out a word or a filter." in words(app)


def test_only_what_differs_is_shown_of_two_runs(store: RunStore) -> None:
    app = opened("Runs")
    app.multiselect(key="runs_chosen").set_value(["resnet8-gap-1", "resnet8-flatten-4"]).run()
    sound(app)
    frames = [set(frame.value.columns) for frame in app.dataframe]
    assert {"run", "head", "seed"} in frames


@pytest.mark.parametrize(("by", "last"), [("epoch", 2), ("step", 8), ("seconds", 5.0)])
def test_curves_run_by_what_the_address_says(store: RunStore, by: str, last: float) -> None:
    app = opened("Runs", runs_by=by)
    curves = next(chart for chart in app.get("plotly_chart") if chart.proto.id.endswith("runs_curves"))
    assert str(last) in curves.proto.spec


def test_titles_are_shown_as_they_are(store: RunStore) -> None:
    store.rename("resnet8-flatten-6", "<b>best</b> **run**")
    app = opened("Runs")
    assert "<b>best</b> **run**" in [text.value for text in app.text]
    assert "<b>" not in words(app).replace(plain("<b>"), "")


def test_a_run_without_predictions_or_a_model_says_so(store: RunStore) -> None:
    said = words(opened("Runs")) + " ".join(each.value for each in opened("Runs").info)
    assert "Its files can be downloaded once it has finished an epoch" in said


@pytest.mark.slow
def test_mistakes_and_files_of_a_trained_run(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFPOOL_STORE", str(trained))
    app = opened("Runs", runs_one="resnet8-gap-1")
    assert [chart.proto.id.rpartition("-")[2] for chart in app.get("plotly_chart")][-1] == "runs_confusion"
    assert "mistakes" in " ".join([*(each.value for each in app.subheader), words(app)])
    assert {button.label for button in app.get("download_button")} >= {"Keras model", "History, CSV"}
