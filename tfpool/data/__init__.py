"""Data sets by name: images with labels in three parts that never overlap. Loads no TensorFlow.

Images are kept as uint8, as they came; networks read them as float32 from 0 to 1 (`to_input`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from tfpool.data import fashion_mnist
from tfpool.data.dataset import DataSet, Part

__all__ = ["DATA", "DataSet", "Part", "load", "to_input"]

DATA: dict[str, Callable[[], DataSet]] = {
    "fashion_mnist": fashion_mnist.bundled,
    "fashion_mnist_full": fashion_mnist.full,
}


@lru_cache(maxsize=2)
def load(name: str) -> DataSet:
    """The data set of that name, read once a process.

    Raises:
        ValueError: if there is none, or its files are missing or damaged.
    """
    if name not in DATA:
        raise ValueError(f"Unknown data set {name!r}. Use one of: {', '.join(DATA)}.")
    return DATA[name]()


def to_input(images: np.ndarray) -> np.ndarray:
    """uint8 images (N, H, W, C) as what the networks read: float32 from 0 to 1."""
    return images.astype(np.float32) / np.float32(255)
