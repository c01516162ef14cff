"""The bundled Fashion-MNIST images, shrunk and placed at known positions on a black canvas.

In `centred` each object is in the middle, with room for shifts; in `quadrants` the class is the position of the object.
"""

from __future__ import annotations

import numpy as np

from tfpool.data.builtin import fashion_mnist
from tfpool.data.dataset import DataSet, Part

SIDE = 32
ROOM = 9
"""Pixels by which an object of `centred` can be shifted in each direction and still be on the canvas."""
REGIONS = ("outer", "inner")
"""Where the objects of `quadrants` are: near the canvas's corners, or near its middle."""
_HALF, _QUARTER = 2, 4
_SPREAD = 4
"""Possible positions of an object in a region, along each axis."""


def centred() -> DataSet:
    """Each bundled image at half its size in the middle of a black canvas of 32×32 pixels."""
    train, validation, test = map(_center, _originals())
    return DataSet("centred", fashion_mnist.CLASS_NAMES, train, validation, test)


def quadrants(region: str = "outer") -> DataSet:
    """Each bundled image at a quarter of its size in one quadrant of a canvas of 32×32 pixels, which is the class.

    Class and position are drawn by a generator seeded with part and region. Objects are near the corners of the canvas
    in the region "outer", and near its middle in "inner"; no position is in both.
    """
    if region not in REGIONS:
        raise ValueError(f"Expected the region {' or '.join(REGIONS)}, got {region!r}.")
    train, validation, test = (_in_quadrants(part, number, region) for number, part in enumerate(_originals()))
    return DataSet("quadrants", ("top left", "top right", "bottom left", "bottom right"), train, validation, test)


def _originals() -> list[Part]:
    return list(fashion_mnist.bundled().parts.values())


def _center(part: Part) -> Part:
    images = np.zeros((len(part), SIDE, SIDE, 1), np.uint8)
    images[:, ROOM:-ROOM, ROOM:-ROOM] = _shrink(part.images, _HALF)
    return Part(images, part.labels)


def _in_quadrants(part: Part, number: int, region: str) -> Part:
    small = _shrink(part.images, _QUARTER)
    random = np.random.default_rng([number, REGIONS.index(region)])
    labels = random.integers(4, size=len(part))
    # Distances from the canvas's border.
    inwards = random.integers(_SPREAD, size=(len(part), 2))
    length, half = small.shape[1], SIDE // 2
    if region == "inner":
        inwards = half - length - inwards
    images = np.zeros((len(part), SIDE, SIDE, 1), np.uint8)
    for index, (image, label, (down, across)) in enumerate(zip(small, labels, inwards, strict=True)):
        top = SIDE - length - down if label // 2 else down
        left = SIDE - length - across if label % 2 else across
        images[index, top : top + length, left : left + length] = image
    return Part(images, labels.astype(np.int64))


def _shrink(images: np.ndarray, factor: int) -> np.ndarray:
    """Means of squares of factor × factor pixels, uint8 (N, H/factor, W/factor, C)."""
    number, height, width, channels = images.shape
    squares = images.reshape(number, height // factor, factor, width // factor, factor, channels)
    return (squares.sum(axis=(2, 4), dtype=np.int64) // factor**2).astype(np.uint8)
