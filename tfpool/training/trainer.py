"""The training loop: a compiled step, the epochs, and a state from which any process can resume.

The order of images and their augmentation follow from seed, epoch and step. All else that changes is in `variables` and
`state`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfpool.data import DataSet, Part
from tfpool.system.files import Guard
from tfpool.training import batches, checkpoint, optimizer
from tfpool.training.augmentation import augment
from tfpool.training.batch_statistics import IMAGES, BatchStatistics
from tfpool.training.class_weights import class_weights
from tfpool.training.recipe import Recipe
from tfpool.training.resident_data import ResidentData, is_resident

_Values = Sequence[Any] | np.ndarray
EVALUATION_BATCH = 256
"""Images per batch in evaluation."""


class Trainer:
    """Trains a built model, whose output is logits (N, K), on images or feature maps by a recipe.

    `prepare` is a TensorFlow function from a batch of the data set to the model's input. `steps` are those of an epoch.
    `state` has the current epoch and step, counted from 0, sums over the epoch so far, and the best epoch.
    """

    def __init__(
        self, model: keras.Model, data: DataSet, recipe: Recipe, prepare: Callable[[tf.Tensor], tf.Tensor]
    ) -> None:
        self.model, self.recipe, self.prepare = model, recipe, prepare
        self.data, self.images = data, data.train.first(recipe.train_images)
        self.steps = batches.steps(self.images, recipe.batch_size)
        self.optimizer = optimizer.optimizer(recipe, self.steps * recipe.epochs)
        self.optimizer.build(model.trainable_variables)
        self._loss = optimizer.loss(recipe)
        self._class_weights = class_weights(self.images.labels, data.classes) if recipe.class_weight else None
        self.state: dict[str, Any] = {"epoch": 0, "best_epoch": None, "best_loss": math.inf, "elapsed": 0.0}
        self.state |= _EPOCH_START
        batch = tf.TensorSpec([None, *self.images.images.shape[1:]], self.images.images.dtype)
        signature = (batch, tf.TensorSpec([None], tf.int64), tf.TensorSpec([], tf.int64))
        # No step branches on a tensor, so AutoGraph would search a second for nothing to rewrite.
        compiled = partial(tf.function, autograph=False, jit_compile=False)
        self._train = compiled(self._train_step, signature)
        self._evaluate = compiled(self._evaluate_step, signature[:2])
        self._resident = ResidentData(self.images, self._train_step) if is_resident(self.images) else None
        self._statistics = BatchStatistics(model, batch, prepare)

    @property
    def variables(self) -> list[keras.Variable]:
        """Weights, random states and the optimizer's variables."""
        return [*self.model.variables, *self.optimizer.variables]

    def save(self, path: Path, guard: Guard = nullcontext) -> None:
        checkpoint.save(path, self.variables, self.state, guard)

    def restore(self, path: Path) -> bool:
        """Restore a checkpoint and return whether there is one."""
        state = checkpoint.load(path, self.variables)
        if state is not None:
            self.state = state
        return state is not None

    def run(self, on_step: Callable[[], None], on_epoch: Callable[[dict[str, float]], None]) -> None:
        """Train from the current state to the last epoch, or until patience runs out or a loss is not finite.

        `on_epoch` receives the metrics after each epoch, when the state is that of the next epoch.
        """
        while self.state["epoch"] < self.recipe.epochs and not self._out_of_patience():
            self._run_epoch(on_step)
            on_epoch(self._end_epoch(on_step))

    def _run_epoch(self, on_step: Callable[[], None]) -> None:
        state = self.state
        epoch, start = state["epoch"], time.monotonic() - state["seconds"]
        for losses, hits, images in self._trained(epoch, state["step"]):
            state["step"] += len(losses)
            for loss in losses:
                state["loss"] += float(loss)
            state["hits"] += int(sum(hits))
            state["seen"] += images
            state["seconds"] = time.monotonic() - start
            check_finite(state["loss"], f"in epoch {epoch + 1}, step {state['step']}")
            on_step()

    def _trained(self, epoch: int, first: int) -> Iterator[tuple[_Values, _Values, int]]:
        """Train over an epoch from step `first` on; yields losses, hits and the number of images of some steps."""
        recipe, counter = self.recipe, epoch * self.steps
        if self._resident:
            order = batches.order(self.images, recipe.seed, epoch)
            for losses, hits, positions in self._resident.train(order, recipe.batch_size, first, counter):
                yield losses, hits, positions.size
            return
        shuffled = batches.shuffled(self.images, recipe.batch_size, recipe.seed, epoch, first)
        for step, (images, labels) in enumerate(shuffled, start=first):
            loss, hit = self._train(images, labels, counter + step)
            yield [loss], [hit], len(labels)

    def _end_epoch(self, on_step: Callable[[], None]) -> dict[str, float]:
        state, start = self.state, time.monotonic()
        images, _ = next(batches.shuffled(self.images, IMAGES, self.recipe.seed, state["epoch"]))
        self._statistics.measure(images)
        validation, _ = self.evaluate(self.data.validation, on_step)
        metrics = {**self.running, **{f"val_{name}": value for name, value in validation.items()}}
        metrics["seconds"] = state["seconds"] + time.monotonic() - start
        check_finite(metrics["val_loss"], f"on the validation images after epoch {state['epoch'] + 1}")
        if metrics["val_loss"] < state["best_loss"]:
            state["best_loss"], state["best_epoch"] = metrics["val_loss"], state["epoch"]
        state.update(_EPOCH_START, epoch=state["epoch"] + 1, elapsed=state["elapsed"] + metrics["seconds"])
        return metrics

    @property
    def running(self) -> dict[str, float]:
        """Mean loss and accuracy of the epoch so far."""
        images = self.state["seen"] or 1
        return {"loss": self.state["loss"] / images, "accuracy": self.state["hits"] / images}

    @property
    def saved_epoch(self) -> int:
        """The epoch, counted from 0, whose model is saved: the last one, or with patience the best one."""
        return self.state["epoch"] - 1 if self.recipe.patience is None else self.state["best_epoch"]

    @property
    def is_best(self) -> bool:
        """Whether to save the model of the epoch that has just ended."""
        return self.saved_epoch == self.state["epoch"] - 1

    def _out_of_patience(self) -> bool:
        best, patience = self.state["best_epoch"], self.recipe.patience
        return patience is not None and best is not None and self.state["epoch"] - best > patience

    def evaluate(self, part: Part, on_step: Callable[[], None]) -> tuple[dict[str, float], np.ndarray]:
        """Mean loss and accuracy, and the logits, float32 (N, K)."""
        loss, hits, scores = 0.0, 0, []
        for images, labels in batches.in_order(part, EVALUATION_BATCH):
            batch_loss, batch_hits, logits = self._evaluate(images, labels)
            loss, hits = loss + float(batch_loss), hits + int(batch_hits)
            scores.append(logits.numpy())
            on_step()
        return {"loss": loss / len(part), "accuracy": hits / len(part)}, np.concatenate(scores)

    def _train_step(self, images: tf.Tensor, labels: tf.Tensor, counter: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        inputs = augment(
            self.prepare(images), self.recipe.augment, tf.stack([tf.cast(self.recipe.seed, tf.int64), counter])
        )
        with tf.GradientTape() as tape:
            scores = tf.cast(self.model(inputs, training=True), tf.float32)
            truth = tf.one_hot(labels, scores.shape[-1])
            loss = minimized = self._loss(truth, scores)
            if self._class_weights is not None:
                minimized = self._loss(truth, scores, tf.gather(self._class_weights, labels))
            scaled = self.optimizer.scale_loss(minimized)
        gradients = tape.gradient(scaled, self.model.trainable_variables)
        self.optimizer.apply(gradients, self.model.trainable_variables)
        return loss * tf.cast(tf.shape(labels)[0], tf.float32), _hits(labels, scores)

    def _evaluate_step(self, images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        scores = tf.cast(self.model(self.prepare(images), training=False), tf.float32)
        loss = self._loss(tf.one_hot(labels, scores.shape[-1]), scores)
        return loss * tf.cast(tf.shape(labels)[0], tf.float32), _hits(labels, scores), scores


_EPOCH_START: dict[str, Any] = {"step": 0, "loss": 0.0, "hits": 0, "seen": 0, "seconds": 0.0}


def check_finite(loss: float, where: str) -> None:
    """Raise a FloatingPointError if a loss is infinite or NaN."""
    if not math.isfinite(loss):
        raise FloatingPointError(f"The loss became {loss} {where}. Try a smaller learning rate.")


def _hits(labels: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    return tf.math.count_nonzero(tf.argmax(scores, axis=1) == labels)
