"""What an explainer returns: maps of images, and the terms of one score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf


@dataclass(frozen=True, eq=False)
class Explanation:
    """Maps of N images.

    Attributes:
        heatmaps: float32 (N, h, w) at the resolution of the features, or of the image for methods that read the image
            itself. Not normalized: in the units of the method's formula.
        targets: int64 (N,), the explained class; -1 for a function of the scores.
        scores: float32 (N,), the explained score: the class's score before softmax, minus that of the class it is
            contrasted with, or the value of the function of all scores.
        layer: name of the feature layer, or of the input for methods that read the image itself.
        unit: of the heatmaps' values: "score" if they are parts of the explained score.
        others: int64 (N,), the class that each target is contrasted with; None without a contrast.
        of: what the scores are: "logit", before softmax or sigmoid; "probability", where what ends the model can't be
            taken off; or "number", of a model that is no classifier.
        notes: sentences on how the pixels of image files were scaled, and on what these maps cannot show; the latter,
            and a scale that was assumed, are warnings too.

    Example:
        >>> import numpy as np
        >>> import tfpool as tp
        >>> model = tp.build(tp.plan("convnet", input_shape=(28, 28, 1)))
        >>> e = tp.explain(model, np.zeros((2, 28, 28, 1)), method="hirescam", target=[3, 5])
        >>> e.heatmaps.shape, e.targets.tolist(), e.unit
        ((2, 7, 7), [3, 5], 'score')
        >>> e.resize((28, 28)).shape  # as large as the images
        (2, 28, 28)
    """

    heatmaps: np.ndarray
    targets: np.ndarray
    scores: np.ndarray
    layer: str
    unit: str = "score"
    others: np.ndarray | None = None
    of: str = "logit"
    notes: tuple[str, ...] = ()

    def resize(self, size: tuple[int, int]) -> np.ndarray:
        """The heatmaps at another (height, width), bilinear, float32 (N, height, width)."""
        return resize(self.heatmaps, size)


@dataclass(frozen=True, eq=False)
class Terms:
    """What each channel adds to the score at each position of one image: gradient times activation.

    For a head that is linear in the features, their sum plus the head's bias is the score, exactly.

    Attributes:
        activations: float32 (h, w, C), the features A.
        weights: float32 (h, w, C), the gradient of the explained score at the features.
        score: the explained score.
        bias: the score if every feature were zero: the bias of a linear head.
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
        """The sum over all positions and channels."""
        return float(self.products.sum(dtype=np.float64))

    @property
    def left(self) -> float:
        """The rest of the score, neither at a position nor in the bias: 0, up to rounding, for a linear head."""
        return self.score - self.total - self.bias

    def strongest(self, row: int, column: int, number: int) -> np.ndarray:
        """Channels at a position, strongest first whether for or against, int64 (up to `number`,)."""
        return np.argsort(-np.abs(self.products[row, column]), kind="stable")[:number]


def resize(heatmaps: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Heatmaps (N, h, w) at another (height, width), bilinear, so that values stay in their range."""
    return tf.image.resize(heatmaps[..., np.newaxis], size)[..., 0].numpy()
