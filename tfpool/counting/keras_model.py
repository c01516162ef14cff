"""The counts of any Keras model, read from its graph. Loads TensorFlow.

Shapes and weights are the model's own; multiply-adds and receptive fields are those of the op of the same name.
"""

from __future__ import annotations

import dataclasses
import re
from math import prod

import keras

from tfpool.anatomy.split import find_features
from tfpool.anatomy.unfold import Step, Value, ancestors, unfold
from tfpool.counting.counts import Counts, Row, activation_bytes
from tfpool.counting.receptive_field import ReceptiveField, in_pixels, receptive_field
from tfpool.networks import ops
from tfpool.networks.graph import LOCAL, Op

_CONVOLUTIONS = (ops.Conv2D, ops.Conv2DTranspose, ops.DepthwiseConv2D, ops.SeparableConv2D)
_WITH_ARGUMENTS = (*_CONVOLUTIONS, ops.Dense, ops.AveragePooling2D, ops.MaxPooling2D, ops.UpSampling2D)
"""Ops whose facts depend on their arguments."""

# Keras layers and functions without multiply-adds that are no op here: those that keep positions in place, and those
# that mix or move positions.
_KEEPING = """
ActivityRegularization AlphaDropout CustomScaleLayer Cropping2D ELU GaussianDropout GaussianNoise GroupNormalization
Identity LayerNormalization LayerScale LeakyReLU PReLU RMSNormalization ReLU Softmax SpatialDropout2D StochasticDepth
UnitNormalization Average Maximum Minimum Subtract
Absolute Cast Clip Divide Elu Exp Gelu HardSigmoid HardSwish LeakyRelu Log Log1p LogSoftmax Mish Negative Power Relu
Relu6 Selu Sigmoid Silu Softplus Softsign Sqrt Square Tanh TrueDivide
AutoContrast RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomErasing RandomGrayscale
RandomHue RandomInvert RandomPosterization RandomSaturation Solarization
"""
_MIXING = """
Permute Resizing CenterCrop RandomCrop RandomFlip RandomRotation RandomShear RandomTranslation RandomZoom
Amax Amin ExpandDims GetItem Max Mean Min Squeeze Sum Transpose
"""
_LOCAL, _GLOBAL = frozenset(_KEEPING.split()), frozenset(_MIXING.split())


class _Local(ops.Elementwise):
    """Any layer that keeps positions in place."""


class _Global(ops.Global, ops.Elementwise):
    """Any layer that mixes or moves positions."""


def read(model: keras.Model) -> Counts:
    """Count a functional or Sequential model, including the models inside it.

    The head begins where the last feature map is pooled or flattened. If a layer is called several times, the row of
    the first call has its weights.
    """
    graph = unfold(model)
    features = find_features(graph)
    backbone = ancestors(features) if features else {value for _, values in graph.steps for value in values}
    fields: dict[Value, ReceptiveField | None] = dict.fromkeys(graph.inputs, LOCAL)
    rows = [
        _row(name, "InputLayer", "backbone", [value], [], LOCAL, 0)
        for name, value in graph.named.items()
        if value.step is None
    ]
    counted: set[int] = set()
    for step, values in graph.steps:
        op = _op(step)
        field = receptive_field(op, [fields[source] for source in step.inputs])
        fields.update(dict.fromkeys(values, field))
        weights = [] if id(step.operation) in counted else getattr(step.operation, "weights", [])
        counted.add(id(step.operation))
        inputs = [source.shape[1:] for source in step.inputs]
        part = "backbone" if values[0] in backbone else "head"
        macs = op.macs(values[0].shape[1:], *inputs)
        rows.append(_row(step.name, type(step.operation).__name__, part, values, weights, field, macs))
    if sum(row.params for row in rows) != model.count_params():
        raise ValueError(
            f"{model.name} has weights outside of its layers, so no layer has them. Put them into a layer."
        )
    feature_shape = None if features is None else features.shape[1:]
    return Counts(model.name, graph.inputs[0].shape[1:], feature_shape, tuple(rows))


def _row(
    name: str, op: str, part: str, values: list[Value], weights: list, field: ReceptiveField | None, macs: int | None
) -> Row:
    sizes = [activation_bytes(value.shape[1:], _itemsize(value.dtype)) for value in values]
    size, stride = in_pixels(field)
    return Row(
        name=name,
        op=op,
        part=part,
        output_shape=values[0].shape[1:],
        params=sum(prod(weight.shape) for weight in weights),
        trainable_params=sum(prod(weight.shape) for weight in weights if weight.trainable),
        macs=macs,
        activation_bytes=None if None in sizes else sum(filter(None, sizes)),
        weight_bytes=sum(prod(weight.shape) * _itemsize(weight.dtype) for weight in weights),
        receptive_field=size,
        stride=stride,
    )


def _op(step: Step) -> Op:
    """The op with a step's facts."""
    kind = type(step.operation)
    ours = getattr(ops, kind.__name__, None)
    if kind.__module__.split(".")[0] in ("keras", "tfpool"):
        if ours in _WITH_ARGUMENTS:
            return _op_with_arguments(ours, step)
        if kind.__name__ in _GLOBAL or (ours and issubclass(ours, ops.Global)):
            return _Global()
        if kind.__name__ in _LOCAL or ours:
            return _Local()
    raise ValueError(
        f"No rule counts layer {step.name!r} ({kind.__module__}.{kind.__name__}). "
        "Use a model of Keras's own layers for images."
    )


def _op_with_arguments(ours: type[Op], step: Step) -> Op:
    config = step.operation.get_config()
    if config.get("data_format") == "channels_first":
        raise ValueError(f"Layer {step.name!r} has data_format='channels_first'. Build the model with channels last.")
    names = {field.name for field in dataclasses.fields(ours)} - {"activation"}  # type: ignore[arg-type]
    return ours(**{name: config[name] for name in names})


def _itemsize(dtype: str) -> int:
    """Bytes per value."""
    bits = re.search(r"\d+$", dtype)
    return int(bits[0]) // 8 if bits else 1
