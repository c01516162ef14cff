"""A store that an older tfpool wrote, before its modules moved, opens with all that is in it."""

import csv
import json
import shutil
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from tests.helpers.processes import ROOT, printed_words
from tfpool.tracking import predictions
from tfpool.tracking.store import METRICS, RunStore

FIXTURE = ROOT / "tests/fixtures/store_before_the_move"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    return RunStore(shutil.copytree(FIXTURE, tmp_path_factory.mktemp("before") / "saved_models"))


def test_both_runs_are_listed_with_what_was_recorded_of_them(store: RunStore) -> None:
    interrupted, done = store.runs()
    assert (done.id, done.state, done.title, done.note) == ("convnet-gem-1", "done", "convnet-gem-1", "")
    assert done.result == {"loss": 1.9597088806152343, "accuracy": 0.251, "images": 5000}
    assert (interrupted.id, interrupted.state, interrupted.result) == ("convnet-flatten-2", "interrupted", None)
    assert (interrupted.current_epoch, interrupted.epochs) == (3, 6)
    assert interrupted.checkpoint_path.is_file()
    for run, epochs in ((done, 3), (interrupted, 2)):
        with (run.path / "history.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["epoch"] for row in rows] == [str(epoch) for epoch in range(1, epochs + 1)]
        assert run.history == {name: [float(row[name]) for row in rows] for name in METRICS}
        recorded = json.loads((run.path / "run.json").read_text())
        assert {name: recorded[name] for name in run.spec} == run.spec


def test_a_run_left_running_by_a_killed_worker_is_interrupted(store: RunStore) -> None:
    with closing(sqlite3.connect(store.folder / "runs.sqlite")) as db, db:
        db.execute("UPDATE runs SET state = 'running', ended = NULL WHERE id = 'convnet-flatten-2'")
    run = store.get("convnet-flatten-2")
    assert (run.state, len(run.history["loss"])) == ("interrupted", 2)


@pytest.mark.slow
def test_its_model_opens_by_tfpool_and_by_keras_alone_and_scores_as_it_did(store: RunStore) -> None:
    run = store.get("convnet-gem-1")
    stored = predictions.read(run)
    batch = run.to_input(stored.test.images[:50])
    logits = run.load_model()(batch, training=False).numpy()
    assert run.plan.params == run.load_model().count_params()
    np.testing.assert_array_equal(logits.argmax(axis=1), stored.predicted[:50])
    np.save(store.folder / "batch.npy", batch)
    script = (
        "import keras, numpy as np, sys, tfpool.layers\n"
        f"model = keras.models.load_model({str(run.model_path)!r})\n"
        f"scores = model(np.load({str(store.folder / 'batch.npy')!r}), training=False).numpy()\n"
        "print(type(model.get_layer('gem_pool')).__name__, *scores.argmax(axis=1))"
    )
    name, *classes = printed_words(script)
    assert name == "GeneralizedMeanPooling2D"
    assert [int(number) for number in classes] == stored.predicted[:50].tolist()


def test_its_predictions_open(store: RunStore) -> None:
    stored = predictions.read(store.get("convnet-gem-1"))
    assert len(stored.predicted) == len(stored.test) == 5000
    assert np.mean(stored.predicted == stored.test.labels) == pytest.approx(0.251)
