"""Make the bundled part of Fashion-MNIST from the files of Debian's package dataset-fashion-mnist.

    python scripts/make_fashion_mnist.py

Draws 12,000 training and 2,000 validation images from the original training set and 5,000 test images from the
original test set, without replacement, with equally many of each class. The same package gives the same file.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tfpool.data.builtin.fashion_mnist import BUNDLE, CLASS_NAMES, DEBIAN, read

TRAIN, VALIDATION, TEST = 12_000, 2_000, 5_000


def draw(labels: np.ndarray, number: int, random: np.random.Generator) -> np.ndarray:
    """Indices of `number` images in random order, equally many of each class."""
    per_class = number // len(CLASS_NAMES)
    by_class = [np.flatnonzero(labels == label) for label in range(len(CLASS_NAMES))]
    return random.permutation(np.concatenate([random.choice(part, per_class, replace=False) for part in by_class]))


def main(path: Path = BUNDLE) -> None:
    random = np.random.default_rng(1708_07747)
    original, test = read(DEBIAN, "train"), read(DEBIAN, "t10k")
    validation = draw(original.labels, VALIDATION, random)
    rest = np.setdiff1d(np.arange(len(original)), validation)
    train = rest[draw(original.labels[rest], TRAIN, random)]
    chosen = {
        "train": (original, train),
        "validation": (original, validation),
        "test": (test, draw(test.labels, TEST, random)),
    }
    arrays: dict[str, Any] = {}
    for name, (part, indices) in chosen.items():
        arrays[f"{name}_images"] = part.images[indices, ..., 0]
        arrays[f"{name}_labels"] = part.labels[indices].astype(np.uint8)
    path.parent.mkdir(exist_ok=True)
    np.savez_compressed(path, **arrays)
    digest = sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".npz.sha256").write_text(f"{digest}  {path.name}\n")
    print(f"{path.name}: {path.stat().st_size:,} bytes, SHA-256 {digest}")


if __name__ == "__main__":
    main()
