"""Where a classifier's features end and its head begins, found by the structure of its graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

POOLS = (keras.layers.GlobalAveragePooling2D, keras.layers.GlobalMaxPooling2D)
_SQUASHING = ("softmax", "sigmoid")


@dataclass(frozen=True)
class Anatomy:
    """A classifier in two parts.

    Attributes:
        layer: name of the layer that makes the features.
        body: images (N, H, W, C) to features (N, h, w, c), a model on the classifier's own layers.
        head: features to the scores (N, K) before any softmax or sigmoid. A single sigmoid unit is two scores,
            minus and plus the unit's own.
        classes: number of scores K.
        chain: the head's layers in order, where each feeds only the next; empty where it branches.
    """

    layer: str
    body: keras.Model
    head: Callable[[Any], Any]
    classes: int
    chain: tuple[keras.Operation, ...]


def dissect(model: keras.Model, layer: str | None = None) -> Anatomy:
    """Split a classifier at the input of its head's pooling or flattening, or after the layer of that name.

    Raises:
        ValueError: if the model is no image classifier, or no such place is found; lists the layers that would do.
    """
    if not getattr(model, "outputs", None):
        raise ValueError(f"{model.name} has no graph yet. Build it by calling it on an image once.")
    if (len(model.inputs), len(model.outputs)) != (1, 1) or len(model.outputs[0].shape) != 2:
        inputs, outputs = (", ".join(str(tensor.shape) for tensor in side) for side in (model.inputs, model.outputs))
        raise ValueError(
            f"A classifier of one image with scores (N, K) is needed, {model.name} maps {inputs} to {outputs}."
        )
    tensor, squashed = _before_squashing(model.outputs[0])
    features = _find(model, tensor) if layer is None else _named(model, layer)
    body = keras.Model(model.inputs[0], features)
    rest = keras.Model(features, tensor)

    def head(values: Any) -> Any:
        scores = rest(values, training=False)
        if squashed is not None:
            scores = ops.matmul(scores, squashed.kernel) + (squashed.bias if squashed.use_bias else 0)
        scores = ops.cast(scores, "float32")
        return ops.concatenate([-scores, scores], axis=1) if scores.shape[1] == 1 else scores

    last = () if squashed is None else (squashed,)
    classes = max(2, model.outputs[0].shape[1])
    return Anatomy(_operation(features).name, body, head, classes, _chain(features, tensor, last))


def _before_squashing(output: Any) -> tuple[Any, keras.layers.Dense | None]:
    """The tensor before the final softmax or sigmoid, and the Dense layer to apply to it without its own one."""
    operation = _operation(output)
    activation = getattr(getattr(operation, "activation", None), "__name__", None)
    if isinstance(operation, keras.layers.Softmax) or (
        isinstance(operation, keras.layers.Activation) and activation in _SQUASHING
    ):
        return _inputs(output)[0], None
    if isinstance(operation, keras.layers.Dense) and activation in _SQUASHING:
        return _inputs(output)[0], operation
    return output, None


def _find(model: keras.Model, tensor: Any) -> Any:
    """The map that enters the head: the first tensor with height and width, walking back from the scores."""
    found, waiting = {}, [tensor]
    while waiting:
        for source in _inputs(waiting.pop()):
            if len(source.shape) == 4:
                found[id(source)] = source
            else:
                waiting.append(source)
    if len(found) == 1 and model.inputs[0] is not next(iter(found.values())):
        return next(iter(found.values()))
    raise ValueError(
        f"No single feature map enters the head of {model.name}. Give layer= as one of: {_choices(model)}."
    )


def _named(model: keras.Model, layer: str) -> Any:
    for candidate in _maps(model):
        if candidate.name == layer:
            return candidate.output
    raise ValueError(f"{model.name} has no layer {layer!r} with a feature map. Use one of: {_choices(model)}.")


def _maps(model: keras.Model) -> list[keras.layers.Layer]:
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    return [layer for layer in layers if len(getattr(layer.output, "shape", ())) == 4]


def _choices(model: keras.Model) -> str:
    return ", ".join(repr(layer.name) for layer in reversed(_maps(model))) or "none, since it has no feature map"


def _chain(features: Any, tensor: Any, last: tuple[keras.Operation, ...]) -> tuple[keras.Operation, ...]:
    operations: list[keras.Operation] = []
    while tensor is not features:
        inputs = _inputs(tensor)
        if len(inputs) != 1:
            return ()
        operations.insert(0, _operation(tensor))
        (tensor,) = inputs
    return (*operations, *last)


def _operation(tensor: Any) -> keras.Operation:
    return tensor._keras_history.operation


def _inputs(tensor: Any) -> list[Any]:
    history = tensor._keras_history
    return history.operation._inbound_nodes[history.node_index].input_tensors
