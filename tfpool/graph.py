"""A symbolic tensor, the graph it belongs to, and the ops that networks are made of.

An op is named like the Keras layer it becomes and its fields are that layer's arguments, with Keras's
defaults. It adds the facts that counting needs: output shape, parameters, multiply-adds and window.
Nothing here imports Keras, or anything of ours.
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields
from math import prod
from typing import Any

Shape = tuple[int | None, ...]
"""Shape of one image's tensor, without the batch: (H, W, C) or (C,). None where a size is not known."""


@dataclass(frozen=True, eq=False)
class Tensor:
    """The output of one op in a graph."""

    graph: Graph
    op: Op
    inputs: tuple[Tensor, ...]
    name: str
    shape: Shape

    @property
    def channels(self) -> int:
        return known(self.shape[-1])


@dataclass(eq=False)
class Graph:
    """The tensors of one network by name, in the order in which they were made: a topological one."""

    tensors: dict[str, Tensor] = field(default_factory=dict)

    def add(self, op: Op, inputs: tuple[Tensor, ...], name: str) -> Tensor:
        if name in self.tensors:
            raise ValueError(f"Each layer needs a name of its own, {name!r} is taken.")
        shape = op.output_shape(*(tensor.shape for tensor in inputs))
        if any(size is not None and size < 1 for size in shape):
            raise ValueError(
                f"The image is too small for this network: layer {name!r} ({op.layer}) was left with "
                f"{text(inputs[0].shape)}. Use a larger image."
            )
        self.tensors[name] = Tensor(self, op, inputs, name, shape)
        return self.tensors[name]


def known(size: int | None) -> int:
    """The size, where an op cannot do without it.

    Raises:
        ValueError: if the size is None.
    """
    if size is None:
        raise ValueError("This layer needs a fixed image size, got None for height or width.")
    return size


def at_least(least: int, value: Any, what: str) -> int:
    """The whole number `value`, if it is at least `least`.

    Raises:
        ValueError: naming `what` the number is for.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least or isinstance(value, bool):
        raise ValueError(f"A whole number of at least {least} is needed for {what}, got {value!r}.")
    return number


def text(shape: Shape) -> str:
    """(7, 7, 2048) as '7×7×2048', with a question mark for a size that is not known."""
    return "×".join("?" if size is None else str(size) for size in shape)


class Op(ABC):
    """One layer, described. Shapes are of one image; a subclass is a frozen dataclass of arguments."""

    def __call__(self, *inputs: Tensor, name: str) -> Tensor:
        return inputs[0].graph.add(self, inputs, name)

    @property
    def layer(self) -> str:
        """Name of the class in `keras.layers`."""
        return type(self).__name__

    @property
    def arguments(self) -> dict[str, Any]:
        """The layer's arguments that differ from Keras's defaults."""
        given = {f.name: (getattr(self, f.name), f.default) for f in fields(self)}  # type: ignore[arg-type]
        return {name: value for name, (value, default) in given.items() if value != default}

    @abstractmethod
    def output_shape(self, *inputs: Shape) -> Shape:
        """Shape of the output."""

    @abstractmethod
    def params(self, *inputs: Shape) -> int:
        """Number of weights, trainable or not, as Keras's `count_params()`."""

    @abstractmethod
    def macs_per_output(self, *inputs: Shape) -> int:
        """Multiply-adds for one output value.

        A fused multiply-add counts one. Only convolutions and dense layers multiply by weights: biases,
        normalisation (which folds into the convolution before it), activations, pooling and additions
        count none.
        """

    def non_trainable_params(self, *inputs: Shape) -> int:
        """Number of weights that training does not change: moving statistics."""
        return 0

    @property
    def window(self) -> tuple[int, int] | None:
        """Side and stride of the square of input that one output position sees; None for all of it."""
        return 1, 1


class Weightless(Op):
    """An op without weights and, by the convention above, without multiply-adds."""

    def params(self, *inputs: Shape) -> int:
        return 0

    def macs_per_output(self, *inputs: Shape) -> int:
        return 0


class Elementwise(Weightless):
    """A weightless op that keeps the shape of its first input."""

    def output_shape(self, *inputs: Shape) -> Shape:
        return inputs[0]


@dataclass(frozen=True)
class InputLayer(Weightless):
    shape: Shape

    def output_shape(self, *inputs: Shape) -> Shape:
        return self.shape


