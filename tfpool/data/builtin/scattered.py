"""The bundled Fashion-MNIST images scattered over larger textured canvases, with exact bounding boxes."""

from __future__ import annotations

import numpy as np

from tfpool.data.builtin import fashion_mnist
from tfpool.data.dataset import DataSet, Part

SIDE = 64
FAINTEST = 16
"""Lowest brightness of an object's pixels; darker ones are noise in the original's black background."""
_COARSE, _FINE = 4, 16
_CHUNK = 1000


def scattered(seed: int = 0) -> DataSet:
    """Each bundled image once, at a random position on a random texture, as gray images of 64×64 pixels with boxes.

    Position and texture depend on the seed, the part and the image's index alone, so that the same call makes the same
    pixels on any machine.
    """
    original = fashion_mnist.bundled()
    train, validation, test = (_scatter(part, seed, number) for number, part in enumerate(original.parts.values()))
    return DataSet("scattered", original.class_names, train, validation, test)


def _scatter(part: Part, seed: int, number: int) -> Part:
    images = np.empty((len(part), SIDE, SIDE, 1), np.uint8)
    boxes = np.empty((len(part), 4), np.int64)
    height, width = part.images.shape[1:3]
    for start in range(0, len(part), _CHUNK):
        stop = min(start + _CHUNK, len(part))
        originals = part.images[start:stop, ..., 0]
        canvases, places = _canvases(seed, number, start, stop, SIDE - height + 1)
        solid, extents = _solid(originals)
        for canvas, original, mask, (y, x) in zip(canvases, originals, solid, places.tolist(), strict=True):
            np.copyto(canvas[y : y + height, x : x + width], original, where=mask)
        images[start:stop, ..., 0] = canvases
        boxes[start:stop] = extents + np.tile(places, 2)
    return Part(images, part.labels, boxes)


def objects(part: Part) -> np.ndarray:
    """Masks of the objects on the first test images of `scattered`, bool (N, H, W)."""
    assert part.boxes is not None
    masks = np.zeros(part.images.shape[:3], bool)
    solid, extents = _solid(fashion_mnist.bundled().test.images[: len(part), ..., 0])
    for mask, own, (y0, x0, y1, x1), (top, left, bottom, right) in zip(masks, solid, extents, part.boxes, strict=True):
        mask[top:bottom, left:right] = own[y0:y1, x0:x1]
    return masks


def _solid(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Masks of the objects on originals (N, h, w), of the same shape, and their boxes (N, 4): y0, x0, y1, x1."""
    solid = images >= FAINTEST
    height, width = images.shape[1:]
    rows, columns = solid.max(axis=2), solid.max(axis=1)
    first = (rows.argmax(axis=1), columns.argmax(axis=1))
    last = (height - rows[:, ::-1].argmax(axis=1), width - columns[:, ::-1].argmax(axis=1))
    return solid, np.stack([*first, *last], axis=1)


def _canvases(seed: int, number: int, start: int, stop: int, room: int) -> tuple[np.ndarray, np.ndarray]:
    """Textures, uint8 (N, SIDE, SIDE), and positions of the objects, int (N, 2) below `room`."""
    sizes = [(_COARSE + 1) ** 2, (_FINE + 1) ** 2, SIDE**2]
    noise = np.empty((stop - start, sum(sizes)), np.uint8)
    places = np.empty((stop - start, 2), np.int64)
    for index in range(start, stop):
        random = np.random.default_rng([seed, number, index])
        noise[index - start] = np.frombuffer(random.bytes(sum(sizes)), np.uint8)
        places[index - start] = random.integers(room, size=2)
    coarse, fine, grain = np.split(noise, np.cumsum(sizes)[:-1], axis=1)
    # Twice a byte wraps around at 256, which keeps the noise uniform.
    texture = (2 * grain).reshape(-1, SIDE, SIDE).astype(np.uint16)
    texture += 5 * _smooth(coarse, _COARSE)
    texture += 3 * _smooth(fine, _FINE)
    return (texture // 14 + 20).astype(np.uint8), places


def _smooth(noise: np.ndarray, cells: int) -> np.ndarray:
    """Noise at the corners of cells (N, (cells + 1)²), interpolated to uint16 (N, SIDE, SIDE)."""
    step = SIDE // cells
    weights = np.zeros((SIDE, cells + 1), np.float32)
    pixels = np.arange(SIDE)
    weights[pixels, pixels // step] = step - pixels % step
    weights[pixels, pixels // step + 1] = pixels % step
    # Integers below 2²⁴ are exact in float32: the result is the same on every machine.
    corners = noise.reshape(-1, cells + 1, cells + 1).astype(np.float32)
    return (weights @ corners @ weights.T).astype(np.uint16) // np.uint16(step**2)
