"""What a method is, and what several of them need: the gradient of the explained score at the features."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfpool.anatomy.locate import Anatomy

Maps = Callable[[Any, Any, Any], Any]
"""From features (N, h, w, C), targets (N,) and images (N, H, W, C) to heatmaps (N, h, w)."""


def target_scores(anatomy: Anatomy, features: Any, targets: Any, images: Any) -> Any:
    """Each image's score of its target, (N,)."""
    return tf.gather(anatomy.head(features, images), targets, batch_dims=1)


def gradients(anatomy: Anatomy, features: Any, targets: Any, images: Any) -> Any:
    """Gradient of each image's target score with respect to its features, (N, h, w, C)."""
    with tf.GradientTape() as tape:
        tape.watch(features)
        scores = target_scores(anatomy, features, targets, images)
    return tape.gradient(scores, features)


def weighted(features: Any, weights: Any) -> Any:
    """ReLU(Σ_k w_k A_k) for one weight (N, C) a channel."""
    return tf.nn.relu(tf.einsum("nhwc,nc->nhw", features, weights))
