"""Maps from the scores without a channel, or of the image seen through one. Slow: many passes per image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfpool.anatomy.split import Anatomy
from tfpool.cam.attribution.explained_score import each, target_scores, weighted
from tfpool.cam.attribution.method import Maps

_AT_ONCE = 16
"""Channels per step: memory does not grow with their number, and more at once are hardly quicker."""


def ablationcam(anatomy: Anatomy) -> Maps:
    """Σ_k w_k A_k with w_k = (y - y without channel k) / |y|.

    The paper divides by y, which would flip the signs of the map where the score is negative.
    """

    def maps(features: Any, targets: Any, images: Any) -> Any:
        whole = target_scores(anatomy, features, targets, images)

        def drops(feature: Any, target: Any, image: Any, numbers: Any) -> Any:
            without = feature * (1 - tf.one_hot(numbers, tf.shape(feature)[-1]))[:, tf.newaxis, tf.newaxis]
            return target_scores(anatomy, without, *_repeated(target, image, numbers))

        left = _by_channel(drops, features, targets, images)
        weights = tf.math.divide_no_nan(whole[:, tf.newaxis] - left, tf.abs(whole)[:, tf.newaxis])
        return weighted(features, weights)

    return maps


def scorecam(anatomy: Anatomy) -> Maps:
    """Σ_k w_k A_k, w the softmax over channels of y(M_k ⊙ x) - y(0).

    M_k is A_k, enlarged to the image and scaled from 0 to 1; a constant channel masks all of it. x is the
    image as the model takes it, so masked pixels become zero on that scale, as in y(0).
    """

    def maps(features: Any, targets: Any, images: Any) -> Any:
        size = tf.shape(images)[1:3]

        def masked_scores(feature: Any, target: Any, image: Any, numbers: Any) -> Any:
            chosen = tf.gather(feature, numbers, axis=-1)
            low, high = (tf_reduce(chosen, axis=(0, 1)) for tf_reduce in (tf.reduce_min, tf.reduce_max))
            masks = tf.image.resize(tf.math.divide_no_nan(chosen - low, high - low), size)
            masked = tf.transpose(masks, (2, 0, 1))[..., tf.newaxis] * image
            target, _ = _repeated(target, image, numbers)
            return target_scores(anatomy, tf.cast(anatomy.body(masked), tf.float32), target, masked)

        # y(0) is left out: it is the same for all channels and cancels in the softmax.
        return weighted(features, tf.nn.softmax(_by_channel(masked_scores, features, targets, images)))

    return maps


def _repeated(target: Any, image: Any, numbers: Any) -> tuple[Any, Any]:
    count = tf.shape(numbers)[0]
    return tf.repeat(target[tf.newaxis], count, axis=0), tf.repeat(image[tf.newaxis], count, axis=0)


def _by_channel(score: Callable[[Any, Any, Any, Any], Any], features: Any, targets: Any, images: Any) -> Any:
    """The scores (N, C) of each image and channel, image by image, `_AT_ONCE` channels per step."""
    channels = features.shape[-1]

    def of_one(values: tuple[Any, Any, Any]) -> Any:
        parts = tf.TensorArray(tf.float32, -(-channels // _AT_ONCE), infer_shape=False)
        for part in tf.range(parts.size()):
            numbers = tf.range(part * _AT_ONCE, tf.minimum((part + 1) * _AT_ONCE, channels))
            parts = parts.write(part, score(*values, numbers))
        return parts.concat()

    return each(of_one, (features, targets, images), (channels,))
