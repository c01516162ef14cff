"""Results of runs, against numbers by hand and scipy's own."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats

from tests.helpers.stored_runs import finished, unknown
from tfpool.tracking import results
from tfpool.tracking.query import rank_runs, select_runs, split_countable, uncountable_text
from tfpool.tracking.store import RunStore


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "saved_models")


def test_best_and_last_values_and_the_difference_between_training_and_validation(store: RunStore) -> None:
    run = finished(store, 0.7)
    assert (results.best(run, "val_accuracy"), results.last(run, "val_accuracy")) == (0.7, pytest.approx(0.6))
    assert (results.best(run, "loss"), results.last(run, "val_loss")) == (1.0, 2.0)
    assert results.last(run, "test") == 0.7
    assert results.overfit_by_epoch(run) == [pytest.approx(-0.2), pytest.approx(0.3)]
    assert results.overfit(run, "best") == pytest.approx(-0.2)
    assert results.value(run, "params") == run.plan.params
    assert results.value(run, "time") == 5.0


@pytest.mark.parametrize(("patience", "validation"), [(None, 0.6), (2, 0.7)])
def test_training_accuracy_of_a_finished_run_is_that_of_the_saved_model(
    patience: int | None, validation: float, store: RunStore
) -> None:
    run = finished(store, 0.7)
    result = {**(run.result or {}), "train_accuracy": 0.95, "train_loss": 0.2}
    # With patience, the model of the epoch with the lowest validation loss is saved.
    history = {**run.history, "val_loss": [1.0, 2.0]}
    run = replace(run, result=result, history=history)
    run.spec["recipe"]["patience"] = patience
    assert (results.last(run, "accuracy"), results.last(run, "loss")) == (0.95, 0.2)
    assert results.best(run, "loss") == 1.0
    assert results.overfit(run) == pytest.approx(0.95 - validation)


def test_positions_of_epochs_on_each_axis(store: RunStore) -> None:
    run = finished(store, 0.7)
    assert results.positions(run, "epoch") == [1, 2]
    assert results.positions(run, "step") == [4, 8]
    assert results.positions(run, "seconds") == [2.0, 5.0]
    with pytest.raises(ValueError, match="hours"):
        results.positions(run, "hours")


def test_runs_that_differ_in_the_seed_alone_are_one_group_with_a_t_interval(store: RunStore) -> None:
    accuracies = (0.70, 0.74, 0.75)
    for seed, accuracy in enumerate(accuracies):
        finished(store, accuracy, seed=seed)
    finished(store, 0.9, head="flatten")
    finished(store, 0.5, learning_rate=0.1)
    flatten, three, other = results.groups(store.runs())
    assert (flatten.seeds, flatten.interval) == ((0,), None)
    assert (three.seeds, three.values) == ((0, 1, 2), accuracies)
    low, high = scipy.stats.t.interval(0.95, 2, np.mean(accuracies), scipy.stats.sem(accuracies))
    assert three.interval == (pytest.approx(low), pytest.approx(high))
    assert other.mean == 0.5


def test_a_seed_that_ran_twice_counts_once_and_an_unfinished_run_not_at_all(store: RunStore) -> None:
    first, again = finished(store, 0.7), finished(store, 0.7)
    finished(store, 0.8, seed=1)
    store.add({**first.spec, "recipe": {**first.spec["recipe"], "seed": 2}})
    (group,) = results.groups(store.runs())
    assert (group.seeds, group.runs[0].id) == ((0, 1), again.id)
    assert results.groups([]) == []
    with pytest.raises(ValueError, match="luck"):
        results.groups(store.runs(), "luck")


def test_a_setting_that_is_newer_than_a_run_counts_as_unset(store: RunStore) -> None:
    old, new = finished(store, 0.7), finished(store, 0.8, seed=1)
    del old.spec["recipe"]["weights"]
    (group,) = results.groups([old, new])
    assert group.seeds == (0, 1)


def test_two_groups_are_compared_seed_by_seed(store: RunStore) -> None:
    for seed, (gap, flatten) in enumerate(((0.70, 0.72), (0.60, 0.63), (0.80, 0.81))):
        finished(store, gap, seed=seed)
        finished(store, flatten, head="flatten", seed=seed)
    first, second = results.groups(store.runs())
    differences = np.array([0.02, 0.03, 0.01])
    expected = scipy.stats.t.interval(0.95, 2, differences.mean(), scipy.stats.sem(differences))
    mean, half = results.paired_difference(first, second) or (0, 0)
    assert (mean - half, mean + half) == (pytest.approx(expected[0]), pytest.approx(expected[1]))


def test_only_the_settings_that_differ_are_listed(store: RunStore) -> None:
    runs = [finished(store, 0.7), finished(store, 0.7, head="flatten", augment=("flip",))]
    assert results.differing(runs) == {"head": ["gap", "flatten"], "augment": [None, ["flip"]]}
    assert results.differing(runs[:1]) == {}
    assert results.differing([]) == {}


def test_a_confusion_matrix_counts_each_pair() -> None:
    labels, predicted = np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 0, 2, 2])
    np.testing.assert_array_equal(results.confusion(labels, predicted, 3), [[1, 1, 0], [0, 1, 0], [1, 0, 2]])
    with pytest.raises(ValueError, match="got 0 to 2"):
        results.confusion(labels, predicted, 2)


def test_runs_are_found_by_words_and_facets_and_sorted(store: RunStore) -> None:
    low, high = finished(store, 0.6), finished(store, 0.8, head="flatten")
    store.rename(low.id, "My First")
    runs = store.runs()
    assert [run.id for run in select_runs(runs, "first")] == [low.id]
    assert [run.id for run in select_runs(runs, "FLATTEN resnet8")] == [high.id]
    assert [run.id for run in select_runs(runs, facets={"sweep": ["both"]})] == [low.id]
    assert [run.id for run in rank_runs(runs, "test")] == [high.id, low.id]
    assert [run.id for run in rank_runs(runs, "test_loss")] == [high.id, low.id]
    assert [run.id for run in rank_runs(runs, "params")] == [low.id, high.id]
    with pytest.raises(ValueError, match=r"cats.*fashion_mnist"):
        select_runs(runs, facets={"data": ["cats"]})
    with pytest.raises(ValueError, match=r"luck.*test"):
        rank_runs(runs, "luck")


@pytest.mark.parametrize(
    "changed",
    [{"head": {"name": "hidden"}}, {"backbone": "resnet9"}, {"head": {"name": "gap", "heat": 2}}, {"heat": 2}],
    ids=["head", "network", "setting of a head", "setting of a network"],
)
def test_runs_that_this_version_cannot_count_stand_apart(store: RunStore, changed: dict[str, Any]) -> None:
    run, other = finished(store, 0.7), unknown(store, **changed)
    assert [[run.id for run in part] for part in split_countable(store.runs())] == [[run.id], [other.id]]


def test_a_message_names_the_first_runs_that_cannot_be_counted_and_counts_the_others(store: RunStore) -> None:
    runs = [unknown(store, head={"name": "hidden"}) for _ in range(7)]
    assert uncountable_text([]) == ""
    assert runs[0].id in uncountable_text(runs[:1])
    text = uncountable_text(runs)
    assert [run.id in text for run in runs] == [True] * 5 + [False] * 2
    assert " 2 more" in text
