"""How much the images of each class weigh in training."""

from __future__ import annotations

import numpy as np


def class_weights(labels: np.ndarray, classes: int) -> np.ndarray:
    """Weights under which all classes together weigh the same, float32 (K,).

    A class c weighs n / (K · n_c), where n_c of the n images are of that class. K counts the classes that have an
    image; the others weigh 0, and no image asks for them. The mean weight of an image is 1, so that the learning rate
    need not change. This is what scikit-learn calls "balanced".

    Args:
        labels: of the training images, int (N,).
        classes: number of classes of the data set.

    Example:
        >>> import numpy as np
        >>> class_weights(np.array([0, 0, 0, 1]), 2)
        array([0.6666667, 2.       ], dtype=float32)
    """
    counts = np.bincount(labels, minlength=classes)
    weights = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return np.where(counts > 0, weights, 0).astype(np.float32)
