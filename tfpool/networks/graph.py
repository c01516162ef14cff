"""A symbolic tensor, its graph, and the facts that an op states. The ops themselves are in `ops`.

An op is named like its Keras layer, and its fields are that layer's arguments. It adds what counting needs: output
shape, parameters, multiply-adds and window. Nothing here imports Keras or other modules of tfpool.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from math import prod
from typing import Any, ClassVar

Shape = tuple[int | None, ...]
"""Shape of one image's tensor, without the batch: (H, W, C) or (C,). None for an unknown size."""

FLOAT32 = 4
"""Bytes per value."""

Side = tuple[int, int | Fraction]
"""Size and stride of a window along one axis: what one output position sees, and the step to its neighbor."""


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
        return known_size(self.shape[-1])


@dataclass(eq=False)
class Graph:
    """The tensors of one network by name, in topological order. `relu` is the activation in place of each ReLU."""

    relu: str = "relu"
    tensors: dict[str, Tensor] = field(default_factory=dict)

    def add(self, op: Op, inputs: tuple[Tensor, ...], name: str) -> Tensor:
        if name in self.tensors:
            raise ValueError(f"Two layers are called {name!r}. Give each layer its own name.")
        if self.relu != "relu" and getattr(op, "activation", None) == "relu":
            op = replace(op, activation=self.relu)  # type: ignore[type-var]
        shape = op.output_shape(*[tensor.shape for tensor in inputs])
        for size in shape:
            if size is not None and size < 1:
                raise ValueError(
                    f"The image is too small for this network: layer {name!r} ({op.layer}) received "
                    f"{text(inputs[0].shape)}. Use a larger image."
                )
        self.tensors[name] = Tensor(self, op, inputs, name, shape)
        return self.tensors[name]


def known_size(size: int | None) -> int:
    """The size, for an op that cannot do without it: None is an error."""
    if size is None:
        raise ValueError("This layer needs a fixed image size, got None for height or width.")
    return size


def text(shape: Shape) -> str:
    """(7, 7, 2048) as '7×7×2048', with a question mark for an unknown size."""
    return "×".join("?" if size is None else str(size) for size in shape)


class Op(ABC):
    """The description of one layer. A subclass is a frozen dataclass of arguments; shapes are of one image."""

    def __call__(self, *inputs: Tensor, name: str) -> Tensor:
        return inputs[0].graph.add(self, inputs, name)

    wider_bytes: ClassVar[int] = 0
    """Bytes that the weights take beyond 4 per weight."""

    @property
    def layer(self) -> str:
        """Name of the class in `keras.layers`."""
        return type(self).__name__

    @property
    def arguments(self) -> dict[str, Any]:
        """The layer's arguments that differ from Keras's defaults."""
        values = {f.name: (getattr(self, f.name), f.default) for f in fields(self)}  # type: ignore[arg-type]
        return {name: value for name, (value, default) in values.items() if value != default}

    @abstractmethod
    def output_shape(self, *inputs: Shape) -> Shape:
        """Shape of the output."""

    @abstractmethod
    def params(self, *inputs: Shape) -> int:
        """Number of weights, trainable or not, as Keras's `count_params()`."""

    @abstractmethod
    def macs_per_position(self, *inputs: Shape) -> int:
        """Multiply-adds for one position of the output, over all its channels; a fused multiply-add counts one.

        Only convolutions and dense layers count: biases, normalization (which folds into the convolution before it),
        activations, pooling and additions count zero.
        """

    def macs(self, output: Shape, *inputs: Shape) -> int | None:
        """Multiply-adds for the whole output; None if its size is unknown."""
        macs = self.macs_per_position(*inputs)
        if macs == 0:
            return 0
        return None if None in output else macs * prod(filter(None, output[:-1]))

    def non_trainable_params(self, *inputs: Shape) -> int:
        """Number of weights that training does not change, such as moving statistics."""
        return 0

    @property
    def window(self) -> tuple[Side, Side] | None:
        """The window of one output position along height and width; None for the whole input."""
        return LOCAL


LOCAL: tuple[Side, Side] = ((1, 1), (1, 1))
"""The window of an op that keeps positions to themselves."""
