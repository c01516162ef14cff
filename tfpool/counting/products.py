"""Multiply-adds of Keras's layers and ops that multiply and sum, by closed formulas. Loads no Keras.

Each function takes (layer, shapes of the inputs, shape of the output), all for one image and without the batch, and
every size is known. The layers that hold other layers are in `rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from math import isqrt, prod
from typing import Any

from tfpool.networks.graph import Op, Shape

Sizes = tuple[int, ...]
"""A shape whose sizes are all known."""


class NoRule(LookupError):
    """No rule counts this layer, so its multiply-adds are unknown."""


def last_channels(layer: Any, shape: Shape) -> Shape:
    """The shape with the channels as its last axis."""
    return (*shape[1:], shape[0]) if getattr(layer, "data_format", None) == "channels_first" else shape


def described(kind: type[Op], layer: Any) -> Op:
    """A Keras layer as the op of the same arguments. Its formulas hold for any number of spatial axes."""
    names = {field.name for field in fields(kind)} - {"activation"}  # type: ignore[arg-type]
    return kind(**{name: getattr(layer, name) for name in names})


def as_op(kind: type[Op]) -> Callable[[Any, Sequence[Sizes], Sizes], int | None]:
    """The formula of an op of ours: convolutions and dense layers."""

    def macs(layer: Any, inputs: Sequence[Sizes], output: Sizes) -> int | None:
        return described(kind, layer).macs(last_channels(layer, output), last_channels(layer, inputs[0]))

    return macs


# === Recurrent cells, one step ===


def dense_cell(gates: int) -> Callable[[Any, Sequence[Sizes], Sizes], int]:
    """A cell with this many gates, each a dense layer of the input and one of the state: gates·U·(C + U)."""

    def macs(cell: Any, inputs: Sequence[Sizes], output: Sizes) -> int:
        return gates * cell.units * (inputs[0][-1] + cell.units)

    return macs


def convolutional_cell(cell: Any, inputs: Sequence[Sizes], output: Sizes) -> int:
    """ConvLSTM: four gates, each a convolution of the input and one of the state: 4·positions·kernel·F·(C + F)."""
    channels = last_channels(cell, inputs[0])[-1] or 0
    return 4 * prod(output) * prod(cell.kernel_size) * (channels + cell.filters)


# === Attention: positions of the query see all T positions of the value ===


def multi_head_attention(layer: Any, inputs: Sequence[Sizes], output: Sizes) -> int:
    """Four projections, and per head the scores of all pairs and their weighted sums."""
    query, value, key = _query_value_key(inputs)
    heads, key_dim, value_dim = layer.num_heads, layer.key_dim, layer.value_dim
    projections = heads * (key_dim * (prod(query) + prod(key)) + value_dim * (prod(value) + prod(output)))
    # The layers of older Keras versions have no gate.
    gate = getattr(layer, "_use_gate", False) * heads * value_dim * prod(query)
    seen = prod(value[axis - 1] for axis in layer.attention_axes)
    return projections + gate + heads * prod(query[:-1]) * seen * (key_dim + value_dim)


def _query_value_key(inputs: Sequence[Sizes]) -> tuple[Sizes, Sizes, Sizes]:
    """The three inputs; without keys the values are the keys."""
    query, value = inputs[:2]
    return query, value, inputs[2] if len(inputs) > 2 else value


def grouped_query_attention(layer: Any, inputs: Sequence[Sizes], output: Sizes) -> int:
    """As multi-head attention, with fewer heads of keys and values than of queries."""
    query, value, key = _query_value_key(inputs)
    heads, fewer = layer.num_query_heads * layer.head_dim, layer.num_key_value_heads * layer.head_dim
    queries = prod(query) * (1 + getattr(layer, "use_gate", False))
    projections = heads * (queries + prod(output)) + fewer * (prod(key) + prod(value))
    return projections + 2 * heads * prod(query[:-1]) * _length(value)


def attention(layer: Any, inputs: Sequence[Sizes], output: Sizes) -> int:
    """The scores, by dot product unless they are sums of tanh, and the weighted sums of the values."""
    query, value = inputs[:2]
    multiplied = prod(query) if layer.score_mode == "dot" else 0
    return _length(value) * (multiplied + prod(output))


def additive_attention(layer: Any, inputs: Sequence[Sizes], output: Sizes) -> int:
    """The scores, sums of tanh with one learned factor per channel, and the weighted sums of the values."""
    query, value = inputs[:2]
    return _length(value) * (bool(layer.use_scale) * prod(query) + prod(output))


def _length(value: Sizes) -> int:
    """Positions of a sequence (…, T, channels). Without them, attention is over the images of a batch."""
    if len(value) < 2:
        raise NoRule
    return value[-2]


def dot_product_attention(op: Any, inputs: Sequence[Sizes], output: Sizes) -> int:
    """As attention; query (T, heads, size), key and value (S, heads, size)."""
    query, _, value = inputs[:3]
    return value[0] * (prod(query) + prod(output))


# === Products of two tensors ===


def dot_layer(layer: Any, inputs: Sequence[Sizes], output: Sizes) -> int:
    """The length of the summed axis, for each value of the output. Axis 0 is the batch."""
    axis = layer.axes if isinstance(layer.axes, int) else layer.axes[0]
    return prod(output) * inputs[0][axis - 1 if axis > 0 else axis]


def matmul(op: Any, inputs: Sequence[Sizes], output: Sizes) -> int:
    """The length of the first tensor's last axis, for each value of the output."""
    first, _ = _two(inputs)
    return prod(output) * first[-1]


