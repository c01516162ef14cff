"""Base classes of ops that share facts: no weights, same shape, global, sliding a window."""

from __future__ import annotations

from abc import abstractmethod
from fractions import Fraction
from functools import cache

from tfpool.networks.graph import Op, Shape, Side

Pair = int | tuple[int, int]
"""One number for both height and width, or (height, width)."""


class Weightless(Op):
    """An op without weights and, by the convention of `Op.macs_per_position`, without multiply-adds."""

    def params(self, *inputs: Shape) -> int:
        return 0

    def macs_per_position(self, *inputs: Shape) -> int:
        return 0


class Elementwise(Weightless):
    """A weightless op that keeps the shape of its first input."""

    def output_shape(self, *inputs: Shape) -> Shape:
        return inputs[0]


class Global(Weightless):
    """A weightless op: each output position sees the whole image."""

    @property
    def window(self) -> None:
        return None


class Sliding(Op):
    """An op that slides a window over height and width."""

    @property
    @abstractmethod
    def window(self) -> tuple[Side, Side]:
        """Size and stride of the window for height and for width."""

    def slide(self, shape: Shape, padding: str) -> tuple[int | None, int | None]:
        """Height and width of the output for a map (H, W, C)."""
        (height, width, _), (down, across) = shape, self.window
        return _positions(height, *down, padding), _positions(width, *across, padding)


def _positions(length: int | None, size: int, stride: int | Fraction, padding: str) -> int | None:
    if length is None:
        return None
    return int(-(-length // stride) if padding == "same" else (length - size) // stride + 1)


def pair(value: Pair) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


@cache
def sides(size: Pair, strides: Pair, dilation: Pair = 1) -> tuple[Side, Side]:
    """A window from Keras's arguments."""
    lengths = pair(size)
    rates = (dilation,) * len(lengths) if isinstance(dilation, int) else dilation
    dilated = [(length - 1) * rate + 1 for length, rate in zip(lengths, rates, strict=True)]
    return tuple(zip(dilated, pair(strides), strict=True))  # type: ignore[return-value]
