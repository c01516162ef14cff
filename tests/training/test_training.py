import csv
import hashlib
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import tfpool as tp
from tests.helpers.processes import ROOT
from tfpool import data
from tfpool.counting.plan import Plan
from tfpool.system import files
from tfpool.system.process import Process
from tfpool.tracking.store import ENDED, METRICS, Run, RunStore
from tfpool.training import worker
from tfpool.training.launcher import launch
from tfpool.training.queue import enqueue, enqueue_heads

pytestmark = pytest.mark.slow
PLAN = tp.plan("resnet8", head="gap", input_shape=(28, 28, 1))
TIMELESS = [name for name in METRICS if name != "seconds"]
ENDLESS = tp.Recipe(epochs=1000, train_images=500)
RANDOM = tp.plan("resnet8", head=tp.GAP(dropout=0.3), input_shape=(28, 28, 1))
RECIPE = tp.Recipe(epochs=3, train_images=800, batch_size=16, augment=("flip", "shift"), seed=7)


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 90) -> float:
    """Wait until the condition holds and return how long that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"waited {seconds} s for {what}"
        time.sleep(0.02)
    return time.monotonic() - began


def started(store: RunStore, few: str, plan: Plan = PLAN, recipe: tp.Recipe = ENDLESS) -> Run:
    """A run in its first epochs, by default an endless one."""
    (run_id,) = enqueue([plan], few, recipe, store)
    launch(store)
    wait_for(lambda: len(store.get(run_id).history["loss"]) > 0, "the first epoch")
    return store.get(run_id)


def pid_of(store: RunStore, run: Run) -> int:
    with sqlite3.connect(store.folder / "runs.sqlite") as db:
        return db.execute("SELECT pid FROM runs WHERE id = ?", (run.id,)).fetchone()[0]


def digest(run: Run) -> str:
    weights = run.load_model().get_weights()
    return hashlib.sha256(b"".join(weight.tobytes() for weight in weights)).hexdigest()


@pytest.mark.parametrize("run_id", ["resnet8-gap-1", "resnet8-flatten-2"])
def test_learning_happened(trained: Path, run_id: str) -> None:
    run = RunStore(trained).get(run_id)
    assert run.state == "done"
    assert all(len(run.history[name]) == 3 for name in METRICS)
    assert run.history["loss"][-1] < 0.7 * run.history["loss"][0]
    # A tenth is chance.
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
    with (run.path / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["val_accuracy"]) for row in rows] == run.history["val_accuracy"]
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert not [path.name for path in run.path.iterdir() if path.name.startswith(".")]


def test_tensorboards_format_has_every_metric_of_every_epoch(trained: Path) -> None:
    run = RunStore(trained).get("resnet8-gap-1")
    (events,) = (run.path / "tensorboard").iterdir()
    found: dict[str, list[float]] = {}
    for event in tf.compat.v1.train.summary_iterator(str(events)):
        for value in event.summary.value:
            assert value.metadata.plugin_data.plugin_name in ("scalars", "")
            found.setdefault(value.tag, []).append(float(tf.make_ndarray(value.tensor)))
    assert {name: pytest.approx(run.history[name]) for name in METRICS} == found


def test_a_saved_model_opens_in_plain_tensorflow_with_the_same_outputs(trained: Path, tmp_path: Path) -> None:
    images = data.to_input(data.load("fashion_mnist").test.images[:16])
    np.save(tmp_path / "images.npy", images)
    paths = [str(run.model_path) for run in tp.runs(trained)]
    plain = (
        "import sys, numpy as np, tensorflow as tf\n"
        f"models = [tf.keras.models.load_model(path, safe_mode=True) for path in {paths!r}]\n"
        "assert not [name for name in sys.modules if name.split('.')[0] == 'tfpool']\n"
    )
    ours = f"import numpy as np, tfpool as tp\nmodels = [run.load_model() for run in tp.runs({str(trained)!r})]\n"
    # Each in a process of its own: the last bits depend on the threads, which other tests have set in this one.
    plainly, as_ours = (_scores(script, tmp_path) for script in (plain, ours))
    assert plainly.shape == (2, 16, 10)
    np.testing.assert_array_equal(plainly, as_ours)


def _scores(script: str, folder: Path) -> np.ndarray:
    """What the models of a script say of the images in a folder, (models, N, K)."""
    script += "np.save('scores.npy', [model(np.load('images.npy'), training=False) for model in models])\n"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", script], cwd=folder, env=environment, check=True, capture_output=True)
    return np.load(folder / "scores.npy")


@pytest.fixture(scope="module")
def whole(few: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with all that is drawn at random, which nothing interrupted."""
    return tp.train(RANDOM, few, RECIPE, tmp_path_factory.mktemp("whole"))


