"""What an explained model takes besides the image, and whether it computes what its layers do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfpool.anatomy.end import LINEAR, PROBABILITY
from tfpool.anatomy.split import Anatomy, own_outputs
from tfpool.anatomy.unfold import Value
from tfpool.cam.input_batches import as_batch, from_dataset, in_parts
from tfpool.cam.input_files import as_paths, from_files

_TOLERANCE, _HALF_PRECISION = 1e-3, 5e-2
"""Of the largest output. Layers one by one round as the model does, but for the order of some sums."""


def other_specs(anatomy: Anatomy) -> list[tf.TensorSpec]:
    """Shapes and types of the inputs besides the image, for one image."""
    return [tf.TensorSpec((1, *value.shape[1:]), value.dtype) for value in anatomy.others.values()]


def give_others(anatomies: Sequence[Anatomy], given: Sequence[Any]) -> None:
    """Let the parts of models read these tensors as their other inputs, while they are traced."""
    for anatomy in anatomies:
        anatomy.given.update(zip(anatomy.others, given, strict=True))


@dataclass(frozen=True)
class ModelInputs:
    """What a model is given: `images` (N, H, W, C) of the explained input, and `others`, (N, …) for each other input.

    `labels` are those of a dataset, if it has any. Of image files, `pixels` are the images as they look, uint8,
    `notes` say how these were scaled, and `files` are their names.
    """

    images: np.ndarray
    others: list[np.ndarray]
    labels: np.ndarray | None = None
    notes: tuple[str, ...] = ()
    pixels: np.ndarray | None = None
    files: tuple[str, ...] = ()

    def in_parts(self, most: int, *more: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
        """Images, `more` arrays and other inputs, at most so many at a time; one at a time with other inputs."""
        at_once = 1 if self.others else most
        return zip(*(in_parts(values, at_once) for values in (self.images, *more, *self.others)), strict=True)


def read_inputs(images: Any, model: keras.Model, anatomy: Anatomy) -> ModelInputs:
    """Read what a user gives as images: an array, files, a dataset, or a dictionary of these for all inputs."""
    labels: np.ndarray | None = None
    if isinstance(images, tf.data.Dataset):
        images, labels = from_dataset(images, anatomy.image_shape)
    explained, others = _by_input(images, anatomy)
    paths = as_paths(explained)
    files = None if paths is None else from_files(paths, model, anatomy.image_shape)
    batch = as_batch(explained if files is None else files.values, anatomy.image_shape)
    given = [_as_other(name, others[name], value, len(batch)) for name, value in anatomy.others.items()]
    if files is None:
        return ModelInputs(batch, given, labels)
    return ModelInputs(batch, given, labels, files.notes, files.pixels, files.names)


def _by_input(images: Any, anatomy: Anatomy) -> tuple[Any, Mapping[str, Any]]:
    """The images of the explained input, and a dictionary with all other inputs."""
    names = (anatomy.input, *anatomy.others)
    if isinstance(images, Mapping) and set(images) == set(names):
        return images[anatomy.input], images
    if isinstance(images, Mapping) or anatomy.others:
        received = list(images) if isinstance(images, Mapping) else type(images).__name__
        raise ValueError(f"Expected a dictionary of all inputs, {', '.join(map(repr, names))}. Received: {received}.")
    return images, {}


def _as_other(name: str, values: Any, value: Value, images: int) -> np.ndarray:
    """What an input besides the images is given, (N, …). One image may lack the first axis."""
    array = np.asarray(values, value.dtype)
    array = array[np.newaxis] if array.ndim == len(value.shape) - 1 and images == 1 else array
    fits = all(size in (None, own) for size, own in zip(value.shape[1:], array.shape[1:], strict=False))
    if array.ndim != len(value.shape) or len(array) != images or not fits:
        expected = ", ".join(map(str, (images, *value.shape[1:])))
        raise ValueError(f"Expected input {name!r} of shape ({expected}). Received: {array.shape}.")
    return array


def checked(model: keras.Model, anatomies: Sequence[Anatomy], inputs: ModelInputs, scores: np.ndarray) -> list[Anatomy]:
    """The anatomies, after their scores (N, K) have been found to be the model's own for the first image.

    Raises:
        ValueError: if the model computes something else: no map is shown of another function.
    """
    anatomy = anatomies[0]
    give_others([anatomy], [values[:1] for values in inputs.others])
    own = np.asarray(own_outputs(model, anatomy, tf.constant(inputs.images[:1])))
    by_layers = np.asarray(anatomy.outputs(scores[:1]))[:, -own.shape[1] :]
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
