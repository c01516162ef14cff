"""The files of a data set's three parts: written row by row, in an order that shows all classes at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import IO

import numpy as np

from tfpool.data.dataset import PARTS

GROUPS = "{part}_groups.npy"
"""Name of the file with the groups of a part's images, int64 (N,), -1 for none, where files are grouped by name."""


def write_parts(
    folder: Path,
    row: Callable[[int], np.ndarray],
    labels: np.ndarray,
    parts: np.ndarray,
    seed: int,
    groups: np.ndarray | None = None,
) -> dict[str, int]:
    """Write the images of each part, their labels and their groups, and return the number of images per part.

    `row` is the image with an index, uint8 (H, W, C); `labels` are int (N,), `parts` 0, 1 and 2, or -1 for images that
    are left out, and `groups` the ids that images have in common, int64 (N,).
    """
    random = np.random.default_rng([seed, 1])
    numbers = {}
    for number, part in enumerate(PARTS):
        # Shuffled, so that a run on the first images sees all classes.
        positions = random.permutation(np.flatnonzero(parts == number))
        _write(folder / f"{part}_images.npy", row, positions)
        np.save(folder / f"{part}_labels.npy", labels[positions].astype(np.int64))
        if groups is not None:
            np.save(folder / GROUPS.format(part=part), groups[positions])
        numbers[part] = len(positions)
    return numbers


def group_ids(names: Sequence[str]) -> np.ndarray:
    """What a data set keeps of its groups' names, which may be those of persons: int64 (N,), -1 for no group."""
    ids = (int.from_bytes(sha256(name.encode()).digest()[:7], "big") if name else -1 for name in names)
    return np.array(list(ids), np.int64)


def read_groups(folder: Path, part: str) -> np.ndarray | None:
    """The groups of a part's images, int64 (N,), -1 for none; None if its files were not grouped."""
    path = folder / GROUPS.format(part=part)
    return np.load(path, allow_pickle=False) if path.is_file() else None


def append(file: IO[bytes], pixels: np.ndarray) -> None:
    """Write an image's bytes."""
    file.write(np.ascontiguousarray(pixels).data)


def _write(path: Path, row: Callable[[int], np.ndarray], positions: np.ndarray) -> None:
    """Rows as a .npy file, not mapped: on a full disk, filling a mapped file kills the process."""
    shape = row(int(positions[0])).shape if len(positions) else (0, 0, 0)
    with path.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (len(positions), *shape)}
        np.lib.format.write_array_header_1_0(file, header)
        for position in positions:
            append(file, row(int(position)))
        file.flush()
        os.fsync(file.fileno())
