"""One map from several: over layers, and over views of the image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

_BRIGHTNESS = (0.9, 1.0, 1.1)


def fused(heatmaps: Sequence[Any]) -> Any:
    """The mean of maps (N, h, w), each divided by its largest value and enlarged to the finest; one map stays as is."""
    if len(heatmaps) == 1:
        return heatmaps[0]
    size = tf.reduce_max([tf.shape(heatmap)[1:3] for heatmap in heatmaps], axis=0)
    enlarged = [tf.image.resize(_relative(heatmap)[..., tf.newaxis], size)[..., 0] for heatmap in heatmaps]
    return tf.add_n(enlarged) / len(heatmaps)


def over_views(heatmaps: Callable[[Any], Any], images: Any) -> Any:
    """The mean map of images (N, H, W, C) and their mirror images at three brightnesses, mirrored back.

    This is how the project pytorch-grad-cam smooths its maps.
    """
    straight = [heatmaps(images * factor) for factor in _BRIGHTNESS]
    mirrored = [heatmaps(images[:, :, ::-1] * factor)[:, :, ::-1] for factor in _BRIGHTNESS]
    return tf.add_n(straight + mirrored) / (2 * len(_BRIGHTNESS))


def _relative(heatmap: Any) -> Any:
    return tf.math.divide_no_nan(heatmap, tf.reduce_max(tf.abs(heatmap), axis=(1, 2), keepdims=True))
