"""Do two maps of the same image agree?"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata


def agreement(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of each pair of maps: 1 if they order the positions alike, 0 if one is flat.

    Baseline: 0 on average with a `random_map`.

    Args:
        first: float (N, h, w).
        second: maps of the same shape to compare with.

    Returns:
        float64 (N,), from -1 to 1.

    Raises:
        ValueError: if the shapes differ.

    Example:
        >>> import numpy as np
        >>> import tfpool as tp
        >>> heatmap = np.arange(9.0).reshape(1, 3, 3)
        >>> [round(float(tp.metrics.agreement(heatmap, other)[0]), 2) for other in (2 * heatmap, -heatmap, 0 * heatmap)]
        [1.0, -1.0, 0.0]
    """
    if first.shape != second.shape or first.ndim != 3:
        raise ValueError(
            f"Expected two sets of maps of one shape (N, h, w). Received: {first.shape} and {second.shape}. "
            "Resize one to the other: explanation.resize((height, width))."
        )
    one, other = (_centered_ranks(maps) for maps in (first, second))
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return np.divide((one * other).sum(axis=1), lengths, out=np.zeros(len(one)), where=lengths > 0)


def _centered_ranks(maps: np.ndarray) -> np.ndarray:
    ranks = rankdata(maps.reshape(len(maps), -1), axis=1) if len(maps) else np.zeros((0, 1))
    return ranks - ranks.mean(axis=1, keepdims=True)
