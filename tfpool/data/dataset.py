"""What a data set is: named classes and three parts of labeled images."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np

from tfpool.system.notebook import html_lines, html_picture, html_table

_MOST_SHOWN, _SHOWN_HEIGHT = 10, 56
"""Classes with a picture in a notebook, and its height in pixels at least about."""
PARTS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class Part:
    """Labeled images.

    Attributes:
        images: uint8 (N, H, W, C), in memory or mapped from a file.
        labels: int64 (N,), indices into the data set's class names.
        boxes: int64 (N, 4) or None: y0, x0, y1, x1 of each object, which covers rows y0 to y1 - 1 and columns x0 to
            x1 - 1.
    """

    images: np.ndarray
    labels: np.ndarray
    boxes: np.ndarray | None = None

    def __post_init__(self) -> None:
        for array in (self.images, self.labels, self.boxes):
            if array is not None:
                array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, number: int | None) -> Part:
        """The first images, or all if `number` is None."""
        if number is None:
            return self
        boxes = None if self.boxes is None else self.boxes[:number]
        return Part(self.images[:number], self.labels[:number], boxes)


@dataclass(frozen=True, eq=False)
class DataSet:
    """Three parts that share no image.

    Attributes:
        name: what `load` takes: a built-in name, or a short one made from the title.
        class_names: in the order of the labels. Never markup: people write them.
        train: images that a network learns from.
        validation: images that it is tested on after each epoch.
        test: images that it is tested on once, at the end.
        title: as its owner wrote it; empty for built-in data sets.
        location: absolute path of its folder; empty for built-in data sets.
        known_fingerprint: the fingerprint, if it has been computed before.
    """

    name: str
    class_names: tuple[str, ...]
    train: Part
    validation: Part
    test: Part
    title: str = ""
    location: str = ""
    known_fingerprint: str = ""

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        height, width, channels = self.train.images.shape[1:]
        return height, width, channels

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    def parts(self) -> dict[str, Part]:
        """The parts by their names: train, validation and test."""
        return {name: getattr(self, name) for name in PARTS}

    @property
    def source(self) -> str:
        """What `load` takes to find this data set from another process and another folder."""
        return self.location or self.name

    def _repr_html_(self) -> str:
        """One image per class, and the number of images per class and part."""
        counts = {name: np.bincount(part.labels, minlength=self.classes) for name, part in self.parts.items()}
        rows = [
            (name, *(f"{of_part[label]:,}" for of_part in counts.values()))
            for label, name in enumerate(self.class_names)
        ]
        shown = [int(np.argmax(self.train.labels == label)) for label in range(self.classes) if counts["train"][label]]
        strip = np.concatenate([self.train.images[index] for index in shown[:_MOST_SHOWN]], axis=1)
        times = max(1, _SHOWN_HEIGHT // len(strip))
        pixels = np.broadcast_to(strip, (*strip.shape[:2], 3)).repeat(times, axis=0).repeat(times, axis=1)
        names = ", ".join(self.class_names[self.train.labels[index]] for index in shown[:_MOST_SHOWN])
        height, width, channels = self.image_shape
        total = sum(map(len, self.parts.values()))
        about = f"{self.title or self.name}: {total:,} images of {height}×{width}×{channels}, {self.classes:,} classes"
        table = html_table(("class", *counts), rows, range(1, 1 + len(counts)))
        return html_lines(about) + html_picture(pixels, f"One image each: {names}") + table

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all images and labels, which a run stores to identify what it was trained on."""
        return self.known_fingerprint or fingerprint(self.parts.values())


def fingerprint(parts: Iterable[Part]) -> str:
    """SHA-256 of images and labels of the parts, with their types and shapes."""
    digest = sha256()
    for part in parts:
        for array in (part.images, part.labels):
            digest.update(f"{array.dtype} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
