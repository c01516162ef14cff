"""Pictures that are nearly equal: saved again, resized, slightly cropped or brighter, or neighbors in a film."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from PIL import Image

MAX_BITS = 6
"""Bits of 64 in which the perceptual hashes of near duplicates differ at most."""
MAX_DIFFERENCE = 6.0
"""Gray levels by which near duplicates differ in the mean, of 256, at 16 × 16 pixels and equal brightness.

A photograph that is saved as JPEG of quality 10, shrunk to 64 pixels, cropped by 1 % on each side, or made a tenth
brighter, is within both limits. Of the first 4,000 images of fashion_mnist, where shirts look alike, 20 have a partner.
"""
_FLAT = 4.0
"""Standard deviation of gray levels below which a picture shows too little to be compared."""
_SIDE, _HASHED_SIDE = 16, 64
_ROWS, _PAIRS = 256, 50_000
_ROUNDING = 1e-3


@dataclass(frozen=True)
class Sketch:
    """A picture's perceptual hash of 64 bits, and its gray levels at 16 × 16 pixels, int16 (256,), 0 in the mean."""

    hash: int
    levels: np.ndarray

    @property
    def is_flat(self) -> bool:
        """Whether the picture shows too little to be compared."""
        return bool(self.levels.std() < _FLAT)


def is_available() -> bool:
    """Whether near duplicates can be looked for: a package of an extra is needed."""
    return find_spec("imagehash") is not None


def sketch(image: Image.Image) -> Sketch:
    """The sketch of a picture of any size, RGB or gray."""
    import imagehash

    size, box = (_HASHED_SIDE, _HASHED_SIDE), Image.Resampling.BOX
    small = image.resize(size, box, reducing_gap=2.0).convert("L")
    bits = np.packbits(imagehash.phash(small).hash)
    levels = np.asarray(small.resize((_SIDE, _SIDE), box), np.float32).ravel()
    return Sketch(int.from_bytes(bits.tobytes(), "big"), np.round(levels - levels.mean()).astype(np.int16))


def near_groups(sketches: Sequence[Sketch], on_progress: Callable[[int, int], None] | None = None) -> list[list[int]]:
    """Indices of pictures that are near duplicates, in groups of two or more: near duplicates of one are all in one.

    `on_progress` is called from time to time with the number of pictures twice, since they are all read; an exception
    that it raises ends the work.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    shown = [index for index, sketch in enumerate(sketches) if not sketch.is_flat]
    if len(shown) < 2:
        return []
    hashes = np.array([sketches[index].hash for index in shown], np.uint64)
    levels = np.stack([sketches[index].levels for index in shown])
    # Means over 4 × 4 levels differ no more than the levels do: what is far in these need not be compared in all.
    coarse = levels.reshape(-1, 4, 4, 4, 4).mean(axis=(2, 4), dtype=np.float32).reshape(-1, 16)
    groups = np.arange(len(shown))
    for start in range(0, len(shown), _ROWS):
        if on_progress:
            on_progress(len(sketches), len(sketches))
        pairs = _near_pairs(hashes, (coarse, levels), groups, start)
        if len(pairs):
            edges = np.concatenate([pairs, np.stack([np.arange(len(shown)), _first_of(groups)], axis=1)])
            graph = coo_array((np.ones(len(edges), bool), (edges[:, 0], edges[:, 1])), (len(shown), len(shown)))
            groups = connected_components(graph, directed=False)[1]
    order = np.argsort(groups, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)
    return sorted([shown[index] for index in group] for group in members if len(group) > 1)


def _near_pairs(hashes: np.ndarray, levels: Sequence[np.ndarray], groups: np.ndarray, start: int) -> np.ndarray:
    """Pairs of near duplicates in different groups, int (P, 2), the first of them in a block of rows."""
    rows = slice(start, start + _ROWS)
    alike = np.bitwise_count(hashes[rows, np.newaxis] ^ hashes[np.newaxis, start:]) <= MAX_BITS
    alike &= groups[rows, np.newaxis] != groups[np.newaxis, start:]
    pairs = np.argwhere(alike) + start
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    for values in levels:
        near = [
            np.abs(values[some[:, 0]] - values[some[:, 1]]).mean(axis=1) <= MAX_DIFFERENCE + _ROUNDING
            for some in np.split(pairs, range(_PAIRS, len(pairs), _PAIRS))
        ]
        pairs = pairs[np.concatenate(near)]
    return pairs


def _first_of(groups: np.ndarray) -> np.ndarray:
    """For each picture the first one of its group."""
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    return first[group]
