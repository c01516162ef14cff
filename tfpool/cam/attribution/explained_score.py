"""The score that is explained, and its gradient at the features: what most methods are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from tfpool.anatomy.split import Anatomy

_HALF_PRECISION = 256.0
"""A score's factor while its gradient is computed, since float16 rounds small ones off; a power of two is exact."""


def target_scores(anatomy: Anatomy, features: Any, targets: Any, images: Any) -> Any:
    """Each image's explained score, (N,)."""
    return tf.reduce_sum(anatomy.head(features, images) * targets, axis=1)


def gradients(anatomy: Anatomy, features: Any, targets: Any, images: Any) -> Any:
    """Gradient of each image's explained score with respect to its features, (N, h, w, C)."""
    with tf.GradientTape() as tape:
        tape.watch(features)
        scores = _HALF_PRECISION * target_scores(anatomy, features, targets, images)
    slopes = tape.gradient(scores, features, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return slopes / _HALF_PRECISION


def each(of_one: Callable[[Any], Any], values: tuple[Any, ...], shape: Sequence[int | None]) -> Any:
    """The results, float32 of one shape, of a function of each image's values, image by image to save memory."""
    signature = tf.TensorSpec(shape, tf.float32)
    return tf.map_fn(of_one, values, fn_output_signature=signature, parallel_iterations=1)


def weighted(features: Any, weights: Any) -> Any:
    """Σ_k w_k A_k for one weight per channel, (N, C)."""
    return tf.einsum("nhwc,nc->nhw", features, weights)
