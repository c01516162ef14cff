"""Where a classifier's features end and its head begins, found by the structure of its graph."""

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
_SQUASHING = ("softmax", "sigmoid")


@dataclass(frozen=True)
class Anatomy:
    """A classifier in two parts.

    Attributes:
        layer: name of the layer that makes the features; "backbone/conv1" inside another model.
        body: images (N, H, W, C) to features (N, h, w, c).
        head: features, with the images that they are of, to the scores (N, K) float32 before any softmax or sigmoid. A
            single sigmoid unit is two scores, minus and plus the unit's own. A `Call` after these two, where it is
            given, calls each of the head's steps.
        classes: number of scores K.
        multi_label: whether each score has a probability of its own, by a sigmoid; else softmax shares one among all.
        chain: the head's layers in an order that they run in, those left out that do nothing at inference; empty where
            the head reads more of the image than the features.
    """

    layer: str
    body: Callable[[Any], Any]
    head: Callable[..., Any]
    classes: int
    multi_label: bool
    chain: tuple[keras.Operation, ...]

    def probabilities(self, scores: Any) -> Any:
        """Of scores (N, K)."""
        return ops.sigmoid(scores) if self.multi_label else ops.softmax(scores)


def split_model(model: keras.Model, layer: str | None = None, output: str | None = None) -> Anatomy:
    """Split a classifier at the input of its head's pooling or flattening, or after the layer of that name.

    Args:
        output: name of the output to explain, where the model has several.

    Raises:
        ValueError: if the model is no image classifier, or no such place is found; lists the layers that would do.
    """
    graph = unfold(model)
    scores = _scores(graph, model.name, output)
    last = _before_squashing(scores)[0]
    features = _found(graph, last, model.name) if layer is None else _named(graph, last, layer, model.name)
    return _split(graph, scores, features, features.step.name if features.step else "")


def split_at_image(model: keras.Model, output: str | None = None) -> Anatomy:
    """A classifier whose features are the images themselves: all of it is the head.

    Args:
        output: name of the output to explain, where the model has several.

    Raises:
        ValueError: if the model is no image classifier.
    """
    graph = unfold(model)
    scores = _scores(graph, model.name, output)
    return _split(graph, scores, graph.inputs[0], model.inputs[0].name)


def _split(graph: Graph, output: Value, features: Value, layer: str) -> Anatomy:
    (image,) = graph.inputs
    last, squashed, by = _before_squashing(output)

    def body(images: Any) -> Any:
        return graph.run(features, {image: images})

    def head(values: Any, images: Any, call: Call | None = None) -> Any:
        scores = graph.run(last, {image: images, features: values}, call)
        if squashed is not None:
            scores = ops.matmul(scores, squashed.kernel) + (squashed.bias if squashed.use_bias else 0)
        scores = ops.cast(scores, "float32")
        return ops.concatenate([-scores, scores], axis=1) if scores.shape[1] == 1 else scores

    units = output.shape[1] or 0
    end = () if squashed is None else (squashed,)
    chain = (*_between(graph, features, last), *end)
    return Anatomy(layer, body, head, max(2, units), units == 1 or by == "sigmoid", chain)


def _scores(graph: Graph, model: str, output: str | None) -> Value:
    """The output (N, K) of that name, or the only one."""
    choices = ", ".join(map(repr, graph.outputs))
    if output is not None and output not in graph.outputs:
        raise ValueError(f"{model} has no output {output!r}. Use one of: {choices}.")
    if output is None and len(graph.outputs) > 1:
        raise ValueError(f"{model} has several outputs. Give output= as one of: {choices}.")
    scores = next(iter(graph.outputs.values())) if output is None else graph.outputs[output]
    if len(graph.inputs) != 1 or len(graph.inputs[0].shape) != 4 or len(scores.shape) != 2:
        inputs = ", ".join(str(value.shape) for value in graph.inputs)
        raise ValueError(
            "A classifier from images (N, H, W, C) to scores (N, K) is needed, "
            f"{model} maps {inputs} to {scores.shape}."
        )
    return scores


