"""What an explainer answers: maps of images, and the terms that one map is the sum of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf


@dataclass(frozen=True, eq=False)
class Explanation:
    """Maps of N images.

    Attributes:
        heatmaps: float32 (N, h, w) at the resolution of the features, or of the image for methods that ask the image
            itself, as the formula gives them: not normalised.
        targets: int64 (N,), the class explained; -1 where a function of the scores was.
        scores: float32 (N,), what is explained: that class's score before softmax, less that of the one it is told
            from, or what the function made of all scores.
        layer: name of the feature layer that was read; of the input where the image itself was.
        unit: of the heatmaps' numbers: "score" where they are parts of what is explained.
        others: int64 (N,), the class that each target is told from; None where there is none.
    """

    heatmaps: np.ndarray
    targets: np.ndarray
    scores: np.ndarray
    layer: str
    unit: str = "score"
    others: np.ndarray | None = None

    def resize(self, size: tuple[int, int]) -> np.ndarray:
        """The heatmaps at another (height, width), bilinear, float32 (N, height, width)."""
        return resize(self.heatmaps, size)


@dataclass(frozen=True, eq=False)
class Terms:
    """What each channel says at each position of one image: gradient times activation.

    For a head that is linear in the features, all of them and the head's bias are the score, exactly.

    Attributes:
        activations: float32 (h, w, C), the features A.
        weights: float32 (h, w, C), what each of them counts: the gradient of what is explained.
        score: what is explained.
        bias: the same where every feature is zero: what a linear head adds, whatever the image.
    """

    activations: np.ndarray
    weights: np.ndarray
    score: float
    bias: float

    @property
    def products(self) -> np.ndarray:
        """float32 (h, w, C); their sum over channels is HiResCAM."""
        return self.activations * self.weights

    @property
    def total(self) -> float:
        """What all positions say together."""
        return float(self.products.sum(dtype=np.float64))

    @property
    def left(self) -> float:
        """The part of the score that neither positions nor bias give: none, up to rounding, of a linear head."""
        return self.score - self.total - self.bias

    def strongest(self, row: int, column: int, number: int) -> np.ndarray:
        """Channels at a position, the one that says most for or against first, int64 (up to `number`,)."""
        return np.argsort(-np.abs(self.products[row, column]), kind="stable")[:number]


def resize(heatmaps: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Heatmaps (N, h, w) at another (height, width), bilinear: nothing overshoots."""
    return tf.image.resize(heatmaps[..., np.newaxis], size)[..., 0].numpy()
