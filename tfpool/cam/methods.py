"""The explanation methods: formulas over features A (N, h, w, C) and what the head says of them.

No map is normalised, so that maps of several models can be laid on one scale.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfpool.anatomy.locate import GLOBAL_POOLS, Anatomy

Maps = Callable[[Any, Any, Any], Any]
"""From features (N, h, w, C), targets (N,) and images (N, H, W, C) to heatmaps (N, h, w)."""


def cam(anatomy: Anatomy) -> Maps:
    """Σ_k w_kc A_k, with signs: the class's weights applied at each position. Zhou et al. 2016, arXiv 1512.04150.

    After global average pooling the mean over positions plus the bias is the score, exactly. Flatten has a weight
    for each position; its map is H·W · Σ_k w_hwkc A_k, of which the same holds. After global max pooling the map shows
    where a class could be found (Oquab et al. 2015), and no sum holds.
    """
    layers = anatomy.chain
    kinds = (*GLOBAL_POOLS, keras.layers.Flatten)
    if not (len(layers) == 2 and isinstance(layers[0], kinds) and isinstance(layers[1], keras.layers.Dense)):
        raise ValueError(
            "cam needs a head that is linear in the features: global pooling or Flatten, then one Dense layer. "
            f"After {anatomy.layer!r} come {', '.join(type(each).__name__ for each in layers) or 'branches'}. "
            "Use hirescam or gradcam."
        )
    pool, dense = layers

    def maps(features: Any, targets: Any, images: Any) -> Any:
        weights = tf.cast(dense.kernel, tf.float32)
        if dense.units == 1:
            weights = tf.concat([-weights, weights], axis=1)
        weights = tf.gather(tf.transpose(weights), targets)
        if isinstance(pool, GLOBAL_POOLS):
            return tf.einsum("nhwc,nc->nhw", features, weights)
        height, width = features.shape[1:3]
        return height * width * tf.reduce_sum(tf.reshape(weights, tf.shape(features)) * features, axis=-1)

    return maps


def gradcam(anatomy: Anatomy) -> Maps:
    """ReLU(Σ_k mean(g_k) A_k). Selvaraju et al. 2017, arXiv 1610.02391."""

    def maps(features: Any, targets: Any, images: Any) -> Any:
        weights = tf.reduce_mean(_gradients(anatomy, features, targets, images), axis=(1, 2))
        return tf.nn.relu(tf.einsum("nhwc,nc->nhw", features, weights))

    return maps


def hirescam(anatomy: Anatomy) -> Maps:
    """Σ_k g_k ⊙ A_k, with signs. Draelos & Carin 2020, arXiv 2011.08891.

    For a head that is linear in the features (GAP or Flatten, then Dense) the sum over positions plus the bias is
    the score, exactly.
    """

    def maps(features: Any, targets: Any, images: Any) -> Any:
        return tf.reduce_sum(_gradients(anatomy, features, targets, images) * features, axis=-1)

    return maps


METHODS: dict[str, Callable[[Anatomy], Maps]] = {method.__name__: method for method in (cam, gradcam, hirescam)}


def methods() -> tuple[str, ...]:
    """Names of the explanation methods that `explain` takes."""
    return tuple(METHODS)


def _gradients(anatomy: Anatomy, features: Any, targets: Any, images: Any) -> Any:
    """Gradient of each image's target score with respect to its features, (N, h, w, C)."""
    with tf.GradientTape() as tape:
        tape.watch(features)
        scores = tf.gather(anatomy.head(features, images), targets, batch_dims=1)
    return tape.gradient(scores, features)
