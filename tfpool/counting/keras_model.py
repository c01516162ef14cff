"""The counts of any Keras model, read from its graph. Loads TensorFlow.

Shapes and weights are the model's own; multiply-adds and receptive fields follow the `rules`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import prod

import keras

from tfpool.anatomy.features import find_features
from tfpool.anatomy.unfold import Graph, Step, Value, ancestors, unfold
from tfpool.counting.counts import Counts, Row, activation_bytes
from tfpool.counting.known_shapes import input_shapes, known_shapes
from tfpool.counting.products import NoRule
from tfpool.counting.receptive_field import ReceptiveField, in_pixels, receptive_field
from tfpool.counting.rules import count_macs, find_window
from tfpool.networks.graph import LOCAL, Shape


def read(model: keras.Model) -> Counts:
    """Count a functional or Sequential model, including the models inside it.

    The head begins where the last feature map is pooled or flattened. Each weight is in the first row that has it.
    Weights that no layer has are a row of their own.
    """
    graph = unfold(model)
    shapes = known_shapes(graph, [value.shape[1:] for value in graph.inputs])
    fields = _receptive_fields(graph, shapes)
    features = find_features(graph)
    backbone = ancestors(features) if features else {value for _, values in graph.steps for value in values}
    names = {value: name for name, value in graph.named.items()}
    rows = [
        _row(names[value], "InputLayer", "backbone", _sizes([value], shapes), [], fields[value], 0)
        for value in graph.inputs
    ]
    weights = _Weights()
    for step, values in graph.steps:
        part = "backbone" if values[0] in backbone else "head"
        kind, new = type(step.operation).__name__, weights.new(getattr(step.operation, "weights", []))
        macs, has_rule = _macs(step, shapes[values[0]], shapes)
        rows.append(_row(step.name, kind, part, _sizes(values, shapes), new, fields[values[0]], macs, has_rule))
    if left := weights.new(model.weights):
        rows.insert(len(graph.inputs), _row("weights outside of layers", "Variable", "backbone", [], left, None, 0))
    feature_shape = None if features is None else shapes[features]
    return Counts(model.name, shapes[graph.inputs[0]], feature_shape, tuple(rows))


def _receptive_fields(graph: Graph, shapes: Mapping[Value, Shape]) -> dict[Value, ReceptiveField | None]:
    fields: dict[Value, ReceptiveField | None] = {value: LOCAL[:1] * (len(shapes[value]) - 1) for value in graph.inputs}
    for step, values in graph.steps:
        sources = [(fields[source], shapes[source]) for source in step.inputs]
        fields.update(dict.fromkeys(values, receptive_field(find_window(step.operation), sources)))
    return fields


def _sizes(values: list[Value], shapes: Mapping[Value, Shape]) -> list[tuple[Shape, int]]:
    """Shape and bytes per number of each output."""
    return [(shapes[value], _itemsize(value.dtype)) for value in values]


class _Weights:
    """The weights that have been counted: layers may share some."""

    def __init__(self) -> None:
        self._counted: set[int] = set()

    def new(self, weights: Sequence[keras.Variable]) -> list[keras.Variable]:
        """Those that have not been counted before."""
        new = [weight for weight in weights if id(weight) not in self._counted]
        self._counted.update(map(id, new))
        return new


def _macs(step: Step, output: Shape, shapes: Mapping[Value, Shape]) -> tuple[int | None, bool]:
    """Multiply-adds of a step, and whether a rule counts them."""
    try:
        return count_macs(step.operation, input_shapes(step, shapes), output), True
    except NoRule:
        return None, False


def _row(
    name: str,
    op: str,
    part: str,
    outputs: list[tuple[Shape, int]],
    weights: list[keras.Variable],
    field: ReceptiveField | None,
    macs: int | None,
    has_rule: bool = True,
) -> Row:
    sizes = [activation_bytes(shape, itemsize) for shape, itemsize in outputs]
    size, stride = in_pixels(field)
    return Row(
        name=name,
        op=op,
        part=part,
        output_shape=outputs[0][0] if outputs else (),
        params=sum(prod(weight.shape) for weight in weights),
        trainable_params=sum(prod(weight.shape) for weight in weights if weight.trainable),
        macs=macs,
        activation_bytes=None if None in sizes else sum(filter(None, sizes)),
        weight_bytes=sum(prod(weight.shape) * _itemsize(weight.dtype) for weight in weights),
        receptive_field=size,
        stride=stride,
        has_rule=has_rule,
    )


def _itemsize(dtype: str) -> int:
    """Bytes per value."""
    bits = re.search(r"\d+$", dtype)
    return int(bits[0]) // 8 if bits else 1
