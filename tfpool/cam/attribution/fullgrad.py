"""FullGrad: a score as the sum of what the image and each layer's bias contribute, all drawn on the image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tfpool.anatomy.split import Anatomy
from tfpool.anatomy.unfold import Step
from tfpool.cam.attribution.method import Maps


def fullgrad(anatomy: Anatomy) -> Maps:
    """Σ |evidence| of the image and of all layers' biases at each position.

    A layer's bias is its output minus its gradient times its input: the bias of a convolution, the shift of batch
    normalization, the intercept of the tangent of a smooth activation. With signs, all biases and the image, each times
    its gradient, add up to the score. The paper scales each channel from 0 to 1 before adding; here they keep the
    score's units.
    """

    def maps(features: Any, targets: Any, images: Any) -> Any:
        size = tf.shape(images)[1:3]
        return tf.add_n([_laid_on(part, size) for part in evidence(anatomy, targets, images) if part.shape.rank == 4])

    return maps


def evidence(anatomy: Anatomy, targets: Any, images: Any) -> list[Any]:
    """What the image (N, H, W, C) and the bias of each layer, as large as its output, add to the score, with signs.

    The bias of a last Dense layer that ends in softmax or sigmoid is left out: it has no place in the image.
    """
    outputs: list[Any] = []
    biases: list[Any] = []

    def call(step: Step, tensors: Sequence[Any]) -> list[Any]:
        results = step(tensors)
        with tape.stop_recording():
            shift = _beside_gradient(step, tensors)
        outputs.extend(results)
        biases.extend(shift)
        return results

    with tf.GradientTape() as tape:
        tape.watch(images)
        score = tf.reduce_sum(anatomy.head(images, images, call) * targets)
    slopes = tape.gradient(score, [images, *outputs], unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return [slope * value for slope, value in zip(slopes, [images, *biases], strict=True)]


def _beside_gradient(step: Step, tensors: Sequence[Any]) -> list[Any]:
    """f(x) minus its derivative along x: zero for a linear function or a ReLU."""
    with tf.autodiff.ForwardAccumulator(list(tensors), list(tensors)) as forward:
        results = step(tensors)
    zero = tf.UnconnectedGradients.ZERO
    return [result - forward.jvp(result, unconnected_gradients=zero) for result in results]


def _laid_on(part: Any, size: Any) -> Any:
    """Absolute values (N, h, w, C) summed over channels, (N, H, W): each position is spread evenly over its pixels."""
    fraction = tf.cast(tf.reduce_prod(tf.shape(part)[1:3]) / tf.reduce_prod(size), tf.float32)
    summed = tf.reduce_sum(tf.abs(tf.cast(part, tf.float32)), axis=-1, keepdims=True)
    return fraction * tf.image.resize(summed, size)[..., 0]
