"""Images as a model takes them: read, checked, resized, in batches; and compiled functions of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf

from tfpool.data import dataset_elements
from tfpool.system.error_text import cause

BATCH = 32


def from_dataset(dataset: tf.data.Dataset, shape: Sequence[int | None]) -> tuple[Any, Any]:
    """All images of a dataset of batches or single ones, and their labels, None if it has none.

    Images are (N, H, W, C), a list of paths, or a dictionary of all inputs. `shape` is that of the model's images.
    """
    elements = list(dataset_elements.elements(dataset))
    images, labels = [element[0] for element in elements], [element[1] for element in elements if len(element) > 1]
    if _is_single(images[0], shape):
        images, labels = ([np.asarray(value)[np.newaxis] for value in values] for values in (images, labels))
    try:
        joined = tf.nest.map_structure(lambda *arrays: np.concatenate(arrays), *images)
    except ValueError:
        sizes = ", ".join(dict.fromkeys(str(np.shape(image)) for image in images if not isinstance(image, dict)))
        expected = ", ".join(map(str, ("N", *shape)))
        raise ValueError(
            f"Expected images of shape ({expected}) in one size. Received: {sizes}. Resize them with dataset.map."
        ) from None
    # Labels of several outputs, or boxes, are no classes.
    are_arrays = len(labels) == len(images) and all(isinstance(values, np.ndarray) for values in labels)
    return joined, np.concatenate(labels) if are_arrays else None


def _is_single(images: Any, shape: Sequence[int | None]) -> bool:
    """Whether an element of a dataset is one image or path, and no batch."""
    if isinstance(images, dict):
        return False
    if isinstance(images, bytes):
        return True
    is_gray_batch = shape[2] == 1 and images.ndim == 3 and images.shape[1:] == tuple(shape[:2])
    return images.ndim < (1 if images.dtype.kind == "O" else 4) and not is_gray_batch


def as_batch(images: Any, shape: Sequence[int | None]) -> np.ndarray:
    """Images, or one image, as float32 (N, H, W, C) of a model's input shape, None for any. Resizing warns.

    Where a model takes one channel, images may lack it.
    """
    batch = np.asarray(images, np.float32)
    if batch.ndim == 3 and shape[2] == 1 and batch.shape[1:] == tuple(shape[:2]):
        batch = batch[..., np.newaxis]
    elif batch.ndim == 3:
        batch = batch[np.newaxis]
    if batch.ndim != 4 or shape[2] not in (None, batch.shape[3]) or 0 in batch.shape[1:]:
        raise ValueError(f"Expected images of shape ({', '.join(map(str, ('N', *shape)))}). Received: {batch.shape}.")
    finite = np.isfinite(batch).all(axis=(1, 2, 3))
    if not finite.all():
        number = finite.argmin()
        raise ValueError(f"Expected images of finite numbers. Image {number} has some that are infinite or NaN.")
    height, width = (own or side for own, side in zip(shape, batch.shape[1:3], strict=False))
    if (height, width) != batch.shape[1:3]:
        size = f"{batch.shape[1]} x {batch.shape[2]}"
        # The level of the line that called an `Explainer`.
        warnings.warn(f"Images of {size} pixels were resized to the model's {height} x {width}.", stacklevel=4)
        batch = tf.image.resize(batch, (height, width), antialias=True).numpy()
    return batch


def in_parts(array: np.ndarray, most: int = BATCH) -> list[np.ndarray]:
    """An array in batches. No images become one blank image, since TensorFlow's batch normalization fails on none."""
    whole = array if len(array) else np.zeros((1, *array.shape[1:]), array.dtype)
    return [whole[start : start + most] for start in range(0, len(whole), most)]


class Compiled:
    """A function as one graph, traced at its first call, which many threads may call at once.

    The graph is called without its `tf.function`, which takes a lock before it reads its arguments: if that fails, the
    lock is never released, and all later calls wait forever.
    """

    def __init__(self, function: Callable[..., Any], signature: Sequence[tf.TensorSpec]) -> None:
        self._function = tf.function(function, input_signature=signature)

    @cached_property
    def graph(self) -> Callable[..., Any]:
        return self._function.get_concrete_function()

    def __call__(self, *arguments: Any) -> Any:
        return self.graph(*arguments)


def computed(compiled: Compiled, *arguments: Any) -> list[np.ndarray]:
    """The results of a compiled function of images (N, H, W, C) and more, as arrays."""
    try:
        values = [value.numpy() for value in compiled(*arguments)]
    except tf.errors.ResourceExhaustedError:
        raise ValueError("There is too little memory to explain images of this size. Use smaller images.") from None
    except (tf.errors.OpError, ValueError, TypeError) as error:
        raise refused(arguments[0], cause(error)) from None
    # Whether a convolution over an empty map is an error depends on the processor.
    if any(np.isnan(value).any() for value in values):
        raise refused(arguments[0], "the result is not a number")
    return values


def refused(images: np.ndarray, reason: str) -> ValueError:
    """The error of a model that cannot compute images (N, H, W, C)."""
    shape = "x".join(map(str, images.shape[1:]))
    return ValueError(f"The model cannot compute images of {shape}, which may be too small: {reason}.")
