"""What `tfpool.train` and `tfpool.sweep` take as data: a name, a folder of images, arrays, or a `tf.data.Dataset`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tfpool import data as data_sets
from tfpool.data.custom import storage
from tfpool.data.custom.image_folder import from_folder
from tfpool.data.dataset_elements import elements

if TYPE_CHECKING:
    import tensorflow as tf

_SIDE = 64
"""Height and width of the images of a folder, where nothing says another size; that of `data.add`."""


def source_of(data: Any, classes: int | None = None, image_shape: Sequence[int | None] = (None, None, 3)) -> str:
    """What `data.load` takes to find the data, which is stored first unless it is a name.

    Args:
        data: a name, or a data set's folder; a folder or zip of images; (images, labels); ((images, labels), (images,
            labels)) to train and to test on, as `keras.datasets` gives them; or a dataset of images and labels, in
            batches or one by one.
        classes: number of classes, if the labels may lack some.
        image_shape: (H, W, C) that the images of a folder get, None for 64 pixels.

    Raises:
        ValueError: if it is none of these, or as `data.add` or `data.from_arrays`.
    """
    if isinstance(data, str | Path):
        if str(data) in data_sets.names() or not storage.is_image_source(data):
            return str(data)
        height, width, channels = image_shape
        return from_folder(data, (height or _SIDE, width or _SIDE), channels or 3).source
    class_names = None if classes is None else [str(number) for number in range(classes)]
    if hasattr(data, "element_spec"):
        return data_sets.from_arrays(_arrays(data), class_names=class_names).source
    if isinstance(data, tuple | list) and len(data) == 2:
        train: Any
        test: Any
        train, test = data if isinstance(data[0], tuple | list) else (data, None)
        return data_sets.from_arrays(train, test, class_names=class_names).source
    raise ValueError(
        "Expected the name of a data set, a folder of images, a tuple of images and labels, or a tf.data.Dataset. "
        f"Received: {type(data).__name__}."
    )


def _arrays(dataset: tf.data.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of a dataset."""
    pairs = list(elements(dataset))
    ranks = {np.ndim(pair[0]) if len(pair) == 2 else None for pair in pairs}
    if ranks not in ({3}, {4}):
        spec = dataset.element_spec
        raise ValueError(f"Expected a dataset of pairs, images (H, W, C) or batches, and labels. Received: {spec}.")
    join = np.concatenate if ranks == {4} else np.stack
    images, labels = (join(values) for values in zip(*pairs, strict=True))
    return images, labels
