"""A symbolic tensor, the graph it belongs to, and what an op has to tell. The ops themselves are in `ops`.

An op is named like the Keras layer it becomes and its fields are that layer's arguments. It adds the facts that
counting needs: output shape, parameters, multiply-adds and window. Nothing here imports Keras, or anything of ours.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from math import prod
from typing import Any, ClassVar

Shape = tuple[int | None, ...]
"""Shape of one image's tensor, without the batch: (H, W, C) or (C,). None where a size is not known."""

FLOAT32 = 4
"""Bytes of one value."""

Side = tuple[int, int | Fraction]
"""How far one output position sees along one axis of the input, and how far apart two neighbours stand there."""


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
    """The tensors of one network by name, in the order in which they were made: a topological one.

    Attributes:
        relu: the activation that takes the place of each ReLU.
    """

    relu: str = "relu"
    tensors: dict[str, Tensor] = field(default_factory=dict)

    def add(self, op: Op, inputs: tuple[Tensor, ...], name: str) -> Tensor:
        if name in self.tensors:
            raise ValueError(f"Each layer needs a name of its own, {name!r} is taken.")
        if self.relu != "relu" and getattr(op, "activation", None) == "relu":
            op = replace(op, activation=self.relu)  # type: ignore[type-var]
        shape = op.output_shape(*[tensor.shape for tensor in inputs])
        for size in shape:
            if size is not None and size < 1:
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


def text(shape: Shape) -> str:
    """(7, 7, 2048) as '7×7×2048', with a question mark for a size that is not known."""
    return "×".join("?" if size is None else str(size) for size in shape)


class Op(ABC):
    """One layer, described. Shapes are of one image; a subclass is a frozen dataclass of arguments."""

    def __call__(self, *inputs: Tensor, name: str) -> Tensor:
        return inputs[0].graph.add(self, inputs, name)

    wider_bytes: ClassVar[int] = 0
    """Memory of the weights over that of as many float32 values, in bytes."""

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
    def macs_per_position(self, *inputs: Shape) -> int:
        """Multiply-adds for one position of the output, over all its channels.

        A fused multiply-add counts one. Only convolutions and dense layers multiply by weights: biases,
        normalisation (which folds into the convolution before it), activations, pooling and additions
        count none.
        """

    def macs(self, output: Shape, *inputs: Shape) -> int | None:
        """Multiply-adds for the whole output; None where its size is not known."""
        each = self.macs_per_position(*inputs)
        if each == 0:
            return 0
        return None if None in output else each * prod(filter(None, output[:-1]))

    def non_trainable_params(self, *inputs: Shape) -> int:
        """Number of weights that training does not change: moving statistics."""
        return 0

    @property
    def window(self) -> tuple[Side, Side] | None:
        """What one output position sees of the input's height and width; None for all of it."""
        return LOCAL


LOCAL: tuple[Side, Side] = ((1, 1), (1, 1))
"""The window of an op that sees the same position only."""
