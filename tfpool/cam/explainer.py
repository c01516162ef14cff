"""Explaining a model's scores: one compiled function a model and method, run in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfpool.anatomy.split import Anatomy, split_at_image, split_model
from tfpool.cam.attribution.explained_score import gradients, target_scores
from tfpool.cam.attribution.method import Maps
from tfpool.cam.attribution.methods import METHODS, check_settings
from tfpool.cam.explanation import Explanation, Terms
from tfpool.cam.fusion import fused, over_views
from tfpool.cam.input_batches import Compiled, as_batch, computed, in_parts
from tfpool.cam.targets import NONE, TOP, Contrast, Target, check_function, class_numbers


class Explainer:
    """A model and a method, compiled on first use and then quick for any number of images.

    Args:
        model: a Keras classifier from images (N, H, W, C) to (N, K) logits, softmax or sigmoid.
        method: a name from `methods()`.
        layer: name of the layer whose output to explain, "backbone/conv1" inside another model; several are fused: each
            map is divided by its largest value, enlarged to the finest of them, and their mean taken. Default: the one
            that feeds the head.
        output: name of the output to explain, where the model has several.
        relu: whether only what speaks for the target is kept. Default: as the method's source has it.
        augment: whether the map is the mean over the image and its mirror image, each also at 0.9 and 1.1 times its
            values. What is explained stays that of the image itself.
        settings: of the method: `similar`, `gamma` (finercam), `window`, `stride` (occlusion), `masks`, `cells`,
            `shown`, `seed` (rise), `samples`, `noise`, `seed` (smoothgrad), `steps` (integrated_gradients).

    Raises:
        ValueError: on an unknown method, layer, output or setting, or a method that this model's head does not allow.
    """

    def __init__(
        self,
        model: keras.Model,
        method: str = "gradcam",
        layer: str | Sequence[str] | None = None,
        *,
        output: str | None = None,
        relu: bool | None = None,
        augment: bool = False,
        **settings: Any,
    ) -> None:
        if method not in METHODS:
            raise ValueError(f"Unknown method {method!r}. Use one of: {', '.join(METHODS)}.")
        self._method = METHODS[method]
        self._name = method
        if self._method.on_image and layer is not None:
            raise ValueError(f"{method} asks the image itself and reads no layer, got layer={layer!r}. Leave it out.")
        check_settings(method, settings)
        self._make = partial(self._method.make, **settings)
        self._relu = self._method.relu if relu is None else relu
        self._augment = augment
        names = [layer] if layer is None or isinstance(layer, str) else list(layer)
        if not names:
            raise ValueError("layer= is a name or several, got none.")
        self._anatomies = (
            [split_at_image(model, output)]
            if self._method.on_image
            else [split_model(model, name, output) for name in names]
        )
        self._shape = model.input_shape[1:]
        self._signature = [tf.TensorSpec((None, *self._shape)), *[tf.TensorSpec((None,), tf.int64)] * 2]
        self._compiled = self._compile(self._anatomies)
        self._of_functions: dict[Callable[[Any], Any], Compiled] = {}
        self._scores = Compiled(self._score, self._signature[:1])
        self._terms = Compiled(self._explain_terms, self._signature)

    @property
    def layer(self) -> str:
        """Name of the feature layer, or names."""
        return ", ".join(anatomy.layer for anatomy in self._anatomies)

    @property
    def unit(self) -> str:
        """What the numbers of a map are: "score" where they are parts of what is explained."""
        return self._method.unit if len(self._anatomies) == 1 else "share of the largest"

    def __call__(self, images: Any, target: Target = None, labels: Any = None) -> Explanation:
        """Explain the scores of images.

        Args:
            images: (N, H, W, C), or one image (H, W, C), scaled as the model was trained on them. Of another size than
                the model's they are resized, with a warning.
            target: the class to explain, one for all images or one each; "top" for the one with the highest score, as
                by default; "true" for the labels; a `Contrast` of two classes; or a function from scores (N, K) to
                what is explained, (N,).
            labels: int (N,), the true classes, where a target is "true".

        Raises:
            ValueError: if the images do not fit the model, or a target is no class of it.
        """
        batch = as_batch(images, self._shape)
        targets, others, explain = self._targets(target, labels, len(batch))
        rows = (in_parts(values, self._method.batch) for values in (batch, targets, others))
        chunks = [computed(explain, *row) for row in zip(*rows, strict=True)]
        heatmaps, targets, others, scores = (
            np.concatenate(values)[: len(batch)] for values in zip(*chunks, strict=True)
        )
        if callable(target):
            targets = np.full_like(targets, TOP)
        against = others if isinstance(target, Contrast) else None
        return Explanation(heatmaps, targets, scores, self.layer, self.unit, against)

    def terms(self, image: Any, target: Target = None, label: int | None = None) -> Terms:
        """What a map of gradient times activation is the sum of, channel by channel. Of several layers, the first's.

        Args:
            image: (H, W, C), or a batch of one.
            target: as for maps; no function.
            label: the true class, where a target is "true".

        Raises:
            ValueError: if there is more than one image, or as for maps.
        """
        batch = as_batch(image, self._shape)
        if callable(target):
            raise ValueError("The terms are those of a class or a Contrast, not of a function of the scores.")
        if len(batch) != 1:
            raise ValueError(f"The terms are those of one image, got {len(batch)}.")
        targets, others, _ = self._targets(target, label, 1)
        activations, weights, score, bias = computed(self._terms, batch, targets, others)
        return Terms(activations[0], weights[0], float(score[0]), float(bias[0]))

    def scores(self, images: Any) -> np.ndarray:
        """Scores (N, K) float32 of images (N, H, W, C) before softmax."""
        batch = as_batch(images, self._shape)
        return np.concatenate([computed(self._scores, part)[0] for part in in_parts(batch)])[: len(batch)]

    def probabilities(self, images: Any) -> np.ndarray:
        """Probabilities (N, K) float32 of images (N, H, W, C): softmax of the scores, or a sigmoid of each where the
        model ends with one. A single unit is two classes, no and yes."""
        return np.asarray(self._anatomies[0].probabilities(self.scores(images)))

    def _score(self, images: tf.Tensor) -> tuple[tf.Tensor]:
        anatomy = self._anatomies[0]
        return (anatomy.head(anatomy.body(images), images),)

    def _compile(self, anatomies: Iterable[Anatomy]) -> Compiled:
        parts = [(anatomy, self._make(anatomy)) for anatomy in anatomies]
        return Compiled(partial(self._explain, parts), self._signature)

    def _explain(
        self, parts: Sequence[tuple[Anatomy, Maps]], images: tf.Tensor, targets: tf.Tensor, others: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        features = [_features(anatomy, images) for anatomy, _ in parts]
        weights, targets, others, scores = _asked(parts[0][0], features[0], images, targets, others)

        def heatmap(values: Sequence[tf.Tensor], seen: tf.Tensor) -> tf.Tensor:
            made = [maps(each, weights, seen) for each, (_, maps) in zip(values, parts, strict=True)]
            return fused([tf.nn.relu(each) for each in made] if self._relu else made)

        def of_view(seen: tf.Tensor) -> tf.Tensor:
            return heatmap([_features(anatomy, seen) for anatomy, _ in parts], seen)

        shown = over_views(of_view, images) if self._augment else heatmap(features, images)
        return shown, targets, others, scores

    def _explain_terms(self, images: tf.Tensor, targets: tf.Tensor, others: tf.Tensor) -> tuple[tf.Tensor, ...]:
        anatomy = self._anatomies[0]
        features = _features(anatomy, images)
        weights, _, _, scores = _asked(anatomy, features, images, targets, others)
        bias = target_scores(anatomy, tf.zeros_like(features), weights, images)
        return features, gradients(anatomy, features, weights, images), scores, bias

    def _targets(self, target: Target, labels: Any, images: int) -> tuple[np.ndarray, np.ndarray, Compiled]:
        """Class numbers of what is explained and of what it is told from, and the compiled function to call."""
        none = np.full(images, NONE, np.int64)
        classes = self._anatomies[0].classes
        known = None if labels is None else np.asarray(labels)
        if (callable(target) or isinstance(target, Contrast)) and self._method.compares:
            raise ValueError(f"{self._name} finds classes to compare with itself: its target is one class.")
        if callable(target):
            return none * 0, none, self._of_function(target, classes)
        pair = (target.target, target.other) if isinstance(target, Contrast) else (target, None)
        number, other = (
            none if choice is None else class_numbers(choice, images, classes, known)
            for choice in ("top" if pair[0] is None else pair[0], pair[1])
        )
        return number, other, self._compiled

    def _of_function(self, function: Callable[[Any], Any], classes: int) -> Compiled:
        if function not in self._of_functions:
            check_function(function, classes)
            self._of_functions[function] = self._compile(_judged_by(function, each) for each in self._anatomies)
        return self._of_functions[function]


def _features(anatomy: Anatomy, images: tf.Tensor) -> tf.Tensor:
    return tf.cast(anatomy.body(images), tf.float32)


def _asked(
    anatomy: Anatomy, features: tf.Tensor, images: tf.Tensor, targets: tf.Tensor, others: tf.Tensor
) -> tuple[tf.Tensor, ...]:
    """How much of each score is explained (N, K), the class numbers with the top ones found, and what is explained."""
    scores = anatomy.head(features, images)
    top = tf.argmax(scores, axis=1)
    targets, others = (tf.where(numbers == TOP, top, numbers) for numbers in (targets, others))
    # No class's number has no one in it.
    weights = tf.one_hot(targets, anatomy.classes) - tf.one_hot(others, anatomy.classes)
    return weights, targets, others, tf.reduce_sum(scores * weights, axis=1)


def _judged_by(function: Callable[[Any], Any], anatomy: Anatomy) -> Anatomy:
    """The anatomy whose one score is a function of the scores; no longer linear, for all that is known of it."""

    def head(*given: Any) -> Any:
        return tf.cast(function(anatomy.head(*given)), tf.float32)[:, tf.newaxis]

    return replace(anatomy, head=head, classes=1, chain=())


def explain(
    model: keras.Model,
    images: Any,
    method: str = "gradcam",
    target: Target = None,
    layer: str | Sequence[str] | None = None,
    labels: Any = None,
    **settings: Any,
) -> Explanation:
    """Class activation maps of images under a model: an `Explainer` that is used once.

    Args:
        model: a Keras classifier from images (N, H, W, C) to (N, K) logits, softmax or sigmoid.
        images: (N, H, W, C), or one image (H, W, C), scaled as the model was trained on them. Of another size than the
            model's they are resized, with a warning.
        method: a name from `methods()`.
        target: the class to explain, one for all images or one each; "top" for the one with the highest score, as by
            default; "true" for the labels; a `Contrast` of two classes; or a function from scores (N, K) to what is
            explained, (N,).
        layer: name of the layer whose output to explain, or several to fuse. Default: the one that feeds the head.
        labels: int (N,), the true classes, where a target is "true".
        settings: what else an `Explainer` takes: `output`, `relu`, `augment` and the method's own.

    Raises:
        ValueError: on an unknown method, layer, setting or target, or images that do not fit the model.
    """
    return Explainer(model, method, layer, **settings)(images, target, labels)
