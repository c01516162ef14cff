"""Data sets by name: the built-in ones, declared in `DATA`, and those that people added. Loads no TensorFlow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from shlex import quote
from threading import Lock

import numpy as np

from tfpool.data.builtin import fashion_mnist, positions, scattered
from tfpool.data.builtin.keras_datasets import CIFAR10, CIFAR100, MNIST, Download
from tfpool.data.custom import storage
from tfpool.data.custom.safe_names import clean, short_list
from tfpool.data.dataset import DataSet


@dataclass(frozen=True)
class BuiltIn:
    """A data set that tfpool knows by name, with sizes as in `Facts`, and one sentence on what its images show.

    `make` reads or computes it: from the data set `made_from`, from the `folder` where an operating system's package
    puts its files, or from the file that Keras downloads first. With none of these it is bundled.
    """

    summary: str
    images: tuple[int, int, int]
    classes: int
    image_shape: tuple[int, int, int]
    make: Callable[[], DataSet]
    made_from: str = ""
    folder: Path | None = None
    download: Download | None = None

    @property
    def state(self) -> str:
        """What `Facts.state` says of a built-in data set."""
        if self.download:
            return "here" if self.download.is_here else "to be downloaded"
        if self.folder:
            return "here" if self.folder.is_dir() else "not installed"
        return f"made from {self.made_from}" if self.made_from else "bundled"


_PART, _MNIST, _CIFAR = (12_000, 2_000, 5_000), (55_000, 5_000, 10_000), (45_000, 5_000, 10_000)
DATA = {
    "fashion_mnist": BuiltIn(
        "Clothes, shoes and bags: a part of Fashion-MNIST.", _PART, 10, (28, 28, 1), fashion_mnist.bundled
    ),
    "fashion_mnist_full": BuiltIn(
        "All images of Fashion-MNIST.", _MNIST, 10, (28, 28, 1), fashion_mnist.full, folder=fashion_mnist.DEBIAN
    ),
    "scattered": BuiltIn(
        "Clothes at random places on a texture.", _PART, 10, (64, 64, 1), scattered.scattered, made_from="fashion_mnist"
    ),
    "centred": BuiltIn(
        "Clothes in the middle of a black canvas.", _PART, 10, (32, 32, 1), positions.centred, made_from="fashion_mnist"
    ),
    "quadrants": BuiltIn(
        "Clothes whose quadrant is the class.", _PART, 4, (32, 32, 1), positions.quadrants, made_from="fashion_mnist"
    ),
    "mnist": BuiltIn("Handwritten digits.", _MNIST, 10, (28, 28, 1), MNIST.load, download=MNIST),
    "cifar10": BuiltIn("Photos of animals and vehicles.", _CIFAR, 10, (32, 32, 3), CIFAR10.load, download=CIFAR10),
    "cifar100": BuiltIn(
        "Photos of animals, plants, people and things.", _CIFAR, 100, (32, 32, 3), CIFAR100.load, download=CIFAR100
    ),
}
"""The built-in data sets. A row is all that a new one needs to be listed by pages and commands."""

_locks: defaultdict[str, Lock] = defaultdict(Lock)
"""Held while a built-in data set is made, so that visitors who come together make it once."""


def names(folder: str | Path | None = None) -> list[str]:
    """The names that `load` takes: built-in data sets, then those that people added.

    Args:
        folder: where added data sets are stored. Default: TFPOOL_DATASETS, or `datasets` in the current folder.

    Example:
        >>> from tfpool import data
        >>> data.names()[:3]
        ['fashion_mnist', 'fashion_mnist_full', 'scattered']
    """
    return [*DATA, *storage.slugs(folder)]


def downloads() -> dict[str, Download]:
    """The built-in data sets that Keras downloads, by name."""
    return {name: data_set.download for name, data_set in DATA.items() if data_set.download}


def find_download(name: str) -> Download:
    """What Keras downloads for a data set; an error for one that is not downloaded."""
    if name not in downloads():
        raise ValueError(f"{clean(name)!r} is not downloaded. Use one of: {', '.join(downloads())}.")
    return downloads()[name]


def load(name: str | Path) -> DataSet:
    """The data set with a name. Built-in data sets are read once per process, added ones are mapped from their files.

    Args:
        name: a built-in name, the short name of an added data set, or its folder.

    Raises:
        ValueError: if there is no such data set, or its files are missing or damaged.

    Example:
        >>> from tfpool import data
        >>> fashion = data.load("fashion_mnist")
        >>> fashion.train.images.shape, fashion.class_names[:3]
        ((12000, 28, 28, 1), ('T-shirt/top', 'Trouser', 'Pullover'))
    """
    text = str(name)
    if text in DATA:
        with _locks[text]:
            return _make(DATA[text])
    if text not in storage.slugs() and storage.is_image_source(text):
        raise ValueError(
            f"{clean(text)!r} is a folder or zip of images, and no data set yet. Make one of it: "
            f"python -m tfpool data add {quote(clean(text))} --name NAME."
        )
    if folder := added_folder(text):
        return storage.load(folder)
    raise ValueError(
        f"Unknown data set {clean(text)!r}. Use one of: {', '.join(names())}; or the folder of one of your own."
    )


def remove(name: str) -> None:
    """Delete an added data set from the disk. Runs that were trained on it stay.

    Runs that wait for it are not looked for, since they may be in any store: `python -m tfpool data remove` and the
    Data page do, in theirs, and refuse.

    Args:
        name: its short name, or its folder.

    Raises:
        ValueError: if there is no such data set, or it is built in.

    Example:
        >>> from tfpool import data
        >>> data.remove("mnist")
        Traceback (most recent call last):
            ...
        ValueError: mnist is built in and cannot be removed. Your own: ...
    """
    own = f"Your own: {short_list(storage.slugs(), 20) or 'none'}."
    if name in DATA:
        raise ValueError(f"{name} is built in and cannot be removed. {own}")
    if (folder := added_folder(name)) is None:
        raise ValueError(f"There is no data set of your own named {clean(name)!r} to remove. {own}")
    storage.remove(folder)


def added_folder(name: str) -> Path | None:
    """The folder of an added data set by its short name or folder; None if there can be none."""
    if name in storage.slugs():
        return storage.home() / name
    folder = Path(name)
    with suppress(OSError, ValueError):
        if folder.is_absolute() or (folder / storage.FACTS).is_file():
            return folder.absolute()
    return None


@lru_cache(maxsize=5)
def _make(data_set: BuiltIn) -> DataSet:
    return data_set.make()


def to_input(images: np.ndarray) -> np.ndarray:
    """Scale pixels from 0..255 to 0..1, as networks that are trained from scratch take them.

    Args:
        images: uint8 (N, H, W, C).

    Returns:
        float32 (N, H, W, C).

    Example:
        >>> import numpy as np
        >>> from tfpool import data
        >>> data.to_input(np.array([0, 51, 255], np.uint8))
        array([0. , 0.2, 1. ], dtype=float32)
    """
    return images.astype(np.float32) / np.float32(255)
