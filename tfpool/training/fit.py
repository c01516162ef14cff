"""Training one run in this process: the model, the batches, Keras's `fit`, and what is kept of it."""

from __future__ import annotations

import csv
import json
import math
import platform
import threading
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import tfpool
from tfpool import data as data_sets
from tfpool.build import build
from tfpool.data import DataSet
from tfpool.files import atomic
from tfpool.plan import Plan
from tfpool.runs import METRICS, Run, RunStore
from tfpool.training import batches
from tfpool.training.recipe import Recipe


class Stopped(Exception):
    """Somebody asked the run to stop."""


def fit_run(store: RunStore, run: Run, stop: threading.Event) -> dict[str, float]:
    """Train a claimed run to its end and return loss and accuracy on the test images.

    Raises:
        Stopped: when `stop` was set.
        FloatingPointError: when the loss is no longer a number.
    """
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    data, recipe, plan = data_sets.load(run.spec["data"]), Recipe(**run.spec["recipe"]), run.plan
    _describe(run, data)
    # Whatever takes its randomness from Keras's global state instead of a seed of its own.
    keras.utils.set_random_seed(recipe.seed)
    images = len(data.train.first(recipe.train_images))
    model = compiled(plan, recipe, images)
    fit(model, data, recipe, Reporter(store, run, recipe, images, stop))
    result = model.evaluate(batches.in_order(data.test, 256), callbacks=[Watchful(stop)], return_dict=True, verbose=0)
    check_finite(result["loss"], "on the test images")
    return {name: float(result[name]) for name in ("loss", "accuracy")}


def compiled(plan: Plan, recipe: Recipe, images: int) -> keras.Model:
    """The plan's model with initial weights, ready for `fit` on that many images an epoch."""
    model = build(plan, seed=recipe.seed)
    for row in plan.rows:
        model.get_layer(row.name).trainable = row.part not in recipe.freeze
    rate: Any = recipe.learning_rate
    if recipe.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, recipe.epochs * math.ceil(images / recipe.batch_size))
    optimizer = (
        keras.optimizers.Adam(rate)
        if recipe.optimizer == "adam"
        else keras.optimizers.SGD(rate, momentum=0.9, nesterov=True)
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # XLA on a CPU compiles for a minute and then trains several times slower.
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False)
    return model


def fit(model: keras.Model, data: DataSet, recipe: Recipe, *callbacks: keras.callbacks.Callback) -> None:
    """Train a compiled model on a data set's training images, with its validation images after each epoch."""
    train = data.train.first(recipe.train_images)
    model.fit(
        batches.shuffled(train, recipe.batch_size, recipe.seed, recipe.epochs),
        epochs=recipe.epochs,
        steps_per_epoch=math.ceil(len(train) / recipe.batch_size),
        validation_data=batches.in_order(data.validation, 256),
        callbacks=list(callbacks),
        verbose=0,
    )


def check_finite(loss: float, where: str) -> None:
    """Refuse to go on from a loss that is no number.

    Raises:
        FloatingPointError: saying where that was and what to try.
    """
    if not math.isfinite(loss):
        raise FloatingPointError(f"The loss became {loss} {where}. Try a smaller learning rate.")


class Watchful(keras.callbacks.Callback):
    """Ends evaluation at the next batch when asked to stop."""

    def __init__(self, stop: threading.Event) -> None:
        super().__init__()
        self._stop = stop

    def on_test_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.check()

    def check(self) -> None:
        if self._stop.is_set():
            raise Stopped


class Reporter(Watchful):
    """Tells the store about each second and each epoch, and keeps the model of the last finished epoch."""

    def __init__(self, store: RunStore, run: Run, recipe: Recipe, images: int, stop: threading.Event) -> None:
        super().__init__(stop)
        self._store, self._run, self._recipe, self._images = store, run, recipe, images
        self._scalars = tf.summary.create_file_writer(str(run.path / "tensorboard"))
        self._began = self._epoch_began = self._told = time.monotonic()
        self._epoch, self._speed = 0, 0.0

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self._began = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._epoch, self._epoch_began = epoch, time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.check()
        values = logs or {}
        check_finite(values["loss"], f"in epoch {self._epoch + 1}, step {batch + 1}")
        self._speed = self._seen(batch + 1) / (time.monotonic() - self._epoch_began)
        if time.monotonic() - self._told > 0.5:
            self._report(batch + 1, values)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        values = {**(logs or {}), "seconds": time.monotonic() - self._epoch_began}
        check_finite(values["val_loss"], f"on the validation images after epoch {epoch + 1}")
        save_model(self.model, self._run.model_path)
        self._store.record(self._run.id, epoch, values)
        _write_history(self._store.get(self._run.id))
        self._summarize(epoch, values)
        self._report(self.params["steps"], values)

    def _report(self, step: int, values: dict[str, float]) -> None:
        self._told = time.monotonic()
        self._store.report(
            self._run.id,
            epoch=self._epoch,
            step=step,
            steps=self.params["steps"],
            loss=values["loss"],
            accuracy=values["accuracy"],
            images_per_second=self._speed,
            elapsed=self._told - self._began,
        )

    def _seen(self, steps: int) -> int:
        """Images of this epoch that so many steps have seen; the last batch may be a short one."""
        return min(steps * self._recipe.batch_size, self._images)

    def _summarize(self, epoch: int, values: dict[str, float]) -> None:
        """Scalars as TensorBoard reads them, without needing TensorBoard installed."""
        scalars = tf.compat.v1.SummaryMetadata()
        scalars.plugin_data.plugin_name = "scalars"
        with self._scalars.as_default():
            for name in METRICS:
                tf.summary.write(name, tf.constant(values[name], tf.float32), step=epoch, metadata=scalars)
        self._scalars.flush()


def save_model(model: keras.Model, path: Path) -> None:
    """Save a model so that the file is the old one or the new one, never a part."""
    with atomic(path) as temporary:
        model.save(temporary)


def _write_history(run: Run) -> None:
    with atomic(run.path / "history.csv") as temporary, temporary.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("epoch", *METRICS))
        epochs = zip(*(run.history[name] for name in METRICS), strict=True)
        rows.writerows((number, *values) for number, values in enumerate(epochs, start=1))


def _describe(run: Run, data: DataSet) -> None:
    """Everything needed to repeat the run, beside its model."""
    facts = {
        "id": run.id,
        **run.spec,
        "data_fingerprint": data.fingerprint,
        "input": "float32 from 0 to 1",
        "output": "logits",
        "threads": 1,
        "versions": {
            "python": platform.python_version(),
            "tfpool": tfpool.__version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
    }
    with atomic(run.path / "run.json") as temporary:
        temporary.write_text(json.dumps(facts, indent=2, ensure_ascii=False))
