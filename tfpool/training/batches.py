"""Images as batches for Keras, in an order that follows from seed and epoch alone."""

from __future__ import annotations

import tensorflow as tf

from tfpool.data import Part


def shuffled(part: Part, batch_size: int, seed: int, epochs: int) -> tf.data.Dataset:
    """All epochs in one row, ceil(N / batch_size) batches each.

    Returns:
        Batches of images (B, H, W, C) float32 from 0 to 1 and labels (B,) int64.
    """
    images, labels = tf.constant(part.images), tf.constant(part.labels)

    def order(epoch: tf.Tensor) -> tf.data.Dataset:
        positions = tf.range(len(part), dtype=tf.int64)
        shuffle = tf.random.experimental.stateless_shuffle(positions, seed=[seed, epoch])
        return tf.data.Dataset.from_tensor_slices(shuffle).batch(batch_size)

    def batch(positions: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return _scaled(tf.gather(images, positions)), tf.gather(labels, positions)

    return _plain(tf.data.Dataset.range(epochs).flat_map(order).map(batch))


def in_order(part: Part, batch_size: int) -> tf.data.Dataset:
    """Each image once, in the same form as `shuffled`."""
    batches = tf.data.Dataset.from_tensor_slices((part.images, part.labels)).batch(batch_size)
    return _plain(batches.map(lambda images, labels: (_scaled(images), labels)))


def _scaled(images: tf.Tensor) -> tf.Tensor:
    return tf.cast(images, tf.float32) / 255.0


def _plain(batches: tf.data.Dataset) -> tf.data.Dataset:
    # With autotune on, closing an iterator at the end of an epoch blocks for seconds.
    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.with_options(options)
