"""Maps from the gradient of a score at the features A (N, h, w, C). g is that gradient, Σ a sum over positions.

Whether a method ends in a ReLU is said in the table of methods, since a user may want the signs.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfpool.anatomy.split import Anatomy
from tfpool.cam.attribution.explained_score import gradients, weighted
from tfpool.cam.attribution.method import Maps
from tfpool.validation import at_least, not_negative


def gradcam(anatomy: Anatomy) -> Maps:
    """Σ_k mean(g_k) A_k."""

    def maps(features: Any, targets: Any, images: Any) -> Any:
        return weighted(features, tf.reduce_mean(gradients(anatomy, features, targets, images), axis=(1, 2)))

    return maps


def gradcam_plus_plus(anatomy: Anatomy) -> Maps:
    """Σ_k w_k A_k with w_k = Σ g² ReLU(g) / (2g² + ΣA_k · g³).

    Where g is positive the fraction is g / (2 + ΣA_k · g), and elsewhere 0. So no small number has to be added to the
    denominator, which would be larger than the squares of a deep network's gradients.
    """

    def maps(features: Any, targets: Any, images: Any) -> Any:
        positive = tf.nn.relu(gradients(anatomy, features, targets, images))
        total = tf.reduce_sum(features, axis=(1, 2), keepdims=True)
        return weighted(features, tf.reduce_sum(tf.math.divide_no_nan(positive, 2 + total * positive), axis=(1, 2)))

    return maps


def hirescam(anatomy: Anatomy) -> Maps:
    """Σ_k g_k ⊙ A_k, with signs.

    For a head that is linear in the features (GAP or Flatten, then Dense) the sum plus the bias is the score, exactly.
    """

    def maps(features: Any, targets: Any, images: Any) -> Any:
        return tf.reduce_sum(gradients(anatomy, features, targets, images) * features, axis=-1)

    return maps


def elementwise(anatomy: Anatomy) -> Maps:
    """Σ_k ReLU(g_k ⊙ A_k): what speaks for the class at each position."""

    def maps(features: Any, targets: Any, images: Any) -> Any:
        return tf.reduce_sum(tf.nn.relu(gradients(anatomy, features, targets, images) * features), axis=-1)

    return maps


def xgradcam(anatomy: Anatomy) -> Maps:
    """Σ_k w_k A_k with w_k = Σ(g_k ⊙ A_k) / ΣA_k, and 0 where ΣA_k is 0."""

    def maps(features: Any, targets: Any, images: Any) -> Any:
        products = tf.reduce_sum(gradients(anatomy, features, targets, images) * features, axis=(1, 2))
        return weighted(features, tf.math.divide_no_nan(products, tf.reduce_sum(features, axis=(1, 2))))

    return maps


def layercam(anatomy: Anatomy) -> Maps:
    """Σ_k ReLU(g_k) ⊙ A_k."""

    def maps(features: Any, targets: Any, images: Any) -> Any:
        positive = tf.nn.relu(gradients(anatomy, features, targets, images))
        return tf.reduce_sum(positive * features, axis=-1)

    return maps


def shapleycam(anatomy: Anatomy) -> Maps:
    """Σ_k w_k A_k with w_k = mean(g_k - ½ (H·A)_k), H the score's second derivatives.

    For a head without curvature at the features this is Grad-CAM.
    """

    def maps(features: Any, targets: Any, images: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(features)
            first = gradients(anatomy, features, targets, images)
            along = tf.reduce_sum(first * tf.stop_gradient(features))
        curved = tape.gradient(along, features, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return weighted(features, tf.reduce_mean(first - curved / 2, axis=(1, 2)))

    return maps


def finercam(anatomy: Anatomy, similar: int = 3, gamma: float = 1.0) -> Maps:
    """Grad-CAM of y_c less γ times the mean of the `similar` scores nearest to it, or of all others if fewer."""
    similar, gamma = at_least(1, similar, "similar"), not_negative(gamma, "gamma")

    def maps(features: Any, targets: Any, images: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(features)
            scores = anatomy.head(features, images)
            own = tf.reduce_sum(scores * targets, axis=1)
            apart = tf.where(targets > 0, scores.dtype.max, tf.abs(scores - own[:, tf.newaxis]))
            nearest = tf.math.top_k(-apart, min(similar, anatomy.classes - 1)).indices
            contrast = own - gamma * tf.reduce_mean(tf.gather(scores, nearest, batch_dims=1), axis=1)
        return weighted(features, tf.reduce_mean(tape.gradient(contrast, features), axis=(1, 2)))

    return maps
