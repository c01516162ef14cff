"""What a method is, and what several of them need: the gradient of the explained score at the features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from tfpool.anatomy.split import Anatomy

Maps = Callable[[Any, Any, Any], Any]
"""From features (N, h, w, C), targets (N, K) and images (N, H, W, C) to heatmaps (N, h, w).

The targets say how much of each score is in the explained one: 1 of a class's, -1 of one that it is told from.
"""


@dataclass(frozen=True)
class Method:
    """An explanation method.

    Attributes:
        make: from a classifier's anatomy, and settings of the method's own by name, to its maps with their signs.
        relu: whether its source keeps only what speaks for the class.
        on_image: whether it asks the image itself instead of a feature layer: its maps are as large as the image.
        unit: of a map's numbers.
        directed: whether what is above zero speaks for the target, and what is below against it.
        compares: whether it looks for other classes to compare with by itself, so that it takes one class alone.
        batch: images at once, fewer where each takes much memory.
    """

    make: Callable[..., Maps]
    relu: bool = False
    on_image: bool = False
    unit: str = "score"
    directed: bool = True
    compares: bool = False
    batch: int = 32


_HALF_PRECISION = 256.0
"""What a score is multiplied by while its gradient is computed: a head in float16 would round small ones off.

A power of two, so that no other number changes.
"""


def target_scores(anatomy: Anatomy, features: Any, targets: Any, images: Any) -> Any:
    """Each image's explained score, (N,)."""
    return tf.reduce_sum(anatomy.head(features, images) * targets, axis=1)


def gradients(anatomy: Anatomy, features: Any, targets: Any, images: Any) -> Any:
    """Gradient of each image's explained score with respect to its features, (N, h, w, C)."""
    with tf.GradientTape() as tape:
        tape.watch(features)
        scores = _HALF_PRECISION * target_scores(anatomy, features, targets, images)
    slopes = tape.gradient(scores, features, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return slopes / _HALF_PRECISION


def weighted(features: Any, weights: Any) -> Any:
    """Σ_k w_k A_k for one weight (N, C) a channel."""
    return tf.einsum("nhwc,nc->nhw", features, weights)
