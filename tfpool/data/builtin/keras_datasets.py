"""The data sets of `keras.datasets`, by name: downloaded once by Keras, split once and for all by a fixed seed."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfpool.data.dataset import DataSet, Part

_SEED = 0
_PATIENCE = 30.0


@dataclass(frozen=True)
class Download:
    """What Keras fetches for a data set.

    Attributes:
        address: where from.
        file: what it is called in Keras's folder.
        size: in bytes.
        validation: how many of the original training images are kept for validation.
    """

    address: str
    file: str
    size: int
    validation: int
    class_names: tuple[str, ...]

    @property
    def path(self) -> Path:
        """Where Keras puts the file."""
        home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
        return Path(home) / "datasets" / self.file

    @property
    def is_here(self) -> bool:
        """Whether the file has been downloaded to its end."""
        try:
            return self.path.stat().st_size == self.size
        except OSError:
            return False


_CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_CIFAR100 = """apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel
can
castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant
flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree
motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy
porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel
streetcar sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale
willow_tree wolf woman worm"""

DOWNLOADS = {
    "mnist": Download(
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
        "mnist.npz",
        11_490_434,
        5000,
        tuple("0123456789"),
    ),
    "cifar10": Download(
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        "cifar-10-batches-py-target_archive",
        170_498_071,
        5000,
        _CIFAR10,
    ),
    "cifar100": Download(
        "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
        "cifar-100-python-target_archive",
        169_001_437,
        5000,
        tuple(name.replace("_", " ") for name in _CIFAR100.split()),
    ),
}


def mnist() -> DataSet:
    """LeCun, Cortes and Burges: 70,000 handwritten digits, 28×28 grey pixels."""
    return _loaded("mnist")


def cifar10() -> DataSet:
    """Krizhevsky 2009: 60,000 photographs of 10 classes, 32×32 pixels in colour."""
    return _loaded("cifar10")


def cifar100() -> DataSet:
    """Krizhevsky 2009: 60,000 photographs of 100 classes, 32×32 pixels in colour."""
    return _loaded("cifar100")


def _loaded(name: str) -> DataSet:
    """The data set by Keras, with a validation part drawn from the original training images, each class alike.

    Raises:
        ValueError: if it cannot be downloaded.
    """
    download = DOWNLOADS[name]
    (images, labels), test = _fetched(name, download)
    images, labels = _arrays(images, labels)
    kept = held_out(labels, download.validation)
    return DataSet(
        name,
        download.class_names,
        train=Part(images[~kept], labels[~kept]),
        validation=Part(images[kept], labels[kept]),
        test=Part(*_arrays(*test)),
    )


def _fetched(name: str, download: Download) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    import keras

    load: Callable[[], tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]]
    load = getattr(keras.datasets, name).load_data
    try:
        # Keras prints its bar where a command's result belongs.
        with contextlib.redirect_stdout(sys.stderr), _patience():
            return load()
    except Exception as error:
        # Keras raises a bare Exception where it cannot download.
        raise ValueError(
            f"{name} could not be fetched from {download.address} ({' '.join(str(error).split())[:200]}). Connect to "
            f"the network, put the file at {download.path}, or use fashion_mnist, which is bundled."
        ) from None


@contextlib.contextmanager
def _patience() -> Iterator[None]:
    """Give up on a network that does not answer; Keras sets no limit."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_PATIENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _arrays(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """uint8 (N, H, W, C), also of grey images without channels, and int64 (N,)."""
    with_channels = images if images.ndim == 4 else images[..., np.newaxis]
    return np.ascontiguousarray(with_channels), np.reshape(labels, -1).astype(np.int64)


def held_out(labels: np.ndarray, number: int) -> np.ndarray:
    """bool (N,): about that many images, each class in its share, by a fixed seed."""
    random = np.random.default_rng(_SEED)
    kept = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        where = np.flatnonzero(labels == label)
        kept[random.permutation(where)[: max(1, round(number * len(where) / len(labels)))]] = True
    return kept
