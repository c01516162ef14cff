"""What `tfpool.train` and `tfpool.sweep` take as data: a name, arrays, or a `tf.data.Dataset`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tfpool import data as data_sets

if TYPE_CHECKING:
    import tensorflow as tf


def source_of(data: Any, classes: int | None = None) -> str:
    """What `data.load` takes to find the data, which is stored first unless it is a name.

    Args:
        data: a name or folder; (images, labels); ((images, labels), (images, labels)) to train and to test on, as
            `keras.datasets` gives them; or a dataset of images and labels, in batches or one by one.
        classes: number of classes, if the labels may lack some.

    Raises:
        ValueError: if it is none of these, or as `data.from_arrays`.
    """
    if isinstance(data, str | Path):
        return str(data)
    class_names = None if classes is None else [str(number) for number in range(classes)]
    if hasattr(data, "element_spec"):
        return data_sets.from_arrays(_arrays(data), class_names=class_names).source
    if isinstance(data, tuple | list) and len(data) == 2:
        train: Any
        test: Any
        train, test = data if isinstance(data[0], tuple | list) else (data, None)
        return data_sets.from_arrays(train, test, class_names=class_names).source
    raise ValueError(
        f"Expected the name of a data set, a tuple of images and labels, or a tf.data.Dataset. Received: "
        f"{type(data).__name__}."
    )


def _arrays(dataset: tf.data.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of a dataset."""
    spec = dataset.element_spec
    ranks = [part.shape.rank for part in spec] if isinstance(spec, tuple) and len(spec) == 2 else []
    if not ranks or ranks[0] not in (3, 4):
        raise ValueError(f"Expected a dataset of pairs, images (H, W, C) or batches, and labels. Received: {spec}.")
    pairs: Iterable[tuple[np.ndarray, np.ndarray]] = dataset.as_numpy_iterator()
    join = np.concatenate if ranks[0] == 4 else np.stack
    images, labels = (join(values) for values in zip(*pairs, strict=True))
    return images, labels
