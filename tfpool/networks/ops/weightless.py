"""Ops without weights: activations, additions, padding, pooling, reshaping."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import prod

from tfpool.networks.graph import Shape, Side, known_size, text
from tfpool.networks.ops.base import Elementwise, Global, Pair, Sliding, Weightless, pair, sides

# === Keeping the shape ===


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
    """The sum of tensors of the same shape."""

    def output_shape(self, *inputs: Shape) -> Shape:
        if len(set(inputs)) != 1:
            raise ValueError(f"Add needs tensors of the same shape, got {', '.join(map(text, inputs))}.")
        return inputs[0]


@dataclass(frozen=True)
class Multiply(Elementwise):
    """A tensor times another of the same shape, or with one value per channel."""

    def output_shape(self, *inputs: Shape) -> Shape:
        first, second = inputs
        if second not in (first, (1, 1, first[-1])):
            raise ValueError(f"Multiply needs a second tensor of {text(first)} or 1×1×{first[-1]}, got {text(second)}.")
        return first


# === Changing the shape ===


@dataclass(frozen=True)
class Concatenate(Weightless):
    """Tensors joined along an axis; axis 0 is the batch, as in Keras."""

    axis: int = -1

    def output_shape(self, *inputs: Shape) -> Shape:
        axis = self.axis if self.axis < 0 else self.axis - 1 - len(inputs[0])
        first, after = len(inputs[0]) + axis, len(inputs[0]) + axis + 1
        if len({(*shape[:first], *shape[after:]) for shape in inputs}) != 1:
            what = "height and width" if axis == -1 else "size along all other axes"
            raise ValueError(f"Concatenate needs tensors of the same {what}, got {', '.join(map(text, inputs))}.")
        return (*inputs[0][:first], sum(known_size(shape[axis]) for shape in inputs), *inputs[0][after:])


@dataclass(frozen=True)
class AveragePooling2D(Weightless, Sliding):
    """The mean of each window."""

    pool_size: Pair
    strides: Pair | None = None
    padding: str = "valid"

    def output_shape(self, *inputs: Shape) -> Shape:
        return (*self.slide(inputs[0], self.padding), inputs[0][-1])

    @property
    def window(self) -> tuple[Side, Side]:
        return sides(self.pool_size, self.strides or self.pool_size)


@dataclass(frozen=True)
class MaxPooling2D(AveragePooling2D):
    """The maximum of each window."""

    pool_size: Pair = 2


@dataclass(frozen=True)
class UpSampling2D(Weightless):
    """A larger map, by repeating or interpolating positions."""

    size: Pair = 2

    def output_shape(self, *inputs: Shape) -> Shape:
        height, width, channels = inputs[0]
        down, across = pair(self.size)
        return height and height * down, width and width * across, channels

    @property
    def window(self) -> tuple[Side, Side]:
        down, across = pair(self.size)
        return (1, Fraction(1, down)), (1, Fraction(1, across))


@dataclass(frozen=True)
class ZeroPadding2D(Weightless):
    """Zeros around height and width, or with data_format="channels_first" around width and channels.

    The parameter-free shortcut of the CIFAR ResNets uses the second form: Keras then pads the last two axes.
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
class Cropping2D(Weightless):
    """Removes rows at the top and bottom, columns at the left and right."""

    cropping: tuple[tuple[int, int], tuple[int, int]]

    def output_shape(self, *inputs: Shape) -> Shape:
        height, width, channels = inputs[0]
        rows, columns = (-sum(pair) for pair in self.cropping)
        return _plus(height, rows), _plus(width, columns), channels


@dataclass(frozen=True)
class Reshape(Global):
    """One value per channel as a map of one position."""

    target_shape: tuple[int, ...]

    def output_shape(self, *inputs: Shape) -> Shape:
        if None in inputs[0] or prod(filter(None, inputs[0])) != prod(self.target_shape):
            raise ValueError(f"Reshape cannot turn {text(inputs[0])} into {text(self.target_shape)}.")
        return self.target_shape


@dataclass(frozen=True)
class Flatten(Global):
    def output_shape(self, *inputs: Shape) -> Shape:
        return (prod(known_size(size) for size in inputs[0]),)


@dataclass(frozen=True)
class GlobalAveragePooling2D(Global):
    """The mean over height and width."""

    def output_shape(self, *inputs: Shape) -> Shape:
        return inputs[0][-1:]


@dataclass(frozen=True)
class GlobalMaxPooling2D(GlobalAveragePooling2D):
    """The maximum over height and width."""


@dataclass(frozen=True)
class GeneralizedMeanPooling2D(Global):
    """(mean xᵖ)^(1/p) over height and width, with a learned p: a layer of `tfpool.layers`, not of Keras."""

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


def _plus(size: int | None, more: int) -> int | None:
    return None if size is None else size + more
