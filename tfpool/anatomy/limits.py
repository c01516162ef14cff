"""What a map of a model's features cannot show."""

from __future__ import annotations

import keras

from tfpool.anatomy.features import Features, between
from tfpool.anatomy.unfold import Graph, Value

_MIXING = (
    keras.layers.RNN,
    keras.layers.Bidirectional,
    keras.layers.Attention,
    keras.layers.MultiHeadAttention,
    keras.layers.GroupQueryAttention,
)
FEWEST_POSITIONS = 4
"""A map of fewer positions says next to nothing about where."""


def positions(value: Value) -> int:
    """The number of positions of a map (N, h, w, C); 0 where it is not known."""
    height, width = value.shape[1:3]
    return (height or 0) * (width or 0)


def notes(model: str, graph: Graph, features: Features, last: Value) -> tuple[str, ...]:
    """What a map cannot show where positions are mixed after it."""
    layer = features.value.step.name if features.value.step else ""
    if features.grid is None:
        mixing = _first_mixing(graph, features.value, last)
        about_map = (
            f"{mixing!r} of {model} mixes positions after {layer!r}: the map shows where evidence enters it, "
            "not which position the head reads."
        )
        return (about_map,) if mixing else ()
    height, width = features.grid
    about_tokens = (
        f"{model} mixes positions after its last map. Explained are the tokens of {layer!r}, "
        f"on a grid of {height} × {width}."
    )
    about_class_token = (
        " The head reads a class token: the map shows only what the last attention takes from the other tokens."
    )
    return (about_tokens + (about_class_token if features.reads_class_token else ""),)


def _first_mixing(graph: Graph, features: Value, last: Value) -> str | None:
    for value in between(graph, features, last):
        operation = value.step.operation if value.step else None
        if isinstance(operation, _MIXING):
            return value.step.name if value.step else None
    return None
