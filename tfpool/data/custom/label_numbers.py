"""Labels in the forms that Keras knows, as numbers of classes."""

from __future__ import annotations

import numpy as np


def label_numbers(labels: np.ndarray) -> np.ndarray:
    """The class numbers, int64 (N,), of labels: (N,) or (N, 1), whole numbers from 0, or (N, K) with a single one."""
    if labels.ndim == 2 and labels.shape[1] > 1:
        if not (np.isin(labels, (0, 1)).all() and (labels.sum(axis=1) == 1).all()):
            raise ValueError("Expected a single one in each row of the labels. Received: none or several in some row.")
        return labels.argmax(axis=1).astype(np.int64)
    flat = labels.reshape(-1) if labels.ndim == 2 else labels
    if flat.ndim != 1 or flat.dtype.kind not in "iufb" or (flat % 1).any() or (flat < 0).any():
        raise ValueError(
            f"Expected labels of shape (N,) or (N, 1), whole numbers from 0, or (N, K). Received: {labels.dtype} of "
            f"shape {labels.shape}."
        )
    return flat.astype(np.int64)


def likeliest_classes(labels: np.ndarray) -> np.ndarray:
    """As `label_numbers`; of rows (N, K) that are probabilities, as of smoothed labels, the class with the highest."""
    is_matrix = labels.ndim == 2 and labels.shape[1] > 1
    if is_matrix and (labels >= 0).all() and np.allclose(labels.sum(axis=1), 1, atol=1e-3):
        return label_numbers(labels == labels.max(axis=1, keepdims=True))
    return label_numbers(labels)
