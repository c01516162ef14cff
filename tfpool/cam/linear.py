"""The class activation map itself: the weights of a linear head, applied at each position."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tfpool.anatomy.locate import GLOBAL_POOLS, Anatomy
from tfpool.cam.kinds import Maps


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
