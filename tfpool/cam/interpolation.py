"""Heatmaps in another size."""

from __future__ import annotations

import numpy as np
import tensorflow as tf


def resize(heatmaps: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Heatmaps (N, h, w) at another (height, width), bilinear, so that values stay in their range."""
    return tf.image.resize(heatmaps[..., np.newaxis], size)[..., 0].numpy()