def tensor_product(op: Any, inputs: Sequence[Sizes], output: Sizes) -> int:
    """Products without a common batch axis: every axis is in two of the three tensors, so the square of the count is
    the product of all their sizes."""
    first, second = _two(inputs)
    square = prod(first) * prod(second) * prod(output)
    if isqrt(square) ** 2 != square:
        raise NoRule
    return isqrt(square)


def einsum_dense(layer: Any, inputs: Sequence[Sizes], output: Sizes) -> int:
    return _einsum(layer.equation, inputs[0], output)


def reversible_embedding(layer: Any, inputs: Sequence[Sizes], output: Sizes) -> int:
    """A lookup adds an axis. In reverse it is a dense layer from the embedding to all words."""
    return prod(output) * layer.output_dim if len(output) == len(inputs[0]) else 0


def einsum(op: Any, inputs: Sequence[Sizes], output: Sizes) -> int:
    terms = op.subscripts.split("->")[0].split(",")
    if len(terms) == 1:
        return 0
    first, _ = _two(inputs)
    if len(terms) != 2:
        raise NoRule
    return _einsum(op.subscripts, first, output)


def _einsum(equation: str, first: Sizes, output: Sizes) -> int:
    """The lengths of the summed axes, for each value of the output; zero if nothing is summed."""
    operands, _, result = equation.replace(" ", "").partition("->")
    one, other = operands.split(",")
    summed = set(one) & set(other) - {"."} - set(result)
    before, dots, after = one.partition("...")
    # Axes after the dots are counted from the end, those before them from the start, where the batch is.
    end = after if dots else one
    sizes = [first[end.index(axis) - len(end)] if axis in end else first[before.index(axis) - 1] for axis in summed]
    return prod(output) * prod(sizes) if summed else 0


def _two(inputs: Sequence[Sizes]) -> tuple[Sizes, Sizes]:
    """Two tensors with at least one axis besides the batch; numbers written out in Python have no shape."""
    if len(inputs) != 2 or not all(inputs):
        raise NoRule
    return inputs[0], inputs[1]


# === Convolution as a function: the kernel is the second input ===


def convolution(op: Any, inputs: Sequence[Sizes], output: Sizes) -> int:
    """The kernel of one filter, for each value of the output."""
    return prod(_kernel(inputs)[:-1]) * prod(output)


def depthwise_convolution(op: Any, inputs: Sequence[Sizes], output: Sizes) -> int:
    """The kernel of one channel, for each value of the output."""
    return prod(_kernel(inputs)[:-2]) * prod(output)


def separable_convolution(op: Any, inputs: Sequence[Sizes], output: Sizes) -> int:
    """Both kernels, for each position of the output."""
    depthwise, pointwise = _kernel(inputs), inputs[2]
    return (prod(depthwise) + prod(pointwise)) * (prod(output) // pointwise[-1])


def transposed_convolution(op: Any, inputs: Sequence[Sizes], output: Sizes) -> int:
    """The kernel of one channel, (sides, filters), for each value of the input."""
    return prod(_kernel(inputs)[:-1]) * prod(inputs[0])


def _kernel(inputs: Sequence[Sizes]) -> Sizes:
    """The kernel has the image's axes and one more; a kernel that was computed has lost its first one."""
    if len(inputs) < 2 or len(inputs[1]) != len(inputs[0]) + 1:
        raise NoRule
    return inputs[1]


def gray(op: Any, inputs: Sequence[Sizes], output: Sizes) -> int:
    """Three colors, each with its factor, for each value of the output."""
    return 3 * prod(output)
