"""What there is to train on, told without reading the images."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from tfpool.data.builtin import fashion_mnist
from tfpool.data.builtin.keras_datasets import DOWNLOADS
from tfpool.data.custom import storage
from tfpool.data.dataset import PARTS


@dataclass(frozen=True)
class Facts:
    """One data set.

    Attributes:
        name: what `load` takes.
        title: as its owner wrote it, fit to be shown but no markup; the name for built-in ones.
        images: number of images in train, validation and test.
        image_shape: (height, width, channels).
        state: "bundled", "own", "made from fashion_mnist", "here", "to be downloaded", "not installed" or "damaged".
    """

    name: str
    title: str
    images: tuple[int, int, int]
    classes: int
    image_shape: tuple[int, ...]
    state: str

    @property
    def is_ready(self) -> bool:
        """Whether loading it takes no download and no installation."""
        return self.state not in ("to be downloaded", "not installed", "damaged")

    def record(self) -> dict[str, Any]:
        return {**asdict(self), "images": dict(zip(PARTS, self.images, strict=True))}


_BUNDLED = (12_000, 2_000, 5_000)
_BUILT_IN: dict[str, tuple[tuple[int, int, int], int, tuple[int, int, int]]] = {
    "fashion_mnist": (_BUNDLED, 10, (28, 28, 1)),
    "fashion_mnist_full": ((55_000, 5_000, 10_000), 10, (28, 28, 1)),
    "scattered": (_BUNDLED, 10, (64, 64, 1)),
    "centred": (_BUNDLED, 10, (32, 32, 1)),
    "quadrants": (_BUNDLED, 4, (32, 32, 1)),
    "mnist": ((55_000, 5_000, 10_000), 10, (28, 28, 1)),
    "cifar10": ((45_000, 5_000, 10_000), 10, (32, 32, 3)),
    "cifar100": ((45_000, 5_000, 10_000), 100, (32, 32, 3)),
}


def describe(name: str) -> Facts:
    """What is known of a data set by its name, as `tfpool.data.names` lists it, or by its folder."""
    if name in _BUILT_IN:
        return Facts(name, name, *_BUILT_IN[name], _state(name))
    told = storage.facts(storage.home() / name)
    try:
        train, validation, test = (int(told["images"][part]) for part in PARTS)
        height, width, channels = map(int, told["image_shape"])
        return Facts(
            name,
            str(told["name"]),
            (train, validation, test),
            len(told["class_names"]),
            (height, width, channels),
            "own",
        )
    except (KeyError, TypeError, ValueError):
        return Facts(name, name, (0, 0, 0), 0, (), "damaged")


def _state(name: str) -> str:
    if name in DOWNLOADS:
        return "here" if DOWNLOADS[name].is_here else "to be downloaded"
    if name == "fashion_mnist_full":
        return "here" if fashion_mnist.DEBIAN.is_dir() else "not installed"
    return "bundled" if name == "fashion_mnist" else "made from fashion_mnist"
