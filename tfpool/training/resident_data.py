"""Training images that stay on a GPU, so that a step copies nothing, and many steps are one call."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from tfpool.data import Part

MAX_BYTES = 2 * 10**9
"""Size of the images up to which they stay on a GPU: the rest of its memory is for the training."""
_SECONDS = 0.25
"""How long a call takes, so that a request to stop is soon seen."""
_MOST_STEPS = 64
Step = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


def is_resident(part: Part) -> bool:
    """Whether training images are to stay on a GPU: there is one, and they fit."""
    return bool(tf.config.get_visible_devices("GPU")) and part.images.nbytes <= MAX_BYTES


class ResidentData:
    """Images and labels on the device, and training steps over them.

    `step` maps images (B, H, W, C), labels (B,) and a counter to a loss and a number of hits. How many steps are one
    call changes no bit.
    """

    def __init__(self, part: Part, step: Step) -> None:
        self._images, self._labels = tf.constant(part.images), tf.constant(part.labels)
        self._step = step
        signature = (tf.TensorSpec([None, None], tf.int64), tf.TensorSpec([], tf.int64))
        self._run = tf.function(self._steps, signature, autograph=False, jit_compile=False)
        self.per_call = 1

    def train(self, order: np.ndarray, batch_size: int, first: int, counter: int) -> Iterator[tuple[np.ndarray, ...]]:
        """Train over images in an order, from step number `first` on; yields losses, hits and positions of each call.

        `counter` is that of the epoch's first step.
        """
        full = len(order) // batch_size
        while first * batch_size < len(order):
            # The last batch may be smaller: it is a call of its own.
            count = min(self.per_call, full - first) or 1
            positions = order[first * batch_size : (first + count) * batch_size].reshape(count, -1)
            began = time.monotonic()
            losses, hits = (values.numpy() for values in self._run(positions, counter + first))
            per_step = (time.monotonic() - began) / count
            self.per_call = max(1, min(_MOST_STEPS, round(_SECONDS / per_step)))
            yield losses, hits, positions
            first += count

    def _steps(self, positions: tf.Tensor, counter: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        count = tf.shape(positions, tf.int64)[0]

        def body(number: tf.Tensor, losses: tf.TensorArray, hits: tf.TensorArray) -> tuple[object, ...]:
            rows, index = positions[number], tf.cast(number, tf.int32)
            loss, right = self._step(tf.gather(self._images, rows), tf.gather(self._labels, rows), counter + number)
            return number + 1, losses.write(index, loss), hits.write(index, right)

        size = tf.cast(count, tf.int32)
        start = (tf.constant(0, tf.int64), tf.TensorArray(tf.float32, size), tf.TensorArray(tf.int64, size))
        _, losses, hits = tf.while_loop(lambda number, *_: number < count, body, start, parallel_iterations=1)
        return losses.stack(), hits.stack()
