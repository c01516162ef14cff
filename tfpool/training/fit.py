"""Trains one run in this process: builds the model, trains it and reports to the store."""

from __future__ import annotations

import math
import platform
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tfpool._version import __version__
from tfpool.counting.plan import Plan
from tfpool.data import DataSet
from tfpool.models import neutral_arguments
from tfpool.models.build import build
from tfpool.models.preprocessing import to_network, white_level
from tfpool.system.files import atomic, remove_temporary
from tfpool.system.format import csv_text
from tfpool.system.provenance import processor
from tfpool.tracking import predictions, training_maps
from tfpool.tracking.database import METRICS
from tfpool.tracking.lease import Lease
from tfpool.tracking.run import FIRST_EPOCH
from tfpool.tracking.run_data import description_text, load_data, machines, start_facts
from tfpool.training.device import gpu_names
from tfpool.training.feature_cache import are_fixed, features
from tfpool.training.map_recorder import MapRecorder
from tfpool.training.pace import Pace
from tfpool.training.recipe import TRAINING_VERSION, Recipe
from tfpool.training.tensorboard_log import TensorBoardLog
from tfpool.training.trainer import Trainer

_REPORT_SECONDS = 0.5
_SAVE_SECONDS = 2.0
_SAVE_PAUSE = 50
"""Time between two checkpoints, at least, as a multiple of the time to write one."""


class Stopped(Exception):
    """The run was stopped on request."""


def fit_run(lease: Lease, stop: threading.Event) -> dict[str, float]:
    """Train a claimed run to its end, from its checkpoint if there is one, and return its result on the test images.

    Raises:
        Stopped: soon after `stop` is set.
        LeaseLost: if the run is no longer this worker's.
        ValueError: if the run would go on with other images or classes than those it began with.
    """
    run = lease.run
    lease.enter("loading images")
    data, recipe = load_data(run), Recipe(**run.spec["recipe"])
    lease.begin(start_facts(run, data))
    remove_temporary(run.path)
    _write_description(lease, data)
    lease.enter("compiling")
    model = initial_model(run.plan, recipe)
    trainer = _trainer(model, lease, recipe, data, stop)
    trainer.restore(run.checkpoint_path)
    reporter = Reporter(lease, model, trainer, data, stop)
    trainer.run(reporter.on_step, reporter.on_epoch)
    lease.enter("testing")
    if recipe.patience is not None:
        model.load_weights(run.model_path)
    training, _ = trainer.evaluate(trainer.images, reporter.check)
    result, scores = trainer.evaluate(trainer.data.test, reporter.check)
    _save_predictions(lease, scores, data)
    result |= {"images": len(data.test), "train_loss": training["loss"], "train_accuracy": training["accuracy"]}
    reporter.on_end(result)
    run.checkpoint_path.unlink(missing_ok=True)
    return result


def _trainer(model: keras.Model, lease: Lease, recipe: Recipe, data: DataSet, stop: threading.Event) -> Trainer:
    """A trainer of the whole model, or of its head alone on the cached features of its frozen backbone."""
    run = lease.run
    if not are_fixed(recipe):
        return Trainer(model, data, recipe, lambda images: to_network(images, run.plan, recipe.weights))

    def on_progress(done: int, total: int) -> None:
        if stop.is_set():
            raise Stopped
        lease.report(phase="features", preparing=done / total)

    feature_data = features(model, run.plan, recipe, data, run.path.parent, on_progress)
    head = keras.Model(model.get_layer(run.plan.features.name).output, model.output)
    return Trainer(head, feature_data, recipe, tf.identity)


def initial_model(plan: Plan, recipe: Recipe) -> keras.Model:
    """The model before its first step: initial weights, precision, frozen parts."""
    # Some layers draw from Keras's global random state instead of a seed of their own.
    keras.utils.set_random_seed(recipe.seed)
    with _precision(recipe.precision):
        model = build(plan, seed=recipe.seed, weights=recipe.weights, initializer=recipe.initializer)
    for row in plan.rows:
        model.get_layer(row.name).trainable = row.part not in recipe.freeze
    return model


