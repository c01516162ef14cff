"""Size and state of a data set, without reading its images."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from tfpool.data.custom import storage
from tfpool.data.dataset import PARTS
from tfpool.data.registry import DATA


@dataclass(frozen=True)
class Facts:
    """Size and state of a data set.

    Attributes:
        name: what `load` takes.
        title: as its owner wrote it, safe to show but never markup; the name of a built-in data set.
        images: number of images in train, validation and test.
        classes: number of classes.
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
        """Whether `load` works without a download or an installation."""
        return self.state not in ("to be downloaded", "not installed", "damaged")

    def record(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "images": dict(zip(PARTS, self.images, strict=True))}


def describe(name: str) -> Facts:
    """Size and state of a data set, without reading its images.

    Args:
        name: as `tfpool.data.names` lists it, or the folder of an added data set.

    Example:
        >>> from tfpool import data
        >>> facts = data.describe("scattered")
        >>> facts.images, facts.classes, facts.image_shape, facts.state
        ((12000, 2000, 5000), 10, (64, 64, 1), 'made from fashion_mnist')
    """
    if built_in := DATA.get(name):
        return Facts(name, name, built_in.images, built_in.classes, built_in.image_shape, built_in.state)
    record = storage.facts(storage.home() / name)
    try:
        train, validation, test = (int(record["images"][part]) for part in PARTS)
        height, width, channels = map(int, record["image_shape"])
        classes = len(record["class_names"])
        return Facts(name, str(record["name"]), (train, validation, test), classes, (height, width, channels), "own")
    except (KeyError, TypeError, ValueError):
        return Facts(name, name, (0, 0, 0), 0, (), "damaged")
