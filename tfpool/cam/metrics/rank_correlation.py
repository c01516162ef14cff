"""Do two maps of the same image say the same?"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata


def agreement(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of each pair of maps: 1 where they order the positions alike, 0 where one is flat.

    Baseline: 0 on average with a `random_map`.

    Args:
        first: float (N, h, w).
        second: maps to compare with, as many and as large.

    Returns:
        float64 (N,), from -1 to 1.

    Raises:
        ValueError: if the shapes differ.
    """
    if first.shape != second.shape or first.ndim != 3:
        raise ValueError(
            f"Two sets of maps of one shape (N, h, w) are compared, got {first.shape} and {second.shape}. "
            "Resize one to the other: explanation.resize((height, width))."
        )
    one, other = (_centred_ranks(maps) for maps in (first, second))
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return np.divide((one * other).sum(axis=1), lengths, out=np.zeros(len(one)), where=lengths > 0)


def _centred_ranks(maps: np.ndarray) -> np.ndarray:
    ranks = rankdata(maps.reshape(len(maps), -1), axis=1) if len(maps) else np.zeros((0, 1))
    return ranks - ranks.mean(axis=1, keepdims=True)