class Reporter:
    """Reports progress and metrics to the store, and saves checkpoints, the model and class maps."""

    def __init__(
        self, lease: Lease, model: keras.Model, trainer: Trainer, data: DataSet, stop: threading.Event
    ) -> None:
        self._lease, self._run, self._model, self._trainer, self._stop = lease, lease.run, model, trainer, stop
        self._log = TensorBoardLog(self._run, data, trainer.state["epoch"], lease.holding)
        self._maps = MapRecorder(model, trainer, training_maps.path(self._run), lease.holding)
        self._saved = time.monotonic()
        self._reported = -math.inf
        self._pause, self._pace = _SAVE_SECONDS, Pace(trainer)
        self._first_epoch: list[tuple[float, ...]] = list(zip(*self._run.first_epoch.values(), strict=True))

    def check(self) -> None:
        """Raise `Stopped` if the run is to stop."""
        if self._stop.is_set():
            raise Stopped

    def on_step(self) -> None:
        self.check()
        self._pace.add()
        now = time.monotonic()
        if now - self._reported > _REPORT_SECONDS:
            self._report(self._trainer.running)
        if now - self._saved > self._pause:
            self._save()

    def on_epoch(self, metrics: dict[str, float]) -> None:
        epoch = self._trainer.state["epoch"] - 1
        if self._trainer.is_best:
            with atomic(self._run.model_path, self._lease.holding) as temporary:
                self._model.save(temporary)
                neutral_arguments.leave_out(temporary)
        # The store comes first: a kill before the checkpoint repeats an epoch, but loses none.
        self._lease.record(epoch, metrics)
        self._write_history()
        self._log.add_epoch(epoch, metrics, self._maps.record(epoch))
        self._save()
        self._report(metrics)

    def on_end(self, result: dict[str, float]) -> None:
        self._log.add_result(self._trainer.saved_epoch, result)

    def _save(self) -> None:
        start = time.monotonic()
        self._trainer.save(self._run.checkpoint_path, self._lease.holding)
        self._saved = time.monotonic()
        self._pause = max(_SAVE_SECONDS, _SAVE_PAUSE * (self._saved - start))

    def _report(self, values: dict[str, float]) -> None:
        self._reported = time.monotonic()
        state = self._trainer.state
        if state["epoch"] == 0:
            self._record_first_epoch(values)
        self._lease.report(
            phase="training",
            epoch=state["epoch"],
            step=state["step"],
            steps=self._trainer.steps,
            loss=values["loss"],
            accuracy=values["accuracy"],
            images_per_second=self._pace.images_per_second,
            seconds_left=self._pace.seconds_left,
            elapsed=state["elapsed"] + state["seconds"],
        )

    def _record_first_epoch(self, values: dict[str, float]) -> None:
        """Write the training loss and accuracy so far, so that curves begin within the first epoch."""
        done = self._trainer.state["step"] / self._trainer.steps
        self._first_epoch.append((done, values["loss"], values["accuracy"]))
        with atomic(self._run.first_epoch_path, self._lease.holding) as temporary:
            _write_table(temporary, FIRST_EPOCH, self._first_epoch)

    def _write_history(self) -> None:
        epochs = zip(*self._lease.history.values(), strict=True)
        rows = ((number, *values) for number, values in enumerate(epochs, start=1))
        with atomic(self._run.path / "history.csv", self._lease.holding) as temporary:
            _write_table(temporary, ("epoch", *METRICS), rows)


@contextmanager
def _precision(policy: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _save_predictions(lease: Lease, scores: np.ndarray, data: DataSet) -> None:
    """Save the predicted class of each test image, and the probabilities of the predicted and the true class."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities = (shifted / shifted.sum(axis=1, keepdims=True)).astype(np.float32)
    rows = np.arange(len(scores))
    predicted = scores.argmax(axis=1).astype(np.int32)
    with atomic(predictions.path(lease.run), lease.holding) as temporary:
        np.savez_compressed(
            temporary,
            predicted=predicted,
            confidence=probabilities[rows, predicted],
            truth=probabilities[rows, data.test.labels],
        )


def _write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[float]]) -> None:
    path.write_text(csv_text([header, *rows]), encoding="utf-8", newline="")


def _write_description(lease: Lease, data: DataSet) -> None:
    """Write run.json, which holds all that is needed to repeat the run, and all machines that have trained it."""
    run = lease.run
    plan, weights = run.plan, run.spec["recipe"].get("weights")
    scale = f"as ImageNet's weights of {plan.backbone} expect" if weights else f"from 0 to {white_level(plan):g}"
    libraries = {library.__name__: library.__version__ for library in (tf, keras, np)}
    here = {"processor": processor(), "gpus": gpu_names(), "threads": 1, "versions": libraries}
    before = machines(run) if run.checkpoint_path.exists() else []
    facts = {
        "id": run.id,
        **run.spec,
        "data_fingerprint": data.fingerprint,
        "input": f"float32 {scale}",
        "output": "logits",
        "threads": 1,
        "training_version": TRAINING_VERSION,
        "versions": {"python": platform.python_version(), "tfpool": __version__, **libraries},
        "machines": before if before[-1:] == [here] else [*before, here],
    }
    with atomic(run.metadata_path, lease.holding) as temporary:
        temporary.write_text(description_text(facts), encoding="utf-8")
