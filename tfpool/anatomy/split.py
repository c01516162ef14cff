"""Where a classifier's features end and its head begins, by the structure of its graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from tfpool.anatomy.unfold import Call, Graph, Step, Value, ancestors, unfold

_ADAPTIVE = (keras.layers.AdaptiveAveragePooling2D, keras.layers.AdaptiveMaxPooling2D)
POOLS = (
    keras.layers.GlobalAveragePooling2D,
    keras.layers.GlobalMaxPooling2D,
    keras.layers.AveragePooling2D,
    keras.layers.MaxPooling2D,
    *_ADAPTIVE,
)
_FINAL_ACTIVATIONS = ("softmax", "sigmoid")


@dataclass(frozen=True)
class Anatomy:
    """A classifier in two parts: `body` maps images (N, H, W, C) to features (N, h, w, c), `head` these to K scores.

    Attributes:
        layer: name of the layer with the features; "backbone/conv1" inside another model.
        head: (features, images) to scores (N, K) float32 before softmax or sigmoid. A single sigmoid unit becomes two
            scores, minus and plus the unit's own. An optional third argument, a `Call`, runs each step of the head.
        multi_label: whether each score has its own sigmoid; otherwise one softmax spans all scores.
        chain: the head's layers in execution order, without those that do nothing at inference; empty if the head reads
            the image as well as the features.
    """

    layer: str
    body: Callable[[Any], Any]
    head: Callable[..., Any]
    classes: int
    multi_label: bool
    chain: tuple[keras.Operation, ...]

    def probabilities(self, scores: Any) -> Any:
        """Probabilities (N, K) from scores (N, K)."""
        return ops.sigmoid(scores) if self.multi_label else ops.softmax(scores)


def split_model(model: keras.Model, layer: str | None = None, output: str | None = None) -> Anatomy:
    """Split a classifier at the input of its head's pooling or flattening, or after the layer named.

    A model with several outputs needs the name of the one to explain.
    """
    graph = unfold(model)
    scores = _scores(graph, model.name, output)
    last = _before_activation(scores)[0]
    if layer is None:
        features = _entering(graph, [last])
        missing = f"No single feature map enters the head of {model.name}. Use layer= with"
    else:
        features = graph.named.get(layer)
        missing = f"{model.name} has no layer {layer!r} with a feature map. Use"
    if features is None or features not in _maps(graph, last):
        raise ValueError(f"{missing} one of: {_choices(graph, last)}.")
    return _split(graph, scores, features, features.step.name if features.step else "")


def split_at_image(model: keras.Model, output: str | None = None) -> Anatomy:
    """Split a classifier before its first layer: the features are the images, and the whole model is the head."""
    graph = unfold(model)
    scores = _scores(graph, model.name, output)
    return _split(graph, scores, graph.inputs[0], model.inputs[0].name)


def _split(graph: Graph, output: Value, features: Value, layer: str) -> Anatomy:
    (image,) = graph.inputs
    last, dense, activation = _before_activation(output)

    def body(images: Any) -> Any:
        return graph.run(features, {image: images})

    def head(values: Any, images: Any, call: Call | None = None) -> Any:
        scores = graph.run(last, {image: images, features: values}, call)
        if dense is not None:
            scores = ops.matmul(scores, dense.kernel) + (dense.bias if dense.use_bias else 0)
        scores = ops.cast(scores, "float32")
        return ops.concatenate([-scores, scores], axis=1) if scores.shape[1] == 1 else scores

    units = output.shape[1] or 0
    chain = (*_layers_between(graph, features, last), *([] if dense is None else [dense]))
    return Anatomy(layer, body, head, max(2, units), units == 1 or activation == "sigmoid", chain)


def _scores(graph: Graph, model: str, output: str | None) -> Value:
    """The output (N, K) with that name, or the only output."""
    choices = ", ".join(map(repr, graph.outputs))
    if output is not None and output not in graph.outputs:
        raise ValueError(f"{model} has no output {output!r}. Use one of: {choices}.")
    if output is None and len(graph.outputs) > 1:
        raise ValueError(f"{model} has several outputs. Use output= with one of: {choices}.")
    scores = next(iter(graph.outputs.values())) if output is None else graph.outputs[output]
    if len(graph.inputs) != 1 or len(graph.inputs[0].shape) != 4 or len(scores.shape) != 2:
        inputs = ", ".join(str(value.shape) for value in graph.inputs)
        raise ValueError(
            f"A classifier maps images (N, H, W, C) to scores (N, K), but {model} maps {inputs} to {scores.shape}. "
            "Use an image classifier."
        )
    return scores


def _before_activation(output: Value) -> tuple[Value, keras.layers.Dense | None, str]:
    """The value before the final softmax or sigmoid, the Dense layer to apply without it, and the activation's name."""
    value = output
    while value.step and _is_idle(value.step):
        (value,) = value.step.inputs
    if value.step is None or len(value.step.inputs) != 1:
        return value, None, ""
    operation = value.step.operation
    is_dense = isinstance(operation, keras.layers.Dense)
    has_name = is_dense or isinstance(operation, keras.layers.Activation)
    activation = _activation(operation) if has_name else type(operation).__name__.lower()
    if activation not in _FINAL_ACTIVATIONS:
        return value, None, ""
    return value.step.inputs[0], operation if is_dense else None, activation


