"""Fashion-MNIST: a bundled part, and all of it where Debian's package is installed.

Xiao, Rasul and Vollgraf 2017, arXiv 1708.07747. `scripts/make_fashion_mnist.py` makes the bundled part.
"""

from __future__ import annotations

import gzip
import zlib
from hashlib import sha256
from pathlib import Path

import numpy as np

from tfpool.data.dataset import PARTS, DataSet, Part

CLASS_NAMES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
BUNDLE = Path(__file__).with_name("bundled") / "fashion_mnist.npz"
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
VALIDATION = 5000
"""Images at the end of the original training set that `full` holds out for validation."""


def bundled(path: Path = BUNDLE) -> DataSet:
    """12,000 images for training, 2,000 for validation and 5,000 for test, each class equally often."""
    try:
        expected = path.with_suffix(".npz.sha256").read_text().split(maxsplit=1)[0]
        actual = sha256(path.read_bytes()).hexdigest()
    except (OSError, IndexError):
        raise ValueError(f"{path.name} or its checksum is missing. Restore both from the repository.") from None
    if actual != expected:
        raise ValueError(
            f"{path.name} is damaged: its SHA-256 is not {expected}. Restore the file from the repository."
        )
    with np.load(path, allow_pickle=False) as arrays:
        train, validation, test = (
            Part(arrays[f"{part}_images"][..., np.newaxis], arrays[f"{part}_labels"].astype(np.int64)) for part in PARTS
        )
    return DataSet("fashion_mnist", CLASS_NAMES, train, validation, test)


def full(folder: Path = DEBIAN) -> DataSet:
    """All 70,000 images: 55,000 for training, 5,000 for validation, and the original 10,000 for test."""
    train, test = read(folder, "train"), read(folder, "t10k")
    split = len(train) - VALIDATION
    validation = Part(train.images[split:], train.labels[split:])
    return DataSet("fashion_mnist_full", CLASS_NAMES, train.first(split), validation, test)


def read(folder: Path, part: str) -> Part:
    """The "train" or "t10k" pair of files in the IDX format that Fashion-MNIST is published in."""
    images = _idx(folder / f"{part}-images-idx3-ubyte.gz")
    labels = _idx(folder / f"{part}-labels-idx1-ubyte.gz")
    if images.ndim != 3 or labels.shape != images.shape[:1]:
        raise ValueError(f"{folder} holds {labels.shape} labels for {images.shape} images: the files are damaged.")
    return Part(images[..., np.newaxis], labels.astype(np.int64))


def _idx(path: Path) -> np.ndarray:
    """The array in an IDX file: two zeros, type 8 for bytes, the number of axes, big-endian sizes, data."""
    try:
        content = gzip.decompress(path.read_bytes())
    except FileNotFoundError:
        raise ValueError(
            f"fashion_mnist_full needs Debian's package dataset-fashion-mnist: {path} is missing. "
            "Install the package, or use fashion_mnist, which is bundled."
        ) from None
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is damaged: {error}. Install dataset-fashion-mnist again.") from None
    axes = content[3] if content[:3] == b"\x00\x00\x08" and len(content) > 3 else 0
    start = 4 + 4 * axes
    shape = np.frombuffer(content[4:start].ljust(4 * axes, b"\0"), ">u4").astype(int)
    if not axes or len(content) != start + shape.prod():
        raise ValueError(f"{path} is damaged: not an IDX file of bytes. Install dataset-fashion-mnist again.")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