def _before_squashing(output: Value) -> tuple[Value, keras.layers.Dense | None, str]:
    """The value before the final softmax or sigmoid, the Dense layer to apply to it without that, and which it is."""
    value = output
    while value.step and _is_idle(value.step):
        (value,) = value.step.inputs
    if value.step is None or len(value.step.inputs) != 1:
        return value, None, ""
    operation = value.step.operation
    if isinstance(operation, keras.layers.Dense):
        named = _activation(operation)
        return (value.step.inputs[0], operation, named) if named in _SQUASHING else (value, None, "")
    named = (
        _activation(operation) if isinstance(operation, keras.layers.Activation) else type(operation).__name__.lower()
    )
    return (value.step.inputs[0], None, named) if named in _SQUASHING else (value, None, "")


def _activation(operation: keras.Operation) -> str:
    return getattr(getattr(operation, "activation", None), "__name__", "")


def _is_idle(step: Step) -> bool:
    """Whether a layer does nothing at inference."""
    operation = step.operation
    if isinstance(operation, keras.layers.Activation):
        return _activation(operation) == "linear"
    return isinstance(operation, keras.layers.Dropout | keras.layers.Identity)


def _found(graph: Graph, last: Value, model: str) -> Value:
    features = _entering(graph, [last])
    if features is None:
        raise ValueError(
            f"No single feature map enters the head of {model}. Give layer= as one of: {_choices(graph, last)}."
        )
    return features


def find_features(graph: Graph) -> Value | None:
    """The map (N, H, W, C) that enters the head of a model; None where there is no head, or not one map."""
    ends = [value for value in graph.outputs.values() if len(value.shape) < 4]
    return _entering(graph, ends) if len(ends) == len(graph.outputs) else None


def _entering(graph: Graph, ends: list[Value]) -> Value | None:
    """The map that enters the head: the first value with height and width, walking back from the ends."""
    found, waiting, seen = set(), list(ends), set(ends)
    while waiting:
        step = waiting.pop().step
        for source in step.inputs if step else ():
            if len(source.shape) == 4:
                found.add(_before_pooling(source))
            elif source not in seen:
                seen.add(source)
                waiting.append(source)
    # Where a pyramid pools one map to several sizes, that one.
    shared = set.intersection(*map(_pooled_from, found)) & found if found else found
    return shared.pop() if len(shared) == 1 and not shared & set(graph.inputs) else None


def _pooled_from(value: Value) -> set[Value]:
    """The value and those before it that are nothing but pooled to it."""
    values = {value}
    while value.step and isinstance(value.step.operation, POOLS):
        (value,) = value.step.inputs
        values.add(value)
    return values


def _before_pooling(value: Value) -> Value:
    """Where a map was pooled to one position, or to as many as the pooling says itself, what it was pooled from."""
    while value.step and isinstance(value.step.operation, _ADAPTIVE):
        (value,) = value.step.inputs
    pooled = value
    while pooled.step and len(pooled.shape) == 4 and pooled.shape[1:3] == (1, 1) and len(pooled.step.inputs) == 1:
        (source,) = pooled.step.inputs
        if isinstance(pooled.step.operation, POOLS) and source.shape[1:3] != (1, 1):
            return source
        pooled = source
    return value


def _named(graph: Graph, last: Value, layer: str, model: str) -> Value:
    value = graph.named.get(layer)
    if value is not None and value in _maps(graph, last):
        return value
    raise ValueError(f"{model} has no layer {layer!r} with a feature map. Use one of: {_choices(graph, last)}.")


def _maps(graph: Graph, last: Value) -> list[Value]:
    """Values with height and width that the scores are computed from, the image itself left out."""
    used = ancestors(last)
    return [value for _, values in graph.steps for value in values if len(value.shape) == 4 and value in used]


def _choices(graph: Graph, last: Value) -> str:
    maps = set(_maps(graph, last))
    names = [name for name, value in graph.named.items() if value in maps]
    return ", ".join(map(repr, reversed(names))) or "none, since it has no feature map"


def _between(graph: Graph, features: Value, last: Value) -> tuple[keras.Operation, ...]:
    needed = ancestors(last, stop=[features]) - {features}
    if needed & set(graph.inputs):
        return ()
    steps = [step for step, values in graph.steps if needed.intersection(values)]
    return tuple(step.operation for step in steps if not _is_idle(step))
