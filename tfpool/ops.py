"""The ops that networks are made of. Each is named like the Keras layer it becomes.

Fields are that layer's arguments, with Keras's defaults. A new op is one small class here.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from tfpool.graph import Graph, Op, Shape, Tensor, known, text


class Weightless(Op):
    """An op without weights and, by the convention of `Op.macs_per_output`, without multiply-adds."""

    def params(self, *inputs: Shape) -> int:
        return 0

    def macs_per_output(self, *inputs: Shape) -> int:
        return 0


class Elementwise(Weightless):
    """A weightless op that keeps the shape of its first input."""

    def output_shape(self, *inputs: Shape) -> Shape:
        return inputs[0]


class Global(Weightless):
    """A weightless op whose every output sees the whole image."""

    @property
    def window(self) -> None:
        return None


@dataclass(frozen=True)
class InputLayer(Weightless):
    shape: Shape

    def output_shape(self, *inputs: Shape) -> Shape:
        return self.shape


def image_input(shape: Shape) -> Tensor:
    """The image tensor that a new graph starts with."""
    return Graph().add(InputLayer(shape), (), "input_layer")


# === Layers with weights ===


@dataclass(frozen=True)
class Conv2D(Op):
    filters: int
    kernel_size: int
    strides: int = 1
    padding: str = "valid"
    dilation_rate: int = 1
    activation: str | None = None
    use_bias: bool = True

    def output_shape(self, *inputs: Shape) -> Shape:
        return (*_slide(inputs[0], *self.window, self.padding), self.filters)

    def params(self, *inputs: Shape) -> int:
        return (self.macs_per_output(*inputs) + self.use_bias) * self.filters

    def macs_per_output(self, *inputs: Shape) -> int:
        return self.kernel_size**2 * known(inputs[0][-1])

    @property
    def window(self) -> tuple[int, int]:
        return (self.kernel_size - 1) * self.dilation_rate + 1, self.strides


@dataclass(frozen=True)
class DepthwiseConv2D(Op):
    """A convolution of each channel by itself."""

    kernel_size: int
    strides: int = 1
    padding: str = "valid"
    use_bias: bool = True

    def output_shape(self, *inputs: Shape) -> Shape:
        return (*_slide(inputs[0], *self.window, self.padding), inputs[0][-1])

    def params(self, *inputs: Shape) -> int:
        return (self.macs_per_output(*inputs) + self.use_bias) * known(inputs[0][-1])

    def macs_per_output(self, *inputs: Shape) -> int:
        return self.kernel_size**2

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
class Normalization(Op):
    """Subtracts a mean and divides by a deviation that are kept, with a count, as weights."""

    def output_shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def params(self, *inputs: Shape) -> int:
        return 2 * known(inputs[0][-1]) + 1

    def non_trainable_params(self, *inputs: Shape) -> int:
        return self.params(*inputs)

    def macs_per_output(self, *inputs: Shape) -> int:
        return 0


# === Layers without weights that keep the shape ===


@dataclass(frozen=True)
class Activation(Elementwise):
    activation: str


@dataclass(frozen=True)
class Dropout(Elementwise):
    rate: float
    noise_shape: tuple[int | None, ...] | None = None


@dataclass(frozen=True)
class Rescaling(Elementwise):
    scale: float


@dataclass(frozen=True)
class Add(Elementwise):
    """The sum of tensors of one shape."""

    def output_shape(self, *inputs: Shape) -> Shape:
        if len(set(inputs)) != 1:
            raise ValueError(f"Add needs tensors of one shape, got {', '.join(map(text, inputs))}.")
        return inputs[0]


@dataclass(frozen=True)
class Multiply(Elementwise):
    """A tensor times another of its shape, or of one value a channel."""

    def output_shape(self, *inputs: Shape) -> Shape:
        first, second = inputs
        if second not in (first, (1, 1, first[-1])):
            raise ValueError(f"Multiply needs {text(first)} twice, or one value a channel, got {text(second)}.")
        return first


# === Layers without weights that change the shape ===


@dataclass(frozen=True)
class Concatenate(Weightless):
    """Tensors side by side along the last axis."""

    def output_shape(self, *inputs: Shape) -> Shape:
        if len({shape[:-1] for shape in inputs}) != 1:
            raise ValueError(f"Concatenate needs one height and width, got {', '.join(map(text, inputs))}.")
        return (*inputs[0][:-1], sum(known(shape[-1]) for shape in inputs))


@dataclass(frozen=True)
class AveragePooling2D(Weightless):
    """The mean of each window."""

    pool_size: int
    strides: int | None = None
    padding: str = "valid"

    def output_shape(self, *inputs: Shape) -> Shape:
        return (*_slide(inputs[0], *self.window, self.padding), inputs[0][-1])

    @property
    def window(self) -> tuple[int, int]:
        return self.pool_size, self.strides or self.pool_size


@dataclass(frozen=True)
class MaxPooling2D(AveragePooling2D):
    """The maximum of each window."""

    pool_size: int = 2


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
class Reshape(Global):
    """One value a channel as a map of one position."""

    target_shape: tuple[int, ...]

    def output_shape(self, *inputs: Shape) -> Shape:
        if None in inputs[0] or prod(filter(None, inputs[0])) != prod(self.target_shape):
            raise ValueError(f"{text(inputs[0])} cannot be reshaped to {text(self.target_shape)}.")
        return self.target_shape


@dataclass(frozen=True)
class Flatten(Global):
    def output_shape(self, *inputs: Shape) -> Shape:
        return (prod(known(size) for size in inputs[0]),)


@dataclass(frozen=True)
class GlobalAveragePooling2D(Global):
    """The mean over height and width."""

    def output_shape(self, *inputs: Shape) -> Shape:
        return inputs[0][-1:]


@dataclass(frozen=True)
class GlobalMaxPooling2D(Global):
    """The maximum over height and width."""

    def output_shape(self, *inputs: Shape) -> Shape:
        return inputs[0][-1:]


@dataclass(frozen=True)
class GeneralizedMeanPooling2D(Global):
    """(mean xᵖ)^(1/p) over height and width, with a learnt p: a layer of `tfpool.layers`, not of Keras."""

    p: float

    def output_shape(self, *inputs: Shape) -> Shape:
        return inputs[0][-1:]

    def params(self, *inputs: Shape) -> int:
        return 1


@dataclass(frozen=True)
class AdaptiveAveragePooling2D(Global):
    """The means of a grid of output_size × output_size cells that may overlap."""

    output_size: int

    def output_shape(self, *inputs: Shape) -> Shape:
        return self.output_size, self.output_size, inputs[0][-1]


@dataclass(frozen=True)
class AdaptiveMaxPooling2D(AdaptiveAveragePooling2D):
    """The maxima of such a grid."""


def _slide(shape: Shape, size: int, stride: int, padding: str) -> tuple[int | None, int | None]:
    height, width, _ = shape

    def positions(length: int | None) -> int | None:
        if length is None:
            return None
        return -(-length // stride) if padding == "same" else (length - size) // stride + 1

    return positions(height), positions(width)


def _plus(size: int | None, more: int) -> int | None:
    return None if size is None else size + more
