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
_WAVES_SIDE, _WAVES = 32, 8
_ROWS, _PAIRS = 256, 50_000
_ROUNDING = 1e-3


@dataclass(frozen=True)
class Sketch:
    """A picture's gray levels at 32 × 32 pixels, for its hash, and at 16 × 16: 1,024 and 256 bytes."""

    hashed: bytes
    levels: bytes


def is_available() -> bool:
    """Whether near duplicates can be looked for: a package of an extra does it."""
    return find_spec("scipy") is not None


def sketch(image: Image.Image) -> Sketch:
    """The sketch of a picture of any size, RGB or gray."""
    size, box = (_HASHED_SIDE, _HASHED_SIDE), Image.Resampling.BOX
    small = image.resize(size, box, reducing_gap=2.0).convert("L")
    hashed = small.resize((_WAVES_SIDE, _WAVES_SIDE), Image.Resampling.LANCZOS)
    return Sketch(hashed.tobytes(), small.resize((_SIDE, _SIDE), box).tobytes())


def hashes_of(sketches: Sequence[Sketch]) -> np.ndarray:
    """Perceptual hashes of 64 bits, uint64 (N,): those of the function `phash` of the package imagehash.

    A bit is whether one of the 8 × 8 longest waves of a discrete cosine transform is stronger than their median.
    """
    from scipy.fft import dct

    hashes = []
    for start in range(0, len(sketches), _ROWS):
        content = b"".join(sketch.hashed for sketch in sketches[start : start + _ROWS])
        levels = np.frombuffer(content, np.uint8).reshape(-1, _WAVES_SIDE, _WAVES_SIDE)
        waves = dct(dct(levels.astype(float), axis=1)[:, :_WAVES], axis=2)[..., :_WAVES].reshape(-1, _WAVES**2)
        bits = np.packbits(waves > np.median(waves, axis=1, keepdims=True), axis=1)
        hashes.append(bits.view(">u8")[:, 0].astype(np.uint64))
    return np.concatenate(hashes) if hashes else np.zeros(0, np.uint64)


def levels_of(sketches: Sequence[Sketch]) -> np.ndarray:
    """Gray levels at 16 × 16 pixels, int16 (N, 256), 0 in the mean of each picture."""
    content = np.frombuffer(b"".join(sketch.levels for sketch in sketches), np.uint8).reshape(-1, _SIDE**2)
    means = content.mean(axis=1, dtype=np.float32, keepdims=True)
    return np.round(content - means).astype(np.int16)


def near_groups(sketches: Sequence[Sketch], on_progress: Callable[[int, int], None] | None = None) -> list[list[int]]:
    """Indices of pictures that are near duplicates, in groups of two or more: near duplicates of one are all in one.

    `on_progress` is called from time to time with the number of pictures twice, since they are all read; an exception
    that it raises ends the work.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    levels = levels_of(sketches)
    shown = np.flatnonzero(levels.std(axis=1, dtype=np.float64) >= _FLAT).tolist()
    if len(shown) < 2:
        return []
    levels, hashes = levels[shown], hashes_of([sketches[index] for index in shown])
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
