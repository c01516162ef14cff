"""One stock Keras layer per op of a graph."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from zlib import crc32

from tfpool.networks import ops
from tfpool.networks.graph import Op, Tensor

INITIALIZERS = {"glorot": "GlorotUniform", "he": "HeNormal"}


def apply_layers(
    tensors: Sequence[Tensor],
    first: Any,
    activation: str | None = None,
    seed: int | None = None,
    initializer: str = "glorot",
    rename: Callable[[str], str] = str,
) -> Any:
    """Make a Keras layer for each tensor's op, except for the first tensor, which the Keras tensor `first` stands for.

    `rename` gives each layer's name from its tensor's. Returns the last layer's output.
    """
    import keras

    from tfpool import layers as own_layers

    if keras.config.image_data_format() != "channels_last":
        raise ValueError(
            "Networks and heads need channels last, got keras.config.image_data_format() 'channels_first'. "
            "Call keras.config.set_image_data_format('channels_last') first."
        )
    outputs = {tensors[0].name: first}
    for tensor in tensors[1:]:
        op = tensor.op
        if tensor is tensors[-1] and isinstance(op, ops.Dense):
            op = dataclasses.replace(op, activation=activation)
        arguments = dict(op.arguments)
        if seed is not None:
            arguments |= _seeded_arguments(op, crc32(f"{seed} {tensor.name}".encode()) >> 1, initializer)
        layer = getattr(keras.layers, op.layer, None) or getattr(own_layers, op.layer, None)
        if layer is None:
            raise ValueError(
                f"Keras {keras.__version__} has no layer {op.layer}. Install Keras 3.13 or newer, or use another head."
            )
        inputs = [outputs[source.name] for source in tensor.inputs]
        outputs[tensor.name] = layer(**arguments, name=rename(tensor.name))(inputs if len(inputs) > 1 else inputs[0])
    scores = outputs[tensors[-1].name]
    if activation is None or isinstance(tensors[-1].op, ops.Dense):
        return scores
    return keras.layers.Activation(activation, name=rename(activation))(scores)


def unused_names(taken: set[str], numbers: Callable[[str], Iterator[int]]) -> Callable[[str], str]:
    """A function that gives each name its first number that makes it unused: name, name_1, name_2, as Keras does."""
    used = set(taken)

    def rename(name: str) -> str:
        candidates = (f"{name}_{number}" if number else name for number in numbers(name))
        chosen = next(candidate for candidate in candidates if candidate not in used)
        used.add(chosen)
        return chosen

    return rename


def _seeded_arguments(op: Op, seed: int, initializer: str) -> dict[str, Any]:
    import keras

    if isinstance(op, ops.Dropout):
        return {"seed": seed}
    draw = getattr(keras.initializers, INITIALIZERS[initializer])(seed=seed)
    if isinstance(op, ops.Conv2D | ops.Dense):
        return {"kernel_initializer": draw}
    return {"depthwise_initializer": draw} if isinstance(op, ops.DepthwiseConv2D) else {}
