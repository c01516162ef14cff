"""Shapes of the values of a Keras model's graph, per image. Loads Keras.

A model inside another one may have been made for images of any size. Its layers' shapes then follow from the outer one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import signature

import keras

from tfpool.anatomy.unfold import Graph, Step, Value
from tfpool.counting.products import NoRule
from tfpool.networks.graph import Shape


def known_shapes(graph: Graph, inputs: Sequence[Shape]) -> dict[Value, Shape]:
    """The shape of each value without the batch, for inputs of these shapes. No layer is called, so none changes."""
    shapes = dict(zip(graph.inputs, inputs, strict=True))
    for step, values in graph.steps:
        own = [value.shape[1:] for value in values]
        shapes.update(zip(values, _derived(step, shapes) if _leaves_open(step, own, shapes) else own, strict=True))
    return shapes


def input_shapes(step: Step, shapes: Mapping[Value, Shape]) -> list[Shape]:
    """Shapes of what a layer is called on, in the order of its `call`: tensors per image, constants whole; no masks.

    Raises `NoRule` if the layer was not called as its `call` takes it.
    """
    try:
        arguments = signature(step.operation.call).bind(*step.arguments.args, **step.arguments.kwargs).arguments
    except TypeError:
        raise NoRule from None
    tensors = keras.tree.flatten([value for name, value in arguments.items() if not name.endswith("mask")])
    return [
        shapes[step.sources[id(tensor)]] if isinstance(tensor, keras.KerasTensor) else tuple(tensor.shape)
        for tensor in tensors
        if hasattr(tensor, "shape")
    ]


def _leaves_open(step: Step, own: Sequence[Shape], shapes: Mapping[Value, Shape]) -> bool:
    """Whether a step was made for any size, and the sizes of its inputs are known by now."""
    tensors = {id(tensor): tuple(tensor.shape[1:]) for tensor in step.arguments.keras_tensors}
    return any(None in shape for shape in own) and tensors != {
        key: shapes[source] for key, source in step.sources.items()
    }


def _derived(step: Step, shapes: Mapping[Value, Shape]) -> list[Shape]:
    tensors = {
        key: keras.KerasTensor((source.shape[0], *shapes[source]), source.dtype) for key, source in step.sources.items()
    }
    arguments, settings = step.arguments.fill_in(tensors)
    outputs = keras.tree.flatten(step.operation.compute_output_spec(*arguments, **settings))
    return [tuple(output.shape[1:]) for output in outputs]
