"""The elements of a `tf.data.Dataset` as arrays, of one that ends and fits into memory. Loads no TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tfpool.system.error_text import cause
from tfpool.system.format import memory

if TYPE_CHECKING:
    import tensorflow as tf

MOST_BYTES = 4_000_000_000
"""Of all images that are read at once. A dataset of a generator does not say whether it ends."""
_INFINITE = -1
_REMEDY = "Pass a part of it, such as dataset.take(8)"


def elements(dataset: tf.data.Dataset) -> Iterator[tuple[Any, ...]]:
    """The elements as tuples, such as (images,) or (images, labels), whose parts are arrays or dictionaries of arrays.

    Raises:
        ValueError: if the dataset repeats without end, is larger than `MOST_BYTES`, has no element, or one of them
            cannot be computed.
    """
    if int(dataset.cardinality()) == _INFINITE:
        raise ValueError(f"Expected a dataset that ends. Received: one that repeats without end. {_REMEDY}.")
    size = number = 0
    iterator = dataset.as_numpy_iterator()
    while True:
        try:
            element = next(iterator)
        except StopIteration:
            break
        except Exception as error:  # Whatever the user's own functions raise.
            raise ValueError(f"Element {number} of the dataset cannot be computed: {cause(error)}") from None
        parts = element if isinstance(element, tuple) else (element,)
        number += 1
        size += _bytes_of(parts[0])
        if size > MOST_BYTES:
            raise ValueError(
                f"Expected a dataset of at most {memory(MOST_BYTES)}. Received more, in {number:,} elements. {_REMEDY}."
            )
        yield parts
    if not number:
        raise ValueError("Expected a dataset of images. Received: one without any.")


def _bytes_of(part: Any) -> int:
    if isinstance(part, dict):
        return sum(map(_bytes_of, part.values()))
    return int(np.asarray(part).nbytes)