def assert_same_bits(run: Run, whole: Run) -> None:
    assert run.state == "done"
    assert {name: run.history[name] for name in TIMELESS} == {name: whole.history[name] for name in TIMELESS}
    assert digest(run) == digest(whole)
    assert run.result == whole.result
    assert not run.checkpoint_path.exists()


def resumed(store: RunStore, run: Run) -> Run:
    store.resume(run.id)
    launch(store)
    wait_for(lambda: store.get(run.id).state in ENDED, "the end")
    return store.get(run.id)


def test_the_same_call_gives_the_same_bits_and_train_returns_the_run(few: str, whole: Run, tmp_path: Path) -> None:
    run = tp.train(RANDOM, few, RECIPE, tmp_path)
    assert run.id == "resnet8-gap-1"
    assert_same_bits(run, whole)
    assert run.load_model().count_params() == RANDOM.params


def test_a_head_with_a_layer_of_our_own_is_trained_and_opened_elsewhere(few: str, tmp_path: Path) -> None:
    run = tp.train(
        tp.plan("resnet8", head="gem", input_shape=(28, 28, 1)),
        few,
        recipe=tp.Recipe(epochs=1, train_images=128),
        store=tmp_path,
    )
    script = f"import tfpool as tp; print(tp.runs({str(tmp_path)!r})[0].load_model().count_params())"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(ended.stdout) == run.plan.params
    plain = f"import tensorflow as tf; tf.keras.models.load_model({str(run.model_path)!r})"
    missing = subprocess.run([sys.executable, "-c", plain], capture_output=True, text=True)
    assert missing.returncode == 1
    assert "GeneralizedMeanPooling2D" in missing.stderr


def test_a_frozen_backbone_does_not_change(few: str, tmp_path: Path) -> None:
    run = tp.train(PLAN, few, tp.Recipe(epochs=1, train_images=200, freeze=("backbone",)), store=tmp_path)
    before, after = tp.build(PLAN, seed=0), run.load_model()
    for row in PLAN.rows:
        same = all(
            map(np.array_equal, before.get_layer(row.name).get_weights(), after.get_layer(row.name).get_weights())
        )
        assert same == (row.part == "backbone" or row.params == 0)


