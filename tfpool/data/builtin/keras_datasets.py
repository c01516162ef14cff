"""The data sets of `keras.datasets`: downloaded once by Keras, with a validation part drawn by a fixed seed."""

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

VALIDATION = 5000
"""Images of the original training set that are held out for validation."""
_SEED = 0
_TIMEOUT = 30.0
_Arrays = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Download:
    """A file that Keras downloads for a data set: its URL, its name in Keras's folder, its size in bytes.

    `name` is the module in `keras.datasets`, and what the data set is called.
    """

    name: str
    address: str
    file: str
    size: int
    class_names: tuple[str, ...]

    @property
    def path(self) -> Path:
        """Where Keras puts the file."""
        home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
        return Path(home) / "datasets" / self.file

    @property
    def bytes_here(self) -> int:
        """How much of the file has been downloaded."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    @property
    def is_here(self) -> bool:
        """Whether the whole file has been downloaded."""
        return self.bytes_here == self.size

    def load(self) -> DataSet:
        """The data set, with a validation part drawn from the original training images, stratified by class."""
        (images, labels), test = self._fetch()
        images, labels = _arrays(images, labels)
        held = held_out(labels, VALIDATION)
        train, validation = (Part(images[mask], labels[mask]) for mask in (~held, held))
        return DataSet(self.name, self.class_names, train, validation, Part(*_arrays(*test)))

    def _fetch(self) -> tuple[_Arrays, _Arrays]:
        import keras

        load: Callable[[], tuple[_Arrays, _Arrays]] = getattr(keras.datasets, self.name).load_data
        try:
            # Keras prints its progress bar to stdout, where a command's result belongs.
            with contextlib.redirect_stdout(sys.stderr), _network_timeout():
                return load()
        except Exception as error:
            # Keras raises a bare Exception where it cannot download.
            raise ValueError(
                f"{self.name} could not be fetched from {self.address} ({' '.join(str(error).split())[:200]}). Connect "
                f"to the network, put the file at {self.path}, or use fashion_mnist, which is bundled."
            ) from None


MNIST = Download(
    "mnist",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
    "mnist.npz",
    11_490_434,
    tuple("0123456789"),
)
CIFAR10 = Download(
    "cifar10",
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    "cifar-10-batches-py-target_archive",
    170_498_071,
    ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
)
_CIFAR100_CLASSES = """apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly
camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin
elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man
maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain
plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake
spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle
wardrobe whale willow_tree wolf woman worm"""
CIFAR100 = Download(
    "cifar100",
    "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
    "cifar-100-python-target_archive",
    169_001_437,
    tuple(name.replace("_", " ") for name in _CIFAR100_CLASSES.split()),
)


@contextlib.contextmanager
def _network_timeout() -> Iterator[None]:
    """Give up on a network that does not answer: Keras sets no limit."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_TIMEOUT)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _arrays(images: np.ndarray, labels: np.ndarray) -> _Arrays:
    """Images as uint8 (N, H, W, C), with a channel axis for gray ones as well, and labels as int64 (N,)."""
    with_channels = images if images.ndim == 4 else images[..., np.newaxis]
    return np.ascontiguousarray(with_channels), np.reshape(labels, -1).astype(np.int64)


def held_out(labels: np.ndarray, number: int) -> np.ndarray:
    """bool (N,): a mask over about `number` images, the same fraction of each class, by a fixed seed."""
    random = np.random.default_rng(_SEED)
    mask = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        positions = np.flatnonzero(labels == label)
        mask[random.permutation(positions)[: max(1, round(number * len(positions) / len(labels)))]] = True
    return mask