def image_input(shape: Shape) -> Tensor:
    """The image tensor that a new graph starts with."""
    return Graph().add(InputLayer(shape), (), "input_layer")


@dataclass(frozen=True)
class Conv2D(Op):
    filters: int
    kernel_size: int
    strides: int = 1
    padding: str = "valid"
    use_bias: bool = True

    def output_shape(self, *inputs: Shape) -> Shape:
        return (*_slide(inputs[0], self.kernel_size, self.strides, self.padding), self.filters)

    def params(self, *inputs: Shape) -> int:
        return (self.macs_per_output(*inputs) + self.use_bias) * self.filters

    def macs_per_output(self, *inputs: Shape) -> int:
        return self.kernel_size**2 * known(inputs[0][-1])

    @property
    def window(self) -> tuple[int, int]:
        return self.kernel_size, self.strides


@dataclass(frozen=True)
class Dense(Op):
    units: int
    activation: str | None = None

    def output_shape(self, *inputs: Shape) -> Shape:
        return (*inputs[0][:-1], self.units)

    def params(self, *inputs: Shape) -> int:
        return (known(inputs[0][-1]) + 1) * self.units

    def macs_per_output(self, *inputs: Shape) -> int:
        return known(inputs[0][-1])


@dataclass(frozen=True)
class BatchNormalization(Op):
    momentum: float = 0.99
    epsilon: float = 1e-3

    def output_shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def params(self, *inputs: Shape) -> int:
        return 4 * known(inputs[0][-1])

    def non_trainable_params(self, *inputs: Shape) -> int:
        return 2 * known(inputs[0][-1])

    def macs_per_output(self, *inputs: Shape) -> int:
        return 0


@dataclass(frozen=True)
class Activation(Elementwise):
    activation: str


@dataclass(frozen=True)
class Dropout(Elementwise):
    rate: float


@dataclass(frozen=True)
class Add(Elementwise):
    """The sum of tensors of one shape."""

    def output_shape(self, *inputs: Shape) -> Shape:
        if len(set(inputs)) != 1:
            raise ValueError(f"Add needs tensors of one shape, got {', '.join(map(text, inputs))}.")
        return inputs[0]


@dataclass(frozen=True)
class MaxPooling2D(Weightless):
    pool_size: int = 2
    strides: int | None = None
    padding: str = "valid"

    def output_shape(self, *inputs: Shape) -> Shape:
        return (*_slide(inputs[0], *self.window, self.padding), inputs[0][-1])

    @property
    def window(self) -> tuple[int, int]:
        return self.pool_size, self.strides or self.pool_size


@dataclass(frozen=True)
class ZeroPadding2D(Weightless):
    """Zeros around height and width, or with data_format="channels_first" around width and channels.

    The second form is what the parameter-free shortcut of the CIFAR ResNets needs: Keras pads the last
    two axes then, whatever they hold.
    """

    padding: int | tuple[tuple[int, int], tuple[int, int]] = 1
    data_format: str | None = None

    def output_shape(self, *inputs: Shape) -> Shape:
        height, width, channels = inputs[0]
        pads = ((self.padding,) * 2,) * 2 if isinstance(self.padding, int) else self.padding
        first, second = (sum(pair) for pair in pads)
        if self.data_format == "channels_first":
            return height, _plus(width, first), _plus(channels, second)
        return _plus(height, first), _plus(width, second), channels


@dataclass(frozen=True)
class Flatten(Weightless):
    def output_shape(self, *inputs: Shape) -> Shape:
        return (prod(known(size) for size in inputs[0]),)

    @property
    def window(self) -> None:
        return None


class _Global(Weightless):
    def output_shape(self, *inputs: Shape) -> Shape:
        return inputs[0][-1:]

    @property
    def window(self) -> None:
        return None


@dataclass(frozen=True)
class GlobalAveragePooling2D(_Global):
    """The mean over height and width."""


@dataclass(frozen=True)
class GlobalMaxPooling2D(_Global):
    """The maximum over height and width."""


def _slide(shape: Shape, size: int, stride: int, padding: str) -> tuple[int | None, int | None]:
    height, width, _ = shape

    def positions(length: int | None) -> int | None:
        if length is None:
            return None
        return -(-length // stride) if padding == "same" else (length - size) // stride + 1

    return positions(height), positions(width)


def _plus(size: int | None, more: int) -> int | None:
    return None if size is None else size + more
