"""Data sets of NumPy arrays: checked, split and stored, so that a run can be repeated and resumed."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from tfpool.data.custom import storage
from tfpool.data.custom.add import check_size
from tfpool.data.custom.label_numbers import label_numbers
from tfpool.data.custom.new_set import check_parts, new_set
from tfpool.data.custom.partition import LEFT_OUT, TEST, assign_parts, check_split
from tfpool.data.custom.scan import group_equal
from tfpool.data.custom.source_warnings import untested_classes
from tfpool.data.dataset import DataSet, Part, fingerprint
from tfpool.data.registry import load

_SPLIT = (0.7, 0.15, 0.15)


def from_arrays(
    train: tuple[Any, Any],
    test: tuple[Any, Any] | None = None,
    name: str | None = None,
    class_names: Sequence[str] | None = None,
    split: Sequence[float] = _SPLIT,
    seed: int = 0,
    folder: str | Path | None = None,
) -> DataSet:
    """Make a data set of arrays, or find the one that was made of the same arrays before.

    Images that are equal are always in the same part, so that no test image is trained on.

    Args:
        train: images (N, H, W, C) or (N, H, W), whole numbers from 0 to 255 or floats from 0 to 1, and labels: (N,) or
            (N, 1), whole numbers from 0, or (N, K) with a one for the class.
        test: images and labels to test on. Default: they are drawn from `train`. Validation images always are.
        name: title of the data set. Default: "arrays" and the start of a hash of all values.
        class_names: K names, in the order of the labels. Default: the labels as text.
        split: fractions of train, validation and test.
        seed: random seed of the split.
        folder: where to store data sets. Default: TFPOOL_DATASETS, or `datasets` in the current folder.

    Returns:
        The data set, its images mapped from its files.

    Raises:
        ValueError: if the arrays do not fit together, the name is taken by other images, or the disk is full.

    Example:
        >>> import numpy as np
        >>> from tfpool import data
        >>> images = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3)).astype(np.uint8)
        >>> labels = np.arange(40) % 2
        >>> noise = data.from_arrays((images, labels), name="Noise", class_names=["even", "odd"], folder="sets")
        >>> noise.class_names, {name: len(part) for name, part in noise.parts.items()}
        (('even', 'odd'), {'train': 28, 'validation': 6, 'test': 6})
    """
    fractions = check_split(split)
    pairs = [_pair(*_two(given)) for given in (train, test) if given is not None]
    if len({images.shape[1:] for images, _ in pairs}) > 1:
        shapes = " and ".join(str(images.shape) for images, _ in pairs)
        raise ValueError(f"Expected training and test images of one size. Received: {shapes}.")
    images = np.concatenate([images for images, _ in pairs])
    labels = np.concatenate([labels for _, labels in pairs])
    names = _class_names(labels, class_names)
    fixed = ["train"] * len(pairs[0][0]) + ["test"] * (len(images) - len(pairs[0][0])) if test is not None else []
    facts: dict[str, Any] = {
        "class_names": names,
        "source": "arrays",
        "image_shape": images.shape[1:],
        "split": fractions,
        "seed": seed,
    }
    about = (fingerprint([Part(images, labels)]), fixed.count("test"), *facts.values())
    facts["arrays"] = sha256(repr(about).encode()).hexdigest()
    title = f"arrays {facts['arrays'][:8]}" if name is None else name
    if (same := _find(title, facts["arrays"], folder)) is not None:
        return same
    with new_set(title, folder) as new:
        equal = list(group_equal([sha256(image.tobytes()).digest() for image in images]).values())
        parts = assign_parts(labels, equal, fractions, seed, fixed)
        check_parts(title, parts, "Use three or more images per class.")
        for sentence in _notes(names, labels, parts):
            warnings.warn(sentence, stacklevel=2)
        return new.save(images.__getitem__, labels, parts, facts)


def _two(given: Any) -> tuple[Any, Any]:
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise ValueError(f"Expected a tuple of images and labels. Received: {type(given).__name__}.")
    return given[0], given[1]


def _pair(images: Any, labels: Any) -> tuple[np.ndarray, np.ndarray]:
    """Images as uint8 (N, H, W, C), and labels as int64 (N,)."""
    pixels, numbers = _pixels(np.asarray(images)), label_numbers(np.asarray(labels))
    if len(pixels) != len(numbers):
        raise ValueError(f"Expected one label per image. Received: {len(pixels)} images and {len(numbers)} labels.")
    return pixels, numbers


def _pixels(images: np.ndarray) -> np.ndarray:
    images = images[..., np.newaxis] if images.ndim == 3 else images
    if images.ndim != 4 or images.shape[3] not in (1, 3) or not len(images):
        raise ValueError(
            f"Expected gray or RGB images of shape (N, H, W, 1 or 3), or (N, H, W). Received: {images.shape}."
        )
    check_size(images.shape[1:3])
    if images.dtype == np.uint8:
        return images
    low, high = images.min(), images.max()
    if not (low >= 0 and high <= 255):
        raise ValueError(f"Expected pixels from 0 to 255, or from 0 to 1. Received: {low:.4g} to {high:.4g}.")
    if np.issubdtype(images.dtype, np.floating) and high <= 1:
        warnings.warn("Pixels from 0 to 1 were taken for floats, and stored as whole numbers to 255.", stacklevel=4)
        return np.round(images * 255).astype(np.uint8)
    if (images % 1).any():
        raise ValueError("Expected whole numbers from 0 to 255, or floats from 0 to 1. Received: fractions above 1.")
    return images.astype(np.uint8)


def _class_names(labels: np.ndarray, class_names: Sequence[str] | None) -> list[str]:
    classes = int(labels.max()) + 1
    names = list(map(str, range(classes) if class_names is None else class_names))
    if len(names) < max(2, classes) or len(set(names)) < len(names):
        raise ValueError(
            f"Expected a name for each class, and two classes. Received: labels to {classes - 1}, {names}."
        )
    return names


def _find(title: str, arrays: str, folder: str | Path | None) -> DataSet | None:
    """The data set that was made of the same arrays under that title."""
    root = storage.home() if folder is None else Path(folder)
    for name in storage.slugs(root):
        record = storage.facts(root / name)
        if record.get("name") == title and record.get("arrays") == arrays:
            return load((root / name).absolute())
    return None


def _notes(names: Sequence[str], labels: np.ndarray, parts: np.ndarray) -> list[str]:
    notes = untested_classes(names, np.bincount(labels[parts == TEST], minlength=len(names)))
    if copies := int((parts == LEFT_OUT).sum()):
        notes.append(f"Images left out of training, since they are test images too: {copies:,}.")
    return notes
