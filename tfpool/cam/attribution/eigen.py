"""Maps from the first singular vector of the features: what most channels have in common."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfpool.anatomy.split import Anatomy
from tfpool.cam.attribution.explained_score import gradients
from tfpool.cam.attribution.method import Maps


def eigencam(anatomy: Anatomy) -> Maps:
    """The features as positions x channels, projected on their first right singular vector.

    The map is the same for every class. A singular vector's sign is arbitrary: the projection's sum is made positive.
    """

    def maps(features: Any, targets: Any, images: Any) -> Any:
        return _projected(features)

    return maps


def eigengradcam(anatomy: Anatomy) -> Maps:
    """Eigen-CAM of g ⊙ A, the features times the gradient of the score."""

    def maps(features: Any, targets: Any, images: Any) -> Any:
        return _projected(gradients(anatomy, features, targets, images) * features)

    return maps


def _projected(values: Any) -> Any:
    """Projection (N, h, w) of values (N, h, w, C) on their first right singular vector."""
    shape = tf.shape(values)
    rows = tf.reshape(values, (shape[0], shape[1] * shape[2], shape[3]))
    # The squares of small gradients would vanish.
    largest = tf.reduce_max(tf.abs(rows), axis=(1, 2), keepdims=True)
    scaled = tf.math.divide_no_nan(rows, largest)
    # The smaller of the two Gram matrices has the same first vector.
    projected = tf.cond(
        shape[1] * shape[2] <= shape[3],
        lambda: _first(tf.matmul(scaled, scaled, transpose_b=True), root=True),
        lambda: tf.matmul(scaled, _first(tf.matmul(scaled, scaled, transpose_a=True), root=False)),
    )
    signed = projected * largest * tf.where(tf.reduce_sum(projected, axis=(1, 2), keepdims=True) < 0, -1.0, 1.0)
    return tf.reshape(signed, shape[:3])


def _first(gram: Any, root: bool) -> Any:
    """The eigenvector (N, d, 1) of the largest eigenvalue, times that value's root or not."""
    values, vectors = tf.linalg.eigh(gram)
    first = vectors[..., -1:]
    return first * tf.sqrt(tf.nn.relu(values[..., -1:]))[..., tf.newaxis] if root else first
