"""Maps from the gradient of a score at the image itself: as large as the image, and often noisy."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfpool.anatomy.split import Anatomy
from tfpool.cam.attribution.explained_score import gradients
from tfpool.cam.attribution.method import Maps
from tfpool.validation import at_least, not_negative


def saliency(anatomy: Anatomy) -> Maps:
    """The largest absolute gradient of the image's channels."""

    def maps(features: Any, targets: Any, images: Any) -> Any:
        return _largest(gradients(anatomy, images, targets, images))

    return maps


def smoothgrad(anatomy: Anatomy, samples: int = 25, noise: float = 0.15, seed: int = 0) -> Maps:
    """Saliency of the mean gradient over noisy copies of the image.

    The noise, the same for every image, has a standard deviation in fractions of the image's range.
    """
    samples, seed = at_least(1, samples, "samples"), at_least(0, seed, "seed")
    noise = not_negative(noise, "noise")

    def maps(features: Any, targets: Any, images: Any) -> Any:
        low, high = (reduce(images, axis=(1, 2, 3), keepdims=True) for reduce in (tf.reduce_min, tf.reduce_max))
        total = tf.zeros_like(images)
        for number in tf.range(samples):
            bell = tf.random.stateless_normal(tf.shape(images)[1:], (seed, number))
            noisy = images + noise * (high - low) * bell
            total += gradients(anatomy, noisy, targets, noisy)
        return _largest(total / samples)

    return maps


def integrated_gradients(anatomy: Anatomy, steps: int = 64) -> Maps:
    """Σ over channels of x times the mean gradient on the way from zero to x.

    The sum over pixels is the score of the image minus the score of zero; more steps, each in the middle of its
    interval, make it more exact. Zero is black, or the mean color where the preprocessing subtracts a mean.
    """
    steps = at_least(1, steps, "steps")

    def maps(features: Any, targets: Any, images: Any) -> Any:
        total = tf.zeros_like(images)
        for number in tf.range(steps):
            on_the_way = images * ((tf.cast(number, tf.float32) + 0.5) / steps)
            total += gradients(anatomy, on_the_way, targets, on_the_way)
        return tf.reduce_sum(images * total / steps, axis=-1)

    return maps


def _largest(values: Any) -> Any:
    return tf.reduce_max(tf.abs(values), axis=-1)
