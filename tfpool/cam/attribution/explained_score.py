"""The score that is explained, and its gradient at the features: what most methods are made of."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfpool.anatomy.split import Anatomy

_HALF_PRECISION = 256.0
"""What a score is multiplied by while its gradient is computed: a head in float16 would round small gradients off.

A power of two, so that no other number changes.
"""


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


def weighted(features: Any, weights: Any) -> Any:
    """Σ_k w_k A_k for one weight per channel, (N, C)."""
    return tf.einsum("nhwc,nc->nhw", features, weights)