def test_killing_the_worker_leaves_an_interrupted_run_and_a_sound_database(few: str, tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    run = started(store, few)
    # What Keras would load for charts and tables is left out.
    loaded = Path(f"/proc/{pid_of(store, run)}/maps").read_text()
    assert ("tensorflow" in loaded, "pandas" in loaded, "matplotlib" in loaded) == (True, False, False)
    os.kill(pid_of(store, run), signal.SIGKILL)
    wait_for(lambda: store.get(run.id).state != "running", "the end of the run", seconds=5)
    after = store.get(run.id)
    assert after.state == "interrupted"
    assert after.history["loss"][: len(run.history["loss"])] == run.history["loss"]
    with sqlite3.connect(tmp_path / "runs.sqlite") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert after.load_model().count_params() == PLAN.params


def test_a_run_that_is_killed_and_resumed_ends_with_the_same_bits(few: str, whole: Run, tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    run = started(store, few, RANDOM, RECIPE)
    wait_for(lambda: store.get(run.id).done > 0.4, "the middle of the second epoch")
    os.kill(pid_of(store, run), signal.SIGKILL)
    wait_for(lambda: store.get(run.id).state == "interrupted", "the end of the process", seconds=5)
    assert_same_bits(resumed(store, run), whole)


def test_a_disk_that_takes_no_more_fails_the_run_and_leaves_the_checkpoint_to_go_on_from(
    few: str, whole: Run, tmp_path: Path
) -> None:
    store = RunStore(tmp_path)
    run = started(store, few, RANDOM, RECIPE)
    checkpoint = run.checkpoint_path
    wait_for(checkpoint.exists, "a checkpoint")
    # Room for rows of the database, not for what a run writes at the end of its epochs.
    limited = Process.of(pid_of(store, run))
    resource.prlimit(limited.pid, resource.RLIMIT_FSIZE, (250_000, 250_000))
    wait_for(lambda: store.get(run.id).state in ENDED, "the failure")
    failed = store.get(run.id)
    assert (failed.state, "File too large" in (failed.error or "")) == ("failed", True)
    assert not [path.name for path in checkpoint.parent.iterdir() if path.name.startswith(".")]
    # It looks for other runs before it ends, and would take this one again.
    wait_for(lambda: not limited.is_alive, "the end of the process")
    assert_same_bits(resumed(store, run), whole)


def test_a_full_disk_is_named_and_the_run_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = RunStore(tmp_path)
    store.add({"plan": PLAN.spec, "data": "no such data", "recipe": tp.Recipe().config})
    monkeypatch.setattr(files, "is_full", lambda folder: True)
    monkeypatch.setattr(worker, "launch", lambda store: None)
    monkeypatch.setattr(worker, "give_way", lambda: None)
    monkeypatch.setattr("tfpool.training.fit.take_one_thread", lambda: None)
    worker.main(str(tmp_path))
    (run,) = store.runs()
    assert (run.state, run.error) == (
        "failed",
        "The disk is full. Free some space and resume the run: it goes on from its last checkpoint.",
    )
    # What was kept for this moment has been given back.
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_stopped_run_goes_on_when_it_is_resumed(few: str, whole: Run, tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    run = started(store, few, RANDOM, RECIPE)
    store.request_stop(run.id)
    wait_for(lambda: store.get(run.id).state == "stopped", "the stop")
    assert_same_bits(resumed(store, run), whole)


def test_what_the_model_says_of_each_test_image_is_kept(trained: Path) -> None:
    run = RunStore(trained).get("resnet8-gap-1")
    labels = data.load("fashion_mnist").test.labels
    with np.load(run.path / "predictions.npz") as kept:
        assert run.result
        assert (kept["predicted"] == labels).mean() == run.result["accuracy"]
        assert np.all(kept["confidence"] >= kept["truth"])
        np.testing.assert_array_equal(kept["confidence"] == kept["truth"], kept["predicted"] == labels)


@pytest.mark.quiet
def test_a_stop_takes_effect_within_two_seconds_and_keeps_the_model(few: str, tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    run = started(store, few)
    store.request_stop(run.id)
    assert wait_for(lambda: store.get(run.id).state == "stopped", "the stop") < 2
    assert store.get(run.id).load_model().count_params() == PLAN.params


@pytest.mark.quiet
def test_a_stop_is_heard_while_tensorflow_is_loading(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    (run_id,) = enqueue([PLAN], "fashion_mnist", ENDLESS, store)
    launch(store)
    wait_for(lambda: store.get(run_id).state == "running", "the claim")
    store.request_stop(run_id)
    # Two seconds, and what a loaded machine may add to a bare process's turn.
    assert wait_for(lambda: store.get(run_id).state == "stopped", "the stop") < 3


def test_queued_runs_follow_one_another_without_help(few: str, tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    recipe = tp.Recipe(epochs=1, train_images=64)
    queued = enqueue_heads("resnet8", ["gap", "gmp", "flatten"], few, recipe, store)
    launch(store)
    wait_for(lambda: all(run.state in ENDED for run in store.runs()), "all runs")
    assert {run.id: run.state for run in store.runs()} == dict.fromkeys(queued, "done")


def test_a_loss_that_is_no_number_fails_the_run_and_says_what_to_try(few: str, tmp_path: Path) -> None:
    recipe = tp.Recipe(epochs=50, train_images=64, optimizer="sgd", learning_rate=1e30)
    with pytest.raises(RuntimeError, match=r"was failed.*The loss became .* epoch .* smaller learning rate"):
        tp.train(PLAN, few, recipe, tmp_path)
    assert tp.runs(tmp_path)[0].state == "failed"


@pytest.mark.parametrize(
    ("plan", "name", "message"),
    [
        (tp.plan("resnet8"), "fashion_mnist", r"images of 28×28×1, the plan takes 32×32×3.*input_shape=\(28, 28, 1\)"),
        (tp.plan("resnet8", input_shape=(28, 28, 1), classes=3), "fashion_mnist", "has 10 classes, the plan has 3"),
        (PLAN, "nonsense", "Unknown data set 'nonsense'"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_queued(
    tmp_path: Path, plan: Plan, name: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        tp.train(plan, name, store=tmp_path)
    assert tp.runs(tmp_path) == []


def test_a_plan_of_unknown_size_trains_on_any_images(few: str, tmp_path: Path) -> None:
    plan = tp.plan("resnet8", input_shape=(None, None, 1))
    run = tp.train(plan, few, tp.Recipe(epochs=1, train_images=64), tmp_path)
    assert run.load_model().input_shape == (None, None, None, 1)
