"""The counts of any Keras model, read from its graph. Loads TensorFlow.

Shapes and weights are the model's own; multiply-adds and receptive fields follow the `rules`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod

import keras

from tfpool.anatomy.split import find_features
from tfpool.anatomy.unfold import Step, Value, ancestors, unfold
from tfpool.counting.containers import input_shapes
from tfpool.counting.counts import Counts, Row, activation_bytes
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
    features = find_features(graph)
    backbone = ancestors(features) if features else {value for _, values in graph.steps for value in values}
    fields: dict[Value, ReceptiveField | None] = {value: LOCAL[:1] * (len(value.shape) - 2) for value in graph.inputs}
    rows = [
        _row(name, "InputLayer", "backbone", [value], [], fields[value], 0)
        for name, value in graph.named.items()
        if value.step is None
    ]
    weights = _Weights()
    for step, values in graph.steps:
        sources = [(fields[source], source.shape[1:]) for source in step.inputs]
        field = receptive_field(find_window(step.operation), sources)
        fields.update(dict.fromkeys(values, field))
        part = "backbone" if values[0] in backbone else "head"
        kind, new = type(step.operation).__name__, weights.new(getattr(step.operation, "weights", []))
        rows.append(_row(step.name, kind, part, values, new, field, *_macs(step, values[0].shape[1:])))
    if left := weights.new(model.weights):
        rows.insert(len(graph.inputs), _row("weights outside of layers", "Variable", "backbone", [], left, None, 0))
    feature_shape = None if features is None else features.shape[1:]
    return Counts(model.name, graph.inputs[0].shape[1:], feature_shape, tuple(rows))


class _Weights:
    """The weights that have been counted: layers may share some."""

    def __init__(self) -> None:
        self._counted: set[int] = set()

    def new(self, weights: Sequence[keras.Variable]) -> list[keras.Variable]:
        """Those that have not been counted before."""
        new = [weight for weight in weights if id(weight) not in self._counted]
        self._counted.update(map(id, new))
        return new


def _macs(step: Step, output: Shape) -> tuple[int | None, bool]:
    """Multiply-adds of a step, and whether a rule counts them."""
    try:
        return count_macs(step.operation, input_shapes(step), output), True
    except NoRule:
        return None, False


def _row(
    name: str,
    op: str,
    part: str,
    values: list[Value],
    weights: list[keras.Variable],
    field: ReceptiveField | None,
    macs: int | None,
    has_rule: bool = True,
) -> Row:
    sizes = [activation_bytes(value.shape[1:], _itemsize(value.dtype)) for value in values]
    size, stride = in_pixels(field)
    return Row(
        name=name,
        op=op,
        part=part,
        output_shape=values[0].shape[1:] if values else (),
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
