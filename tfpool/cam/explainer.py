"""Explaining a model's scores: one compiled function a model and method, run in batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfpool.anatomy.locate import dissect
from tfpool.cam.methods import METHODS

_BATCH = 32
_TOP = -1


@dataclass(frozen=True, eq=False)
class Explanation:
    """Maps of N images.

    Attributes:
        heatmaps: float32 (N, h, w) at the resolution of the features, as the formula gives them, not normalised.
        targets: int64 (N,), the class explained.
        scores: float32 (N,), that class's score before softmax.
        layer: name of the feature layer that was read.
    """

    heatmaps: np.ndarray
    targets: np.ndarray
    scores: np.ndarray
    layer: str

    def resize(self, size: tuple[int, int]) -> np.ndarray:
        """The heatmaps at another (height, width), bilinear, float32 (N, height, width)."""
        return resize(self.heatmaps, size)


class Explainer:
    """A model and a method, compiled on first use and then quick for any number of images.

    Args:
        model: a Keras classifier from images (N, H, W, C) to (N, K) logits, softmax or sigmoid.
        method: a name from `methods()`.
        layer: name of the layer whose output to explain. Default: the one that feeds the head.

    Raises:
        ValueError: on an unknown method or layer, or a method that this model's head does not allow.
    """

    def __init__(self, model: keras.Model, method: str = "gradcam", layer: str | None = None) -> None:
        if method not in METHODS:
            raise ValueError(f"Unknown method {method!r}. Use one of: {', '.join(METHODS)}.")
        self._anatomy = dissect(model, layer)
        self._maps = METHODS[method](self._anatomy)
        self._shape = model.input_shape[1:]
        signature = [tf.TensorSpec((None, *self._shape)), tf.TensorSpec((None,), tf.int64)]
        self._compiled = tf.function(self._explain, input_signature=signature)
        self._scores = tf.function(self._score, input_signature=signature[:1])

    @property
    def layer(self) -> str:
        """Name of the feature layer."""
        return self._anatomy.layer

    def __call__(self, images: Any, target: int | Sequence[int] | np.ndarray | None = None) -> Explanation:
        """Explain the scores of images.

        Args:
            images: (N, H, W, C), or one image (H, W, C), scaled as the model was trained on them.
            target: the class to explain, one for all images or one each. Default: the class with the highest score.

        Raises:
            ValueError: if the images do not fit the model, or a target is no class of it.
        """
        batch = self._batch(images)
        targets = np.full(len(batch), _TOP, np.int64) if target is None else self._targets(target, len(batch))
        chunks = [
            [value.numpy() for value in self._compiled(part, chosen)]
            for part, chosen in zip(_parts(batch), _parts(targets), strict=True)
        ]
        heatmaps, chosen, scores = (np.concatenate(values)[: len(batch)] for values in zip(*chunks, strict=True))
        return Explanation(heatmaps, chosen, scores, self.layer)

    def scores(self, images: Any) -> np.ndarray:
        """Scores (N, K) float32 of images (N, H, W, C) before softmax."""
        batch = self._batch(images)
        return np.concatenate([self._scores(part).numpy() for part in _parts(batch)])[: len(batch)]

    def probabilities(self, images: Any) -> np.ndarray:
        """Probabilities (N, K) float32 of images (N, H, W, C): softmax of the scores, or a sigmoid of each where the
        model ends with one. A single unit is two classes, no and yes."""
        squash = tf.sigmoid if self._anatomy.judged_alone else tf.nn.softmax
        return squash(self.scores(images)).numpy()

    def _score(self, images: tf.Tensor) -> tf.Tensor:
        return self._anatomy.head(self._anatomy.body(images), images)

    def _explain(self, images: tf.Tensor, targets: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        features = tf.cast(self._anatomy.body(images), tf.float32)
        scores = self._anatomy.head(features, images)
        targets = tf.where(targets == _TOP, tf.argmax(scores, axis=1), targets)
        return self._maps(features, targets, images), targets, tf.gather(scores, targets, batch_dims=1)

    def _batch(self, images: Any) -> np.ndarray:
        batch = np.asarray(images, np.float32)
        if batch.ndim == 3:
            batch = batch[np.newaxis]
        fits = batch.ndim == 4 and all(
            size in (None, given) for size, given in zip(self._shape, batch.shape[1:], strict=True)
        )
        if not fits:
            raise ValueError(
                f"The model takes images of shape (N, {', '.join(map(str, self._shape))}), got {batch.shape}."
            )
        return batch

    def _targets(self, target: int | Sequence[int] | np.ndarray, images: int) -> np.ndarray:
        classes = self._anatomy.classes
        targets = np.asarray(target)
        if targets.dtype.kind not in "iu" or targets.shape not in ((), (images,)):
            raise ValueError(f"A target is a class number, one for all images or one each, got {target!r}.")
        if targets.size and not 0 <= targets.min() <= targets.max() < classes:
            raise ValueError(f"The model has the classes 0 to {classes - 1}, got target {target!r}.")
        return np.broadcast_to(targets.astype(np.int64), (images,))


def explain(
    model: keras.Model,
    images: Any,
    method: str = "gradcam",
    target: int | Sequence[int] | np.ndarray | None = None,
    layer: str | None = None,
) -> Explanation:
    """Class activation maps of images under a model: an `Explainer` that is used once.

    Args:
        model: a Keras classifier from images (N, H, W, C) to (N, K) logits, softmax or sigmoid.
        images: (N, H, W, C), or one image (H, W, C), scaled as the model was trained on them.
        method: a name from `methods()`.
        target: the class to explain, one for all images or one each. Default: the class with the highest score.
        layer: name of the layer whose output to explain. Default: the one that feeds the head.

    Raises:
        ValueError: on an unknown method, layer or target, or images that do not fit the model.
    """
    return Explainer(model, method, layer)(images, target)


def resize(heatmaps: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Heatmaps (N, h, w) at another (height, width), bilinear: nothing overshoots."""
    return tf.image.resize(heatmaps[..., np.newaxis], size)[..., 0].numpy()


def _parts(array: np.ndarray) -> list[np.ndarray]:
    """An array in batches. Of none, one blank to leave out: TensorFlow's batch normalisation fails on no images."""
    whole = array if len(array) else np.zeros((1, *array.shape[1:]), array.dtype)
    return [whole[start : start + _BATCH] for start in range(0, len(whole), _BATCH)]
