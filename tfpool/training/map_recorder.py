"""Keeps the class maps of a few test images after each epoch, of the model as it is saved."""

from __future__ import annotations

import warnings
from contextlib import nullcontext
from pathlib import Path

import keras
import numpy as np

from tfpool.anatomy.limits import FEWEST_POSITIONS
from tfpool.cam.explainer import Explainer
from tfpool.cam.explanation import Explanation
from tfpool.data import Part
from tfpool.system.files import Guard
from tfpool.tracking import training_maps
from tfpool.tracking.training_maps import TrainingMaps, fixed_images
from tfpool.training.trainer import Trainer

_METHODS = ("cam", "hirescam")
"""The exact map of a linear head, and for other heads gradient times activation."""


class MapRecorder:
    """Writes the maps of the test images that `fixed_images` chooses, in one file that grows with each epoch.

    The file goes on from the epochs that it has, without those that the training repeats. It is not written for a model
    whose features have no map, or one of fewer than `FEWEST_POSITIONS` positions.
    """

    def __init__(self, model: keras.Model, trainer: Trainer, path: Path, guard: Guard = nullcontext) -> None:
        self._trainer, self._path, self._guard = trainer, path, guard
        test = trainer.data.test
        self._images = fixed_images(test.labels)
        self._part = Part(test.images[self._images], test.labels[self._images])
        self._inputs = np.asarray(trainer.prepare(self._part.images))
        self._method, self._explainer = _explainer(model if trainer.model is model else _with_layer(trainer.model))
        self._kept = _readable(path)

    def record(self, epoch: int) -> TrainingMaps | None:
        """Keep the maps after an epoch, counted from 0, instead of those of this epoch and later ones.

        Returns the maps of this epoch alone; None if the model has none.
        """
        explanation = self._explained()
        if explanation is None:
            return None
        _, scores = self._trainer.evaluate(self._part, lambda: None)
        maps = TrainingMaps(
            method=self._method,
            images=self._images,
            classes=self._part.labels,
            epochs=np.array([epoch + 1]),
            maps=explanation.heatmaps[np.newaxis],
            scores=explanation.scores[np.newaxis],
            predicted=scores.argmax(axis=1)[np.newaxis],
        )
        self._kept = self._kept.followed_by(maps) if self._kept else maps
        training_maps.write(self._path, self._kept, self._guard)
        return maps

    def _explained(self) -> Explanation | None:
        """Maps of the images; None, then and from then on, if the model has none."""
        if self._explainer is None:
            return None
        try:
            # Notes on the maps are for those who look at them.
            with warnings.catch_warnings(action="ignore"):
                explanation = self._explainer(self._inputs, self._part.labels)
        except ValueError:
            self._explainer = None
            return None
        values = explanation.heatmaps
        if values[0].size < FEWEST_POSITIONS or not np.isfinite(values).all():
            self._explainer = None
            return None
        return explanation


def _explainer(model: keras.Model) -> tuple[str, Explainer | None]:
    for method in _METHODS:
        try:
            return method, Explainer(model, method)
        except ValueError:
            continue
    return "", None


def _with_layer(head: keras.Model) -> keras.Model:
    """A head that is trained on cached features, after a layer that changes nothing: a map is of a layer's output."""
    features = keras.Input(head.input_shape[1:])
    return keras.Model(features, head(keras.layers.Activation("linear")(features)))


def _readable(path: Path) -> TrainingMaps | None:
    """What an earlier part of the training has kept. A damaged file, which fails no training, is written anew."""
    try:
        return training_maps.read(path)
    except ValueError:
        return None
