"""What a data set is: named classes and three parts of labelled images."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import numpy as np


@dataclass(frozen=True, eq=False)
class Part:
    """Labelled images.

    Attributes:
        images: uint8 (N, H, W, C).
        labels: int64 (N,), an index into the data set's class names.
    """

    images: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        self.images.flags.writeable = self.labels.flags.writeable = False

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, number: int | None) -> Part:
        """The first images, all where `number` is None."""
        return self if number is None else Part(self.images[:number], self.labels[:number])


@dataclass(frozen=True, eq=False)
class DataSet:
    name: str
    class_names: tuple[str, ...]
    train: Part
    validation: Part
    test: Part

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        height, width, channels = self.train.images.shape[1:]
        return height, width, channels

    @property
    def classes(self) -> int:
        return len(self.class_names)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all images and labels, so that a run can tell what it was trained on."""
        digest = sha256()
        for part in (self.train, self.validation, self.test):
            for array in (part.images, part.labels):
                digest.update(f"{array.dtype} {array.shape}".encode())
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()
