"""The bundled Fashion-MNIST images made smaller and put at known places on a black canvas.

`centred` has each object in the middle, with room to be shifted by; in `quadrants` the class is where the object lies.
"""

from __future__ import annotations

import numpy as np

from tfpool.data.builtin import fashion_mnist
from tfpool.data.dataset import PARTS, DataSet, Part

SIDE = 32
ROOM = 9
"""Pixels that an object of `centred` can be shifted by in each direction and stays on the canvas."""
REGIONS = ("outer", "inner")
"""Where objects of `quadrants` lie: near the canvas's corners, or near its middle."""
_HALVED, _QUARTERED = 2, 4
_SPREAD = 4
"""Places along a side that an object of a region may lie at."""


def centred() -> DataSet:
    """Each bundled image at half its size in the middle of a black canvas of 32×32 pixels."""
    train, validation, test = map(_centre, _originals())
    return DataSet("centred", fashion_mnist.CLASS_NAMES, train, validation, test)


def quadrants(region: str = "outer") -> DataSet:
    """Each bundled image at a quarter of its size in one quarter of a canvas of 32×32 pixels, which is the class.

    Class and place are drawn from the part and the image's number. Objects lie near the corners of the canvas; with the
    region "inner", at places that no image of the other region has, near its middle.

    Raises:
        ValueError: on another region.
    """
    if region not in REGIONS:
        raise ValueError(f"Objects lie in the region {' or '.join(REGIONS)}, got {region!r}.")
    train, validation, test = (_in_quadrants(part, number, region) for number, part in enumerate(_originals()))
    return DataSet("quadrants", ("top left", "top right", "bottom left", "bottom right"), train, validation, test)


def _originals() -> list[Part]:
    original = fashion_mnist.bundled()
    return [getattr(original, name) for name in PARTS]


def _centre(part: Part) -> Part:
    images = np.zeros((len(part), SIDE, SIDE, 1), np.uint8)
    images[:, ROOM:-ROOM, ROOM:-ROOM] = _smaller(part.images, _HALVED)
    return Part(images, part.labels)


def _in_quadrants(part: Part, number: int, region: str) -> Part:
    small = _smaller(part.images, _QUARTERED)
    random = np.random.default_rng([number, REGIONS.index(region)])
    labels = random.integers(4, size=len(part))
    # From the canvas's own border inwards, or from its middle outwards.
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


def _smaller(images: np.ndarray, factor: int) -> np.ndarray:
    """Means of squares of factor × factor pixels, uint8 (N, H/factor, W/factor, C)."""
    number, height, width, channels = images.shape
    squares = images.reshape(number, height // factor, factor, width // factor, factor, channels)
    return (squares.sum(axis=(2, 4), dtype=np.int64) // factor**2).astype(np.uint8)
