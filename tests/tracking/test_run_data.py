"""A run goes on with what it began with, and with nothing else."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.stored_runs import claimed, finished
from tfpool import data
from tfpool.data import DataSet, Part
from tfpool.tracking import predictions
from tfpool.tracking.run_data import load_data, mixed_text, start_facts
from tfpool.tracking.store import Run, RunStore
from tfpool.training import resume

FASHION = data.load("fashion_mnist")


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "saved_models")


def become(monkeypatch: pytest.MonkeyPatch, data_set: DataSet) -> None:
    """Add a data set under a name that another one had before."""
    monkeypatch.setitem(data.DATA, "fashion_mnist", replace(data.DATA["fashion_mnist"], make=lambda: data_set))


def stopped(store: RunStore) -> Run:
    store.add(finished(store, 0.7).spec)
    lease = claimed(store)
    lease.begin(start_facts(lease.run, FASHION))
    lease.end("stopped")
    return store.get(lease.run.id)


def other_split() -> DataSet:
    return DataSet("fashion_mnist", FASHION.class_names, FASHION.test, FASHION.validation, FASHION.train)


def two_classes() -> DataSet:
    parts = [Part(part.images[:50], part.labels[:50] % 2) for part in FASHION.parts.values()]
    return DataSet("fashion_mnist", ("a", "b"), *parts)


@pytest.mark.parametrize("make", [other_split, two_classes])
def test_a_run_is_not_resumed_on_other_images_or_classes(
    store: RunStore, monkeypatch: pytest.MonkeyPatch, make: type
) -> None:
    run = stopped(store)
    become(monkeypatch, make())
    with pytest.raises(ValueError, match=f"{run.id}.*fashion_mnist"):
        resume(store, run.id)
    assert store.get(run.id).state == "stopped"
    become(monkeypatch, FASHION)
    resume(store, run.id)
    assert store.get(run.id).state == "queued"


def test_a_queued_run_of_which_the_classes_changed_is_not_trained(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = store.get(store.add(finished(store, 0.7).spec))
    become(monkeypatch, two_classes())
    with pytest.raises(ValueError, match="classes"):
        load_data(run)


def test_the_record_of_an_older_version_counts(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    run = store.get(store.add(finished(store, 0.7).spec))
    run.path.mkdir()
    run.metadata_path.write_text(json.dumps({**run.spec, "data_fingerprint": FASHION.fingerprint}))
    assert load_data(run).fingerprint == FASHION.fingerprint
    become(monkeypatch, other_split())
    with pytest.raises(ValueError, match="images"):
        load_data(run)


def test_predictions_for_other_images_are_not_shown(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    run = stopped(store)
    run.path.mkdir()
    zeros = np.zeros(len(FASHION.test), np.int64)
    np.savez(predictions.path(run), predicted=zeros, confidence=zeros, truth=zeros)
    assert len(predictions.read(run).predicted) == 5000
    become(monkeypatch, other_split())
    with pytest.raises(ValueError, match="images"):
        predictions.read(run)


LINUX = {"processor": "A", "gpus": [], "threads": 1, "versions": {"tensorflow": "2.21.0"}}


@pytest.mark.parametrize(
    ("machines", "words"),
    [
        ([], ""),
        ([LINUX], ""),
        ([LINUX, {**LINUX, "processor": "B"}], "processor"),
        ([LINUX, {**LINUX, "gpus": ["T4"], "versions": {}}, LINUX], "gpus and versions"),
    ],
)
def test_a_run_that_went_on_elsewhere_says_what_was_different(
    store: RunStore, machines: list[dict[str, object]], words: str
) -> None:
    run = finished(store, 0.7)
    run.path.mkdir(exist_ok=True)
    run.metadata_path.write_text(json.dumps({**run.spec, "machines": machines}))
    text = mixed_text(run)
    assert bool(text) == bool(words)
    assert words in text
