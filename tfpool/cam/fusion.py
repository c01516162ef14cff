"""One map out of several: over layers, and over views of the image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

_BRIGHTNESS = (0.9, 1.0, 1.1)


def fused(heatmaps: Sequence[Any]) -> Any:
    """One map (N, h, w) alone is itself; several are divided by their largest values, and the finest's size is kept."""
    if len(heatmaps) == 1:
        return heatmaps[0]
    sizes = tf.stack([tf.shape(heatmap)[1:3] for heatmap in heatmaps])
    size = tf.reduce_max(sizes, axis=0)
    return tf.add_n([tf.image.resize(_relative(each)[..., tf.newaxis], size)[..., 0] for each in heatmaps]) / len(
        heatmaps
    )


def over_views(heatmaps: Callable[[Any], Any], images: Any) -> Any:
    """The mean map of images (N, H, W, C) and their mirror images at three brightnesses, mirrored back.

    As the project pytorch-grad-cam smooths its maps.
    """
    straight = [heatmaps(images * factor) for factor in _BRIGHTNESS]
    mirrored = [heatmaps(images[:, :, ::-1] * factor)[:, :, ::-1] for factor in _BRIGHTNESS]
    return tf.add_n(straight + mirrored) / (2 * len(_BRIGHTNESS))


def _relative(heatmap: Any) -> Any:
    return tf.math.divide_no_nan(heatmap, tf.reduce_max(tf.abs(heatmap), axis=(1, 2), keepdims=True))
