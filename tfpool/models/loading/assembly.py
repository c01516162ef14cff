"""A model put together from a checked config, once, and filled with the file's weights.

Keras's own `load_model` reads a Sequential in a time that grows with the square of its layers, and takes memory for
whatever weights a config asks for. The same public parts are used here: deserialization, and `load_weights`.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
from keras.src.legacy.saving import json_utils, saving_utils
from keras.src.saving.serialization_lib import ObjectSharingScope

from tfpool.models.loading.allowlist import layers_without_module
from tfpool.models.loading.config import Refused
from tfpool.models.loading.sizes import check_arrays, limited_memory


@dataclass(frozen=True)
class Saved:
    """What a file holds, checked: the config's text, the file with the weights, and how many numbers that has.

    `names_modules` says that the config's objects name their modules, as in a `.keras` file.
    """

    config: str
    weights: Path
    numbers: int
    names_modules: bool
    load_weights: Callable[[keras.Model, Path], None] = keras.Model.load_weights


def assemble(saved: Saved) -> keras.Model:
    """The model with its weights, not compiled."""
    with ThreadPoolExecutor(1) as thread:
        model = thread.submit(_without_weights, saved).result()
    saved.load_weights(model, saved.weights)
    for layer in model._flatten_layers():
        if hasattr(layer, "finalize_state"):
            # Keras forgets that this layer computes with constants made of its weights, if these come from an `.h5`.
            layer.finalize_state()
    return model


def _without_weights(saved: Saved) -> keras.Model:
    readers = {"Sequential": _Stack, **layers_without_module()}
    with limited_memory(saved.numbers), warnings.catch_warnings():
        # Keras advises here how a model should have been written.
        warnings.simplefilter("ignore", UserWarning)
        if saved.names_modules:
            with ObjectSharingScope():
                model = keras.saving.deserialize_keras_object(_read_by_us(saved.config), custom_objects=readers)
        else:
            model = saving_utils.model_from_config(json_utils.decode(saved.config), custom_objects=readers)
        if not isinstance(model, keras.Model):
            raise Refused("it does not hold a model.")
        if not model.built or not hasattr(getattr(model, "_functional", model), "operations"):
            raise Refused("its model was saved before it was built.")
        check_arrays(model)
    return model


def _read_by_us(config: str) -> Any:
    """The config, in which each Sequential names our reader."""
    read = json.loads(config)
    pending = [read]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if value.get("class_name") == "Sequential":
                value["registered_name"] = "Sequential"
            pending += value.values()
        elif isinstance(value, list):
            pending += value
    return read


class _Stack:
    """Reads a Sequential. Keras's own reading builds the model anew after each of its layers."""

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> keras.Sequential:
        layers = [_layer(layer, custom_objects) for layer in config["layers"]]
        model = keras.Sequential(layers, name=config["name"])
        shape = config.get("build_input_shape")
        if not model.built and shape:
            model.build(tuple(shape))
        return model


def _layer(config: dict[str, Any], custom_objects: dict[str, Any] | None) -> Any:
    if "module" in config:
        return keras.saving.deserialize_keras_object(config, custom_objects=custom_objects)
    return saving_utils.model_from_config(config, custom_objects=custom_objects)
