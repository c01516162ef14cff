"""Scores and accuracy of a finished run's model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfpool.data import DataSet, Part
from tfpool.tracking.run_data import load_data
from tfpool.tracking.store import Run

_BATCH = 250


def images_of(run: Run) -> DataSet:
    """The data set of a run, with only the training images that it was trained on."""
    data_set = load_data(run)
    train = data_set.train.first(run.spec["recipe"]["train_images"])
    return DataSet(data_set.name, data_set.class_names, train, data_set.validation, data_set.test)


def scorer(run: Run) -> Callable[[np.ndarray], np.ndarray]:
    """A function from images, uint8 (N, h, w, c), to logits, float32 (N, K), by the run's model."""
    import tensorflow as tf

    from tfpool.models.preprocessing import to_network

    model, plan, weights = run.load_model(), run.plan, run.spec["recipe"]["weights"]

    @tf.function(reduce_retracing=True)
    def scores(images: tf.Tensor) -> tf.Tensor:
        return tf.cast(model(to_network(images, plan, weights), training=False), tf.float32)

    def scored(images: np.ndarray) -> np.ndarray:
        batches = (images[start : start + _BATCH] for start in range(0, len(images), _BATCH))
        return np.concatenate([scores(batch).numpy() for batch in batches])

    return scored


def accuracy(scores: np.ndarray, part: Part) -> float:
    """Fraction of images whose highest score is that of their class."""
    return float((scores.argmax(axis=1) == part.labels).mean())
