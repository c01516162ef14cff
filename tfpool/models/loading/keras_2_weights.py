"""The weights in an `.h5` of Keras 2, given to a model by the names of layers.

Keras 3 goes by the order of layers, which is another one where branches are side by side: equal shapes would then be
mixed up in silence.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]
import keras
from keras.src.legacy.saving.legacy_h5_format import load_attributes_from_hdf5_group

from tfpool.models.loading.config import Refused, quoted
from tfpool.models.loading.keras_2 import plain_name


def load_by_name(model: keras.Model, path: Path) -> None:
    """Load the weights of a whole model's `.h5`.

    Raises:
        Refused: the weights are not those of the model's layers.
    """
    layers = {layer.name: layer for layer in model.layers if layer.weights}
    with h5py.File(path) as file:
        groups = file.get("model_weights", file)
        saved = {}
        for name in load_attributes_from_hdf5_group(groups, "layer_names"):
            if weight_names := load_attributes_from_hdf5_group(groups[name], "weight_names"):
                saved[plain_name(name)] = [(weight, groups[name][weight]) for weight in weight_names]
        if missing := sorted(set(saved) ^ set(layers)):
            raise Refused(f"its weights are not those of its layers: see layer {quoted(missing[0])}.")
        for name, layer in layers.items():
            _load(layer, saved[name])


def _load(layer: keras.Layer, saved: list[tuple[str, Any]]) -> None:
    # The order in which Keras 2 writes them.
    weights = layer.trainable_weights + layer.non_trainable_weights
    if len(weights) != len(saved):
        raise Refused(f"its layer {quoted(layer.name)} has {len(weights)} weights, and the file {len(saved)} for it.")
    for weight, (name, array) in _by_name(weights, saved) or zip(weights, saved, strict=True):
        if tuple(weight.shape) != array.shape:
            raise Refused(
                f"its weight {quoted(name)} has the shape {array.shape}, and the layer's {tuple(weight.shape)}."
            )
        weight.assign(array[()])


def _by_name(weights: list[Any], saved: list[tuple[str, Any]]) -> list[tuple[Any, tuple[str, Any]]]:
    """The pairs of equal names, layer and weight; none if the names do not say which belong together."""
    wanted = {tuple(weight.path.split("/")[-2:]): weight for weight in weights}
    pairs = {}
    for name, array in saved:
        *layers, weight = name.removesuffix(":0").split("/")
        keys = [("_".join(layers[i:]), weight) for i in range(len(layers))]
        key = next((key for key in keys if key in wanted), None)
        if key:
            pairs[key] = (wanted[key], (name, array))
    return list(pairs.values()) if len(pairs) == len(saved) == len(wanted) else []