def _activation(operation: keras.Operation) -> str:
    return getattr(getattr(operation, "activation", None), "__name__", "")


def _is_idle(step: Step) -> bool:
    """Whether a layer does nothing at inference."""
    operation = step.operation
    if isinstance(operation, keras.layers.Activation):
        return _activation(operation) == "linear"
    return isinstance(operation, keras.layers.Dropout | keras.layers.Identity)


def find_features(graph: Graph) -> Value | None:
    """The map (N, H, W, C) that enters the head of a model; None without a head, or with several maps."""
    ends = [value for value in graph.outputs.values() if len(value.shape) < 4]
    return _entering(graph, ends) if len(ends) == len(graph.outputs) else None


def _entering(graph: Graph, ends: list[Value]) -> Value | None:
    """The map that enters the head: the first value with height and width, walking back from the ends."""
    maps, pending, visited = set(), list(ends), set(ends)
    while pending:
        step = pending.pop().step
        for source in step.inputs if step else ():
            if len(source.shape) == 4:
                maps.add(_before_pooling(source))
            elif source not in visited:
                visited.add(source)
                pending.append(source)
    # A pyramid pools one map to several sizes: the map that all of them come from.
    shared = set.intersection(*map(_pooled_from, maps)) & maps if maps else maps
    return shared.pop() if len(shared) == 1 and not shared & set(graph.inputs) else None


def _pooled_from(value: Value) -> set[Value]:
    """The value, and the values before it that pooling alone turns into it."""
    values = {value}
    while value.step and isinstance(value.step.operation, POOLS):
        (value,) = value.step.inputs
        values.add(value)
    return values


def _before_pooling(value: Value) -> Value:
    """The map before pooling to one position or to a fixed grid; the value itself if it is not pooled so."""
    while value.step and isinstance(value.step.operation, _ADAPTIVE):
        (value,) = value.step.inputs
    pooled = value
    while pooled.step and len(pooled.shape) == 4 and pooled.shape[1:3] == (1, 1) and len(pooled.step.inputs) == 1:
        (source,) = pooled.step.inputs
        if isinstance(pooled.step.operation, POOLS) and source.shape[1:3] != (1, 1):
            return source
        pooled = source
    return value


def _maps(graph: Graph, last: Value) -> list[Value]:
    """Values with height and width that the scores depend on, without the image."""
    needed = ancestors(last)
    return [value for _, values in graph.steps for value in values if len(value.shape) == 4 and value in needed]


def _choices(graph: Graph, last: Value) -> str:
    maps = set(_maps(graph, last))
    names = [name for name, value in graph.named.items() if value in maps]
    return ", ".join(map(repr, reversed(names))) or "none, since it has no feature map"


def _layers_between(graph: Graph, features: Value, last: Value) -> tuple[keras.Operation, ...]:
    needed = ancestors(last, stop=[features]) - {features}
    if needed & set(graph.inputs):
        return ()
    steps = [step for step, values in graph.steps if needed.intersection(values)]
    return tuple(step.operation for step in steps if not _is_idle(step))
