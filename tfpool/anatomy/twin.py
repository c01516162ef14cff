"""Layers that share everything with another one but a few attributes: its weights, its state, its class.

A model is never changed, since others may be using it. Keras has no public way to make such a twin.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import keras

_SCOPE = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/-]*")
"""Names that TensorFlow takes for a part of a graph."""


def twin(layer: keras.Operation, /, **attributes: Any) -> keras.Operation:
    """A layer that shares everything with the given one but these attributes."""
    other = object.__new__(type(layer))
    other.__dict__.update(layer.__dict__)
    other.__dict__.update(attributes)
    return other


def named_for_tensorflow(operation: keras.Operation) -> keras.Operation:
    """The operation, or its twin under another name, if TensorFlow refuses its name or that of a layer inside it."""
    changes: dict[str, Any] = {}
    for key, value in vars(operation).items():
        if isinstance(value, keras.Layer) and not key.startswith("_"):
            inner = named_for_tensorflow(value)
            if inner is not value:
                changes[key] = inner
        elif isinstance(value, list) and not key.startswith("_"):
            inner = [named_for_tensorflow(item) if isinstance(item, keras.Layer) else item for item in value]
            if any(item is not old for item, old in zip(inner, value, strict=True)):
                changes[key] = inner
    if not _SCOPE.fullmatch(operation.name):
        changes["name"] = "layer_" + re.sub(r"[^A-Za-z0-9_.\\/-]", "_", operation.name)
    return twin(operation, **changes) if changes else operation


def without_activation(layer: keras.Operation) -> tuple[Callable[[Any], Any], keras.Operation] | None:
    """The activation function of a layer, or of the layer inside a wrapper, and the layer's twin without it."""
    function, inner = (getattr(layer, name, None) for name in ("activation", "layer"))
    if callable(function) and function is not keras.activations.linear:
        return function, twin(layer, activation=keras.activations.linear)
    stripped = without_activation(inner) if isinstance(inner, keras.Layer) else None
    return stripped and (stripped[0], twin(layer, layer=stripped[1]))
