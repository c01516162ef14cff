"""Batches of images. Their order follows from seed and epoch alone, so that training can resume at any step."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tfpool.data import Part


def steps(part: Part, batch_size: int) -> int:
    """Number of batches per epoch. The last batch may be smaller."""
    return -(-len(part) // batch_size)


def order(part: Part, seed: int, epoch: int) -> np.ndarray:
    """The positions of all images, int64 (N,), in the order of an epoch."""
    return np.random.default_rng((seed, epoch)).permutation(len(part))


def shuffled(
    part: Part, batch_size: int, seed: int, epoch: int, first: int = 0
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The batches of an epoch from number `first` on: images uint8 (B, H, W, C) and labels int64 (B,)."""
    shuffled_positions = order(part, seed, epoch)
    for step in range(first, steps(part, batch_size)):
        positions = shuffled_positions[step * batch_size : (step + 1) * batch_size]
        yield part.images[positions], part.labels[positions]


def in_order(part: Part, batch_size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The batches of all images in their order, in the same form as `shuffled`."""
    for start in range(0, len(part), batch_size):
        yield part.images[start : start + batch_size], part.labels[start : start + batch_size]
