"""Images as a model takes them: checked, of its size, some at a time."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf


def as_batch(images: Any, shape: Sequence[int | None]) -> np.ndarray:
    """Images, or one, as float32 (N, H, W, C) of a model's height and width, resized to them with a warning.

    Args:
        shape: height, width and channels of the model's input, None where any will do.

    Raises:
        ValueError: if they are no images, have another number of channels, or values that are not finite.
    """
    batch = np.asarray(images, np.float32)
    if batch.ndim == 3:
        batch = batch[np.newaxis]
    if batch.ndim != 4 or shape[2] not in (None, batch.shape[3]) or 0 in batch.shape[1:]:
        raise ValueError(f"The model takes images of shape ({', '.join(map(str, ('N', *shape)))}), got {batch.shape}.")
    finite = np.isfinite(batch).all(axis=(1, 2, 3))
    if not finite.all():
        raise ValueError(f"Images are made of finite numbers, but number {finite.argmin()} has some that are not.")
    height, width = (wanted or given for wanted, given in zip(shape, batch.shape[1:3], strict=False))
    if (height, width) != batch.shape[1:3]:
        found = f"{batch.shape[1]} x {batch.shape[2]}"
        # Said of the line that called `explain` or an `Explainer`, as near as can be.
        warnings.warn(f"Images of {found} pixels were resized to the model's {height} x {width}.", stacklevel=3)
        batch = tf.image.resize(batch, (height, width), antialias=True).numpy()
    return batch


def in_parts(array: np.ndarray, most: int = 32) -> list[np.ndarray]:
    """An array in batches. Of none, one blank to leave out: TensorFlow's batch normalisation fails on no images."""
    whole = array if len(array) else np.zeros((1, *array.shape[1:]), array.dtype)
    return [whole[start : start + most] for start in range(0, len(whole), most)]


class Compiled:
    """A function as one graph, made at its first call, which many threads may call at once.

    The graph is called without its `tf.function`, which takes a lock before it reads what it is given: where that fails
    it keeps the lock, and all later calls wait for ever.

    Args:
        function: of tensors.
        signature: shapes and types of these.
    """

    def __init__(self, function: Callable[..., Any], signature: Sequence[tf.TensorSpec]) -> None:
        self._function = tf.function(function, input_signature=signature)

    @cached_property
    def graph(self) -> Callable[..., Any]:
        return self._function.get_concrete_function()

    def __call__(self, *given: Any) -> Any:
        return self.graph(*given)


def computed(compiled: Compiled, *given: Any) -> list[np.ndarray]:
    """What a compiled function makes of images (N, H, W, C) and more, as arrays.

    Raises:
        ValueError: if TensorFlow cannot compute it, or no numbers come of it.
    """
    try:
        values = [value.numpy() for value in compiled(*given)]
    except tf.errors.ResourceExhaustedError:
        raise ValueError("There is too little memory to explain images of this size. Use smaller ones.") from None
    except tf.errors.OpError as error:
        raise _refused(given[0], error.message.strip().splitlines()[0]) from None
    # Whether a convolution over an empty map is an error depends on the processor.
    if any(np.isnan(value).any() for value in values):
        raise _refused(given[0], "what it makes of them is not a number.")
    return values


def _refused(images: np.ndarray, reason: str) -> ValueError:
    shape = "x".join(map(str, images.shape[1:]))
    return ValueError(f"The model cannot compute images of {shape}, which may be too small for it: {reason}")
