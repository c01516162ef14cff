"""What an `Explainer` compiles: scores, maps and terms of a batch, as functions of tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import tensorflow as tf

from tfpool.anatomy.split import Anatomy
from tfpool.cam.attribution.explained_score import gradients, target_scores
from tfpool.cam.attribution.method import Maps
from tfpool.cam.fusion import fused, over_views
from tfpool.cam.model_inputs import give_others
from tfpool.cam.targets import NONE, TOP


def scores(anatomy: Anatomy, images: tf.Tensor, *given: tf.Tensor) -> tuple[tf.Tensor]:
    """Scores (N, K) of images (N, H, W, C)."""
    give_others([anatomy], given)
    return (anatomy.head(anatomy.body(images), images),)


def maps(
    parts: Sequence[tuple[Anatomy, Maps]],
    relu: bool,
    augment: bool,
    images: tf.Tensor,
    targets: tf.Tensor,
    others: tf.Tensor,
    *given: tf.Tensor,
) -> tuple[tf.Tensor, ...]:
    """Maps (N, h, w), explained classes, classes they are contrasted with, explained scores (N,), all scores (N, K).

    `parts` are one anatomy per feature layer, each with the method's function of it.
    """
    give_others([anatomy for anatomy, _ in parts], given)
    features = [_features(anatomy, images) for anatomy, _ in parts]
    weights, targets, others, score, all_scores = _resolve(parts[0][0], features[0], images, targets, others)

    def heatmap(features: Sequence[tf.Tensor], view: tf.Tensor) -> tf.Tensor:
        layers = [maps_of(values, weights, view) for values, (_, maps_of) in zip(features, parts, strict=True)]
        return fused([tf.nn.relu(layer) for layer in layers] if relu else layers)

    def of_view(view: tf.Tensor) -> tf.Tensor:
        return heatmap([_features(anatomy, view) for anatomy, _ in parts], view)

    heatmaps = over_views(of_view, images) if augment else heatmap(features, images)
    return heatmaps, targets, others, score, all_scores


def terms(
    anatomy: Anatomy, images: tf.Tensor, targets: tf.Tensor, others: tf.Tensor, *given: tf.Tensor
) -> tuple[tf.Tensor, ...]:
    """Features (N, h, w, c), the explained score's gradient at them, that score, its bias (N,), all scores (N, K).

    Of a single image, N targets are explained, and its features are computed once.
    """
    give_others([anatomy], given)
    return _terms(anatomy, _features(anatomy, images), images, targets, others)


def likeliest_terms(
    anatomy: Anatomy, count: int, images: tf.Tensor, targets: tf.Tensor, others: tf.Tensor, *given: tf.Tensor
) -> tuple[tf.Tensor, ...]:
    """As `terms`, for the `count` classes with the highest scores of a single image, and then for the targets.

    The last result is the numbers of the explained classes (N,).
    """
    give_others([anatomy], given)
    features = _features(anatomy, images)
    highest = tf.math.top_k(anatomy.head(features, images)[0], min(count, anatomy.classes)).indices
    targets = tf.concat([tf.cast(highest, tf.int64), targets], axis=0)
    others = tf.fill(tf.shape(targets), tf.constant(NONE, tf.int64))
    return *_terms(anatomy, features, images, targets, others), targets


def _terms(
    anatomy: Anatomy, features: tf.Tensor, images: tf.Tensor, targets: tf.Tensor, others: tf.Tensor
) -> tuple[tf.Tensor, ...]:
    times = tf.shape(targets)[0] // tf.shape(images)[0]
    features, images = (tf.repeat(values, times, axis=0) for values in (features, images))
    weights, _, _, score, all_scores = _resolve(anatomy, features, images, targets, others)
    bias = target_scores(anatomy, tf.zeros_like(features), weights, images)
    return features, gradients(anatomy, features, weights, images), score, bias, all_scores


def with_score(function: Callable[[Any], Any], anatomy: Anatomy) -> Anatomy:
    """The anatomy with a function of its scores as its only score, which may not be linear."""

    def head(*arguments: Any) -> Any:
        return tf.cast(function(anatomy.head(*arguments)), tf.float32)[:, tf.newaxis]

    return replace(anatomy, head=head, classes=1, chain=())


def _features(anatomy: Anatomy, images: tf.Tensor) -> tf.Tensor:
    return tf.cast(anatomy.body(images), tf.float32)


def _resolve(
    anatomy: Anatomy, features: tf.Tensor, images: tf.Tensor, targets: tf.Tensor, others: tf.Tensor
) -> tuple[tf.Tensor, ...]:
    """Parts of the scores that are explained (N, K), classes without `TOP`, the explained score, all scores (N, K)."""
    all_scores = anatomy.head(features, images)
    top = tf.argmax(all_scores, axis=1)
    targets, others = (tf.where(numbers == TOP, top, numbers) for numbers in (targets, others))
    # The one-hot vector of `NONE` is zero.
    weights = tf.one_hot(targets, anatomy.classes) - tf.one_hot(others, anatomy.classes)
    return weights, targets, others, tf.reduce_sum(all_scores * weights, axis=1), all_scores
