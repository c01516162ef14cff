"""Random changes to training images, a whole batch at once. They follow from the seed alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

_SHIFT = 1 / 8
_SMALLEST_CROP = 0.8
_CUTOUT = 1 / 3


def augment(images: tf.Tensor, names: Sequence[str], seed: tf.Tensor) -> tf.Tensor:
    """Apply augmentations from `recipe.AUGMENTATIONS`, in this order, to images float32 (N, H, W, C), where 0 is black.

    The same seed, int (2,), changes the same images in the same way.
    """
    for number, name in enumerate(names):
        images = _AUGMENTATIONS[name](images, tf.random.experimental.stateless_fold_in(seed, number))
    return images


def _flip(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    return tf.where(_uniform(images, seed, 1)[:, :, tf.newaxis, tf.newaxis] < 0.5, images[:, :, ::-1], images)


def _shift(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    height, width = tf.shape(images)[1], tf.shape(images)[2]
    offsets = _uniform(images, seed, 2, -_SHIFT, _SHIFT) * tf.cast([height, width], tf.float32)
    offsets = tf.cast(tf.round(offsets), tf.int32)
    most = tf.cast(tf.math.ceil(_SHIFT * tf.cast(tf.maximum(height, width), tf.float32)), tf.int32)
    padded = tf.pad(images, [[0, 0], [most, most], [most, most], [0, 0]])
    rows = most + offsets[:, :1] + tf.range(height)
    columns = most + offsets[:, 1:] + tf.range(width)
    return tf.gather(tf.gather(padded, rows, axis=1, batch_dims=1), columns, axis=2, batch_dims=1)


def _crop(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    sides = _uniform(images, seed, 1, _SMALLEST_CROP, 1.0)
    corners = _uniform(images, tf.random.experimental.stateless_fold_in(seed, 1), 2) * (1 - sides)
    boxes = tf.concat([corners, corners + sides], axis=1)
    return tf.image.crop_and_resize(images, boxes, tf.range(tf.shape(images)[0]), tf.shape(images)[1:3])


def _cutout(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    centers = _uniform(images, seed, 2)

    def inside(axis: int) -> tf.Tensor:
        length = tf.shape(images)[axis + 1]
        positions = (tf.cast(tf.range(length), tf.float32) + 0.5) / tf.cast(length, tf.float32)
        return tf.abs(positions - centers[:, axis : axis + 1]) < _CUTOUT / 2

    hole = inside(0)[:, :, tf.newaxis] & inside(1)[:, tf.newaxis, :]
    return tf.where(hole[..., tf.newaxis], 0.0, images)


def _uniform(images: tf.Tensor, seed: tf.Tensor, number: int, least: float = 0.0, most: float = 1.0) -> tf.Tensor:
    """Random numbers, (N, number)."""
    return tf.random.stateless_uniform([tf.shape(images)[0], number], seed, least, most)


_AUGMENTATIONS: dict[str, Callable[[tf.Tensor, tf.Tensor], tf.Tensor]] = {
    "flip": _flip,
    "shift": _shift,
    "crop": _crop,
    "cutout": _cutout,
}
