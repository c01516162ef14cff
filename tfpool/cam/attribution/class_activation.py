"""The class activation map itself: the weights of a linear head, applied at each position."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tfpool.anatomy.features import POOLS
from tfpool.anatomy.split import Anatomy
from tfpool.cam.attribution.explained_score import weighted
from tfpool.cam.attribution.feature_gradients import hirescam
from tfpool.cam.attribution.method import Maps
from tfpool.layers import GeneralizedMeanPooling2D

_GATHERING = (
    *POOLS,
    GeneralizedMeanPooling2D,
    keras.layers.GlobalAveragePooling1D,
    keras.layers.Flatten,
    keras.layers.Reshape,
    keras.layers.Concatenate,
)
"""Layers whose output doubles when the features double: the output is the sum of its gradient times the features."""
_WEIGHING = (keras.layers.Dense, keras.layers.Conv2D)


def cam(anatomy: Anatomy) -> Maps:
    """Σ_k w_kc A_k, with signs: the class's weights applied at each position.

    For a head of pooling or flattening and at most one Dense layer or convolution, the mean over positions plus the
    bias is the score, exactly: the map is H·W · Σ_k g_k ⊙ A_k with g the score's gradient. With global average pooling
    this is the class's weights times the features, with NIN the class's own map, with Flatten a weight for each
    position. With a maximum, only the positions of the maximum take part in the score; with global max pooling alone
    the map shows instead where a class could be found, w_kc A_k everywhere (Oquab et al. 2015), and no sum holds.
    """
    weighing = [layer for layer in anatomy.chain if not isinstance(layer, _GATHERING)]
    if not anatomy.chain or len(weighing) > 1 or not all(map(_is_linear, weighing)):
        names = ", ".join(type(layer).__name__ for layer in anatomy.chain) or "branches, or a function of the scores"
        raise ValueError(
            "cam needs a head that is linear in the features: pooling or flattening, and at most one Dense layer or "
            f"convolution. Received: {names} after {anatomy.layer!r}. Use hirescam or gradcam."
        )
    if [type(layer) for layer in anatomy.chain] == [keras.layers.GlobalMaxPooling2D, keras.layers.Dense]:
        return _where_it_could_be(anatomy)

    evidence = hirescam(anatomy)

    def maps(features: Any, targets: Any, images: Any) -> Any:
        area = tf.cast(tf.reduce_prod(tf.shape(features)[1:3]), tf.float32)
        return area * evidence(features, targets, images)

    return maps


def _is_linear(layer: keras.Operation) -> bool:
    """Whether a layer is Keras's own and linear: a class of somebody's may compute anything."""
    return type(layer) in _WEIGHING and layer.activation is keras.activations.linear


def _where_it_could_be(anatomy: Anatomy) -> Maps:
    def maps(features: Any, targets: Any, images: Any) -> Any:
        # The weights of a channel are what the scores gain where it alone is 1.
        channels = tf.eye(features.shape[-1])[:, tf.newaxis, tf.newaxis]
        weights = anatomy.head(channels, images) - anatomy.head(0 * channels, images)
        return weighted(features, tf.matmul(targets, weights, transpose_b=True))

    return maps
