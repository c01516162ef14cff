import csv
import hashlib
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import tfpool as tp
from tests.helpers import event_files
from tests.helpers.processes import ROOT
from tfpool import data
from tfpool.counting.plan import Plan
from tfpool.system import files
from tfpool.system.process import Process
from tfpool.tracking import training_maps
from tfpool.tracking.hyperparameters import named_result
from tfpool.tracking.store import ENDED, METRICS, Run, RunStore
from tfpool.training import worker
from tfpool.training.launcher import launch
from tfpool.training.queue import enqueue, enqueue_heads
from tfpool.training.recipe import TRAINING_VERSION

pytestmark = pytest.mark.slow
PLAN = tp.plan("convnet", head="gap", input_shape=(28, 28, 1))
ENDLESS = tp.Recipe(epochs=1000, train_images=500)
RANDOM_PLAN = tp.plan("convnet", head=tp.GAP(dropout=0.3), input_shape=(28, 28, 1))
RECIPE = tp.Recipe(epochs=20, train_images=400, batch_size=16, augment=("flip", "shift"), seed=7)


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 90) -> float:
    """Wait until the condition holds and return how long that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"waited {seconds} s for {what}"
        time.sleep(0.02)
    return time.monotonic() - began


def started(store: RunStore, few: str, plan: Plan = PLAN, recipe: tp.Recipe = ENDLESS) -> Run:
    """A run that has finished an epoch, by default an endless one."""
    (run_id,) = enqueue([plan], few, recipe, store)
    launch(store)
    wait_for(lambda: len(store.get(run_id).history["loss"]) > 0, "the first epoch")
    return store.get(run_id)


def pid_of(store: RunStore, run: Run) -> int:
    with sqlite3.connect(store.folder / "runs.sqlite") as db:
        return db.execute("SELECT pid FROM runs WHERE id = ?", (run.id,)).fetchone()[0]


def resumed(store: RunStore, run: Run) -> Run:
    """Resume a run and wait until it has finished one more epoch."""
    epochs = len(store.get(run.id).history["loss"])
    store.resume(run.id)
    launch(store)
    wait_for(lambda: len(store.get(run.id).history["loss"]) > epochs, "one more epoch")
    return store.get(run.id)


def digest(run: Run) -> str:
    weights = run.load_model().get_weights()
    return hashlib.sha256(b"".join(weight.tobytes() for weight in weights)).hexdigest()


@pytest.mark.parametrize("run_id", ["resnet8-gap-1", "resnet8-flatten-2"])
def test_training_reduces_the_loss_and_beats_chance(trained: Path, run_id: str) -> None:
    run = RunStore(trained).get(run_id)
    assert run.state == "done"
    assert all(len(run.history[name]) == 3 for name in METRICS)
    assert run.history["loss"][-1] < 0.7 * run.history["loss"][0]
    # Chance is 0.1.
    assert run.result
    assert run.result["accuracy"] > 0.5


def test_a_runs_folder_holds_all_that_is_needed_to_repeat_it(trained: Path) -> None:
    run = RunStore(trained).get("resnet8-gap-1")
    facts = json.loads((run.path / "run.json").read_text())
    assert tp.plan(**facts["plan"]).rows == run.plan.rows
    assert tp.Recipe(**facts["recipe"]) == tp.Recipe(epochs=3, train_images=1000, batch_size=16)
    assert facts["data_fingerprint"] == data.load("fashion_mnist").fingerprint
    assert facts["versions"]["tensorflow"] == tf.__version__
    assert facts["threads"] == 1
    assert facts["training_version"] == TRAINING_VERSION
    with (run.path / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["val_accuracy"]) for row in rows] == run.history["val_accuracy"]
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert not [path.name for path in run.path.iterdir() if path.name.startswith(".")]


def test_the_tensorboard_file_has_all_that_the_store_has(trained: Path) -> None:
    run = RunStore(trained).get("resnet8-gap-1")
    assert len(list((run.path / "tensorboard").iterdir())) == 1
    found = event_files.scalars(run.path / "tensorboard")
    assert run.result
    assert found == {
        **{name: [(step, pytest.approx(value)) for step, value in enumerate(run.history[name])] for name in METRICS},
        **{name: [(2, pytest.approx(value))] for name, value in named_result(run.result).items()},
    }
    assert [step for step, _ in event_files.pictures(run.path / "tensorboard")] == [0, 1, 2]


def test_a_saved_model_opens_in_plain_tensorflow_with_the_same_outputs(trained: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", data.to_input(data.load("fashion_mnist").test.images[:16]))
    paths = [str(run.model_path) for run in tp.runs(trained)]
    gem = str(tmp_path / "gem.keras")
    tp.build(tp.plan("convnet", "gem")).save(gem)
    script = (
        "import sys, numpy as np, tensorflow as tf\n"
        "images = np.load('images.npy')\n"
        f"models = [tf.keras.models.load_model(path, safe_mode=True) for path in {paths!r}]\n"
        # Only a head with a layer of our own needs tfpool, and Keras's error names the layer.
        "try:\n"
        f"    tf.keras.models.load_model({gem!r})\n"
        "except TypeError as error:\n"
        "    assert 'GeneralizedMeanPooling2D' in str(error)\n"
        "else:\n"
        "    raise AssertionError\n"
        "np.save('plain.npy', [model(images, training=False) for model in models])\n"
        "assert not [name for name in sys.modules if name.split('.')[0] == 'tfpool']\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "import tfpool as tp\n"
        f"models = [run.load_model() for run in tp.runs({str(trained)!r})]\n"
        "np.save('ours.npy', [model(images, training=False) for model in models])\n"
    )
    # In a process of its own: other tests have loaded tfpool in this one, and set its number of threads.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-P", "-c", script]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    plain, ours = np.load(tmp_path / "plain.npy"), np.load(tmp_path / "ours.npy")
    assert plain.shape == (2, 16, 10)
    np.testing.assert_array_equal(plain, ours)


def stop(store: RunStore, run: Run) -> None:
    store.request_stop(run.id)
    wait_for(lambda: store.get(run.id).state == "stopped", "the stop")


def kill(store: RunStore, run: Run) -> None:
    os.kill(pid_of(store, run), signal.SIGKILL)
    wait_for(lambda: store.get(run.id).state == "interrupted", "the end of the process", seconds=5)
    assert store.get(run.id).load_model().count_params() == RANDOM_PLAN.params
    with sqlite3.connect(store.folder / "runs.sqlite") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def fill_disk(store: RunStore, run: Run) -> None:
    # Room for rows of the database, not for a checkpoint.
    limited = Process.of(pid_of(store, run))
    resource.prlimit(limited.pid, resource.RLIMIT_FSIZE, (200_000, 200_000))
    wait_for(lambda: store.get(run.id).state in ENDED, "the failure")
    failed = store.get(run.id)
    assert (failed.state, "File too large" in (failed.error or "")) == ("failed", True)
    assert not [path.name for path in failed.checkpoint_path.parent.iterdir() if path.name.startswith(".")]
    # The worker looks for other runs before it exits, and would claim this run again.
    wait_for(lambda: not limited.is_alive, "the end of the process")


@pytest.mark.parametrize(
    "interruptions",
    [(kill,), pytest.param((stop, kill, fill_disk), marks=pytest.mark.exhaustive)],
    ids=["killed", "stopped, killed, disk full"],
)
def test_an_interrupted_run_ends_with_the_bits_of_an_uninterrupted_one(
    few: str, tmp_path: Path, interruptions: Sequence[Callable[[RunStore, Run], None]]
) -> None:
    whole = tp.train(RANDOM_PLAN, few, RECIPE, tmp_path / "whole")
    assert (whole.id, whole.state) == ("convnet-gap-1", "done")
    assert whole.load_model().count_params() == RANDOM_PLAN.params

    store = RunStore(tmp_path / "interrupted")
    run = started(store, few, RANDOM_PLAN, RECIPE)
    # Keras would load pandas and matplotlib for charts and tables.
    loaded = Path(f"/proc/{pid_of(store, run)}/maps").read_text()
    assert ("tensorflow" in loaded, "pandas" in loaded, "matplotlib" in loaded) == (True, False, False)
    for interrupt in interruptions:
        interrupt(store, run)
        run = resumed(store, run)
    wait_for(lambda: store.get(run.id).state in ENDED, "the end")
    run = store.get(run.id)
    assert run.state == "done"
    assert {**run.history, "seconds": []} == {**whole.history, "seconds": []}
    assert digest(run) == digest(whole)
    maps, maps_of_whole = (training_maps.path(each).read_bytes() for each in (run, whole))
    assert maps == maps_of_whole
    assert run.result == whole.result
    assert not run.checkpoint_path.exists()


def test_a_full_disk_is_named_and_the_run_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = RunStore(tmp_path)
    store.add({"plan": PLAN.spec, "data": "no such data", "recipe": tp.Recipe().config})
    monkeypatch.setattr(files, "is_full", lambda folder: True)
    monkeypatch.setattr(worker, "launch", lambda store: None)
    monkeypatch.setattr(worker, "lower_priority", lambda: None)
    monkeypatch.setattr("tfpool.training.device.take_device", lambda *arguments: None)
    exits: list[int] = []
    monkeypatch.setattr(worker.os, "_exit", exits.append)
    worker.main(str(tmp_path))
    (run,) = store.runs()
    assert run.state == "failed"
    assert "disk" in (run.error or "")
    # The space reserved for this moment is released.
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]
    # Whoever watches for a stop leaves a process alone whose run has ended.
    for thread in threading.enumerate():
        if thread.name == "watch":
            thread.join(30)
    assert exits == []


def test_the_predictions_on_the_test_images_are_saved(trained: Path) -> None:
    run = RunStore(trained).get("resnet8-gap-1")
    labels = data.load("fashion_mnist").test.labels
    with np.load(run.path / "predictions.npz") as saved:
        assert run.result
        assert (saved["predicted"] == labels).mean() == run.result["accuracy"]
        assert np.all(saved["confidence"] >= saved["truth"])
        np.testing.assert_array_equal(saved["confidence"] == saved["truth"], saved["predicted"] == labels)


@pytest.mark.quiet
def test_a_stop_takes_effect_within_two_seconds_and_keeps_the_model(few: str, tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    run = started(store, few)
    store.request_stop(run.id)
    assert wait_for(lambda: store.get(run.id).state == "stopped", "the stop") < 2
    assert store.get(run.id).load_model().count_params() == PLAN.params


@pytest.mark.quiet
def test_a_run_stops_while_tensorflow_is_loading(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    (run_id,) = enqueue([PLAN], "fashion_mnist", ENDLESS, store)
    launch(store)
    wait_for(lambda: store.get(run_id).state == "running", "the claim")
    store.request_stop(run_id)
    # Two seconds, and one more for a busy machine.
    assert wait_for(lambda: store.get(run_id).state == "stopped", "the stop") < 3


def test_queued_runs_follow_one_another_without_help(few: str, tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    recipe = tp.Recipe(epochs=1, train_images=64)
    queued = enqueue_heads("convnet", ["gap", "flatten"], few, recipe, store)
    launch(store)
    wait_for(lambda: all(run.state in ENDED for run in store.runs()), "all runs")
    assert {run.id: run.state for run in store.runs()} == dict.fromkeys(queued, "done")


def test_a_loss_that_overflows_fails_the_run(few: str, tmp_path: Path) -> None:
    recipe = tp.Recipe(epochs=50, train_images=64, optimizer="sgd", learning_rate=1e30)
    with pytest.raises(RuntimeError, match="loss"):
        tp.train(PLAN, few, recipe, tmp_path)
    assert tp.runs(tmp_path)[0].state == "failed"


@pytest.mark.parametrize(
    ("plan", "name", "word"),
    [
        (tp.plan("resnet8"), "fashion_mnist", "input_shape"),
        (tp.plan("resnet8", input_shape=(28, 28, 1), classes=3), "fashion_mnist", "classes"),
        (PLAN, "nonsense", "nonsense"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_queued(
    tmp_path: Path, plan: Plan, name: str, word: str
) -> None:
    with pytest.raises(ValueError, match=word):
        tp.train(plan, name, store=tmp_path)
    assert tp.runs(tmp_path) == []
