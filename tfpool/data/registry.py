"""Data sets by name: the built-in ones, and those that people added. Loads no TensorFlow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import Lock

import numpy as np

from tfpool.data.builtin import fashion_mnist, keras_datasets, positions, scattered
from tfpool.data.custom import storage
from tfpool.data.custom.safe_names import clean, listed
from tfpool.data.dataset import DataSet

DATA: dict[str, Callable[[], DataSet]] = {
    "fashion_mnist": fashion_mnist.bundled,
    "fashion_mnist_full": fashion_mnist.full,
    "scattered": scattered.scattered,
    "centred": positions.centred,
    "quadrants": positions.quadrants,
    "mnist": keras_datasets.mnist,
    "cifar10": keras_datasets.cifar10,
    "cifar100": keras_datasets.cifar100,
}


_making: defaultdict[str, Lock] = defaultdict(Lock)
"""Held while a built-in one is made: visitors who come together would each make it."""


def names(folder: str | Path | None = None) -> list[str]:
    """What `load` takes: the built-in data sets, then one's own by their short names.

    Args:
        folder: where the own ones are storage. Default: TFPOOL_DATASETS, or `datasets` here.
    """
    return [*DATA, *storage.slugs(folder)]


def load(name: str | Path) -> DataSet:
    """The data set of that name; built-in ones are read once a process, one's own are mapped from their files.

    Args:
        name: a built-in name, the short name of an own data set, or its folder.

    Raises:
        ValueError: if there is none, or its files are missing or damaged.
    """
    known = str(name)
    if known not in DATA:
        return storage.load(_own(known))
    with _making[known]:
        return _built_in(DATA[known])


def remove(name: str) -> None:
    """Delete an own data set from the disk. Runs that were trained on it stay.

    Args:
        name: its short name, or its folder.

    Raises:
        ValueError: if there is none, or it is a built-in one.
    """
    own = f"Your own: {listed(storage.slugs(), 20) or 'none'}."
    if name in DATA:
        raise ValueError(f"{name} is built in and cannot be removed. {own}")
    if (folder := _own_folder(name)) is None:
        raise ValueError(f"There is no data set of your own named {clean(name)!r} to remove. {own}")
    storage.remove(folder)


def _own(name: str) -> Path:
    """The folder of an own data set, when that is all that is left to look for."""
    if folder := _own_folder(name):
        return folder
    raise ValueError(
        f"Unknown data set {clean(name)!r}. Use one of: {', '.join(names())}; or the folder of one of your own."
    )


def _own_folder(name: str) -> Path | None:
    if name in storage.slugs():
        return storage.home() / name
    folder = Path(name)
    with suppress(OSError, ValueError):
        if folder.is_absolute() or (folder / storage.FACTS).is_file():
            return folder.absolute()
    return None


@lru_cache(maxsize=5)
def _built_in(make: Callable[[], DataSet]) -> DataSet:
    return make()


def to_input(images: np.ndarray) -> np.ndarray:
    """uint8 images (N, H, W, C) as what the networks read: float32 from 0 to 1."""
    return images.astype(np.float32) / np.float32(255)
