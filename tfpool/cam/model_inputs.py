"""What an explained model takes besides the image, and whether it computes what its layers do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfpool.anatomy.end import LINEAR, PROBABILITY
from tfpool.anatomy.split import Anatomy, own_outputs
from tfpool.cam.input_batches import as_batch

_TOLERANCE, _HALF_PRECISION = 1e-3, 5e-2
"""Of the largest output. Layers one by one round as the model does, but for the order of some sums."""


def other_specs(anatomy: Anatomy) -> list[tf.TensorSpec]:
    """Shapes and types of the inputs besides the image, for one image."""
    return [tf.TensorSpec((1, *value.shape[1:]), value.dtype) for value in anatomy.others.values()]


def give_others(anatomies: Sequence[Anatomy], given: Sequence[Any]) -> None:
    """Let the parts of models read these tensors as their other inputs, while they are traced."""
    for anatomy in anatomies:
        anatomy.given.update(zip(anatomy.others, given, strict=True))


def with_others(images: Any, anatomy: Anatomy, shape: Sequence[int | None]) -> tuple[np.ndarray, list[np.ndarray]]:
    """The images (N, H, W, C) of the explained input, and what the other inputs are given, (N, …) each."""
    if not anatomy.others:
        if isinstance(images, Mapping):
            images = images[anatomy.input] if set(images) == {anatomy.input} else images
        return as_batch(images, shape), []
    names = (anatomy.input, *anatomy.others)
    if not isinstance(images, Mapping) or set(images) != set(names):
        received = list(images) if isinstance(images, Mapping) else type(images).__name__
        raise ValueError(f"Expected a dictionary of all inputs, {', '.join(map(repr, names))}. Received: {received}.")
    batch = as_batch(images[anatomy.input], shape)
    given = []
    for name, value in anatomy.others.items():
        array = np.asarray(images[name], value.dtype)
        array = array[np.newaxis] if array.ndim == len(value.shape) - 1 and len(batch) == 1 else array
        fits = all(size in (None, own) for size, own in zip(value.shape[1:], array.shape[1:], strict=False))
        if array.ndim != len(value.shape) or len(array) != len(batch) or not fits:
            expected = ", ".join(map(str, (len(batch), *value.shape[1:])))
            raise ValueError(f"Expected input {name!r} of shape ({expected}). Received: {array.shape}.")
        given.append(array)
    return batch, given


def checked(
    model: keras.Model, anatomies: Sequence[Anatomy], image: np.ndarray, given: Sequence[np.ndarray], scores: np.ndarray
) -> list[Anatomy]:
    """The anatomies, after their scores (1, K) of an image (1, H, W, C) have been found to be the model's own.

    Raises:
        ValueError: if the model computes something else: no map is shown of another function.
    """
    anatomy = anatomies[0]
    give_others([anatomy], given)
    own = np.asarray(own_outputs(model, anatomy, tf.constant(image)))
    by_layers = np.asarray(anatomy.outputs(scores))[:, -own.shape[1] :]
    tolerance = _HALF_PRECISION if _is_half_precision(model) else _TOLERANCE
    if np.abs(by_layers - own).max() > tolerance * max(1e-3, np.abs(own).max()):
        raise ValueError(
            f"Expected layers that compute what {model.name} does, the same each time. Received for the first image: "
            f"{by_layers.ravel()[0]:.4g} by the layers, {own.ravel()[0]:.4g} by the model. "
            "A map would be of another function, so none is shown."
        )
    is_distribution = own.shape[1] > 1 and own.min() >= 0 and abs(own.sum() - 1) < _TOLERANCE
    if anatomy.end == LINEAR and is_distribution:
        return [replace(part, end=PROBABILITY) for part in anatomies]
    return list(anatomies)


def _is_half_precision(model: keras.Model) -> bool:
    layers = model._flatten_layers() if isinstance(model, keras.Model) else []
    return any(layer.compute_dtype in ("float16", "bfloat16") for layer in layers)
