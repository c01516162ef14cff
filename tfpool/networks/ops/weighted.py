"""Ops with weights: convolutions, dense layers, normalization."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, ClassVar

from tfpool.networks.graph import Op, Shape, Side, known_size
from tfpool.networks.ops.base import Pair, Sliding, pair, sides


class Convolution(Sliding):
    """Convolutions that slide a kernel over their input."""

    if TYPE_CHECKING:  # fields of every subclass
        kernel_size: Pair
        strides: Pair
        padding: str
        dilation_rate: Pair
        use_bias: bool

    @abstractmethod
    def channels(self, features: Shape) -> int:
        """Channels of the output."""

    def output_shape(self, *inputs: Shape) -> Shape:
        return (*self.slide(inputs[0], self.padding), self.channels(inputs[0]))

    def params(self, *inputs: Shape) -> int:
        return self.macs_per_position(*inputs) + self.use_bias * self.channels(inputs[0])

    @property
    def window(self) -> tuple[Side, Side]:
        return sides(self.kernel_size, self.strides, self.dilation_rate)


@dataclass(frozen=True)
class Conv2D(Convolution):
    filters: int
    kernel_size: Pair
    strides: Pair = 1
    padding: str = "valid"
    dilation_rate: Pair = 1
    groups: int = 1
    activation: str | None = None
    use_bias: bool = True

    def channels(self, features: Shape) -> int:
        channels = known_size(features[-1])
        if channels % self.groups or self.filters % self.groups:
            raise ValueError(
                f"Conv2D needs channels and filters that are multiples of groups={self.groups}, "
                f"got {channels} channels and {self.filters} filters."
            )
        return self.filters

    def macs_per_position(self, *inputs: Shape) -> int:
        return prod(pair(self.kernel_size)) * known_size(inputs[0][-1]) // self.groups * self.filters


@dataclass(frozen=True)
class DepthwiseConv2D(Convolution):
    """One convolution per channel."""

    kernel_size: Pair
    strides: Pair = 1
    padding: str = "valid"
    dilation_rate: Pair = 1
    depth_multiplier: int = 1
    use_bias: bool = True

    def channels(self, features: Shape) -> int:
        return known_size(features[-1]) * self.depth_multiplier

    def macs_per_position(self, *inputs: Shape) -> int:
        return prod(pair(self.kernel_size)) * self.channels(inputs[0])


@dataclass(frozen=True)
class SeparableConv2D(Convolution):
    """One convolution per channel, then a 1×1 convolution."""

    filters: int
    kernel_size: Pair
    strides: Pair = 1
    padding: str = "valid"
    dilation_rate: Pair = 1
    depth_multiplier: int = 1
    use_bias: bool = True

    def channels(self, features: Shape) -> int:
        return self.filters

    def macs_per_position(self, *inputs: Shape) -> int:
        between = known_size(inputs[0][-1]) * self.depth_multiplier
        return (prod(pair(self.kernel_size)) + self.filters) * between


@dataclass(frozen=True)
class Conv2DTranspose(Op):
    """Transposed convolution: each input position adds its kernel to a larger map."""

    filters: int
    kernel_size: Pair
    strides: Pair = 1
    padding: str = "valid"
    use_bias: bool = True

    def output_shape(self, *inputs: Shape) -> Shape:
        added = [max(0, size - step) if self.padding == "valid" else 0 for size, step in self._sides]
        lengths = zip(inputs[0][:2], self._sides, added, strict=True)
        return (
            *(None if length is None else length * step + more for length, (_, step), more in lengths),
            self.filters,
        )

    def params(self, *inputs: Shape) -> int:
        return self.macs_per_position(*inputs) + self.use_bias * self.filters

    def macs_per_position(self, *inputs: Shape) -> int:
        """Multiply-adds for one position of the input, not of the output."""
        return prod(pair(self.kernel_size)) * known_size(inputs[0][-1]) * self.filters

    def macs(self, output: Shape, *inputs: Shape) -> int | None:
        return super().macs(inputs[0], *inputs)

    @property
    def window(self) -> tuple[Side, Side]:
        return tuple((-(-size // step), Fraction(1, step)) for size, step in self._sides)  # type: ignore[return-value]

    @property
    def _sides(self) -> tuple[tuple[int, int], ...]:
        return tuple(zip(pair(self.kernel_size), pair(self.strides), strict=True))


@dataclass(frozen=True)
class Dense(Op):
    units: int
    activation: str | None = None
    use_bias: bool = True

    def output_shape(self, *inputs: Shape) -> Shape:
        return (*inputs[0][:-1], self.units)

    def params(self, *inputs: Shape) -> int:
        return self.macs_per_position(*inputs) + self.use_bias * self.units

    def macs_per_position(self, *inputs: Shape) -> int:
        return known_size(inputs[0][-1]) * self.units


@dataclass(frozen=True)
class BatchNormalization(Op):
    momentum: float = 0.99
    epsilon: float = 1e-3

    def output_shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def params(self, *inputs: Shape) -> int:
        return 4 * known_size(inputs[0][-1])

    def non_trainable_params(self, *inputs: Shape) -> int:
        return 2 * known_size(inputs[0][-1])

    def macs_per_position(self, *inputs: Shape) -> int:
        return 0


@dataclass(frozen=True)
class Normalization(Op):
    """Standardizes by a stored mean and variance, which are weights, with a count."""

    # The count is an integer of 64 bits.
    wider_bytes: ClassVar[int] = 4

    def output_shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def params(self, *inputs: Shape) -> int:
        return 2 * known_size(inputs[0][-1]) + 1

    def non_trainable_params(self, *inputs: Shape) -> int:
        return self.params(*inputs)

    def macs_per_position(self, *inputs: Shape) -> int:
        return 0
