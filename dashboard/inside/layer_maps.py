"""The maps of every layer for one image, stage by stage, and what residual blocks add. Numbers only, no page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import keras

    from tfpool.anatomy.unfold import Graph, Step, Value

MOST_MAPS = 16
MOST_BLOCK_MAPS = 5
STAGE_MAPS = 4


@dataclass(frozen=True, eq=False)
class Maps:
    """The strongest maps of a layer, by the mean of their absolute values.

    Attributes:
        shape: (h, w, C) of all maps.
        numbers: int (T,) of those shown, strongest first.
        values: float32 (T, h, w).
    """

    layer: str
    shape: tuple[int, int, int]
    numbers: np.ndarray
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class Block:
    """A residual block: its input x by the shortcut, F(x), and their sum, float32 (T, h, w) each, of the same maps.

    `scores` and `without` are the model's scores (K,) as it is, and with F(x) alone in place of the sum.
    """

    numbers: np.ndarray
    x: np.ndarray
    f: np.ndarray
    total: np.ndarray
    scores: np.ndarray
    without: np.ndarray


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer's name, operation and map size (h, w), and its receptive field in pixels, None for the whole image."""

    name: str
    operation: str
    size: tuple[int, int]
    field: int | None


class Pass:
    """One forward pass of a model over an image (1, H, W, C) that keeps the output of every layer."""

    def __init__(self, model: keras.Model, image: np.ndarray, output: str | None = None) -> None:
        from keras import ops

        from tfpool.anatomy.named_parts import find_ending, find_image
        from tfpool.anatomy.unfold import unfold

        self._graph: Graph = unfold(model)
        if len(self._graph.inputs) > 1:
            raise ValueError("Layers are shown for models with one input. This model has several.")
        self._source = find_image(self._graph, model.name, None)
        self._ending = find_ending(self._graph, model, output)[1]
        self._tensor = ops.convert_to_tensor(image[..., 0] if len(self._source.shape) == 3 else image)
        recorded: dict[Step, list[Any]] = {}

        def record(step: Step, tensors: Any) -> list[Any]:
            recorded[step] = step(tensors)
            return recorded[step]

        self.scores = self._scores(self._graph.run(self._ending.value, {self._source: self._tensor}, record))
        self._tensors: dict[Value, Any] = {
            value: tensor
            for step, values in self._graph.steps
            if step in recorded
            for value, tensor in zip(values, recorded[step], strict=True)
            if len(value.shape) == 4 and 1 not in tensor.shape[1:3]
        }
        if not self._tensors:
            raise ValueError(f"{model.name} has no layer with maps of more than one cell.")

    def layers(self, fields: dict[str, int | None]) -> list[Layer]:
        """All layers with maps, in execution order, with receptive fields by their names."""
        return [
            Layer(
                value.step.name,
                type(value.step.operation).__name__,
                tuple(tensor.shape[1:3]),
                fields.get(value.step.name),
            )
            for value, tensor in self._tensors.items()
            if value.step
        ]

    def maps(self, layer: str, most: int = MOST_MAPS) -> Maps:
        """The strongest maps of a layer."""
        values = self._array(self._value(layer))
        numbers = _strongest(values, most)
        return Maps(layer, values.shape, numbers, np.moveaxis(values[..., numbers], -1, 0))

    def block(self, layer: str) -> Block | None:
        """The residual block that ends in that layer; None if the layer does not add two maps."""
        total = self._value(layer)
        step = total.step
        if step is None or type(step.operation).__name__ != "Add" or len(step.inputs) != 2:
            return None
        shortcut, other = sorted(step.inputs, key=self._depth)
        if shortcut not in self._tensors or other not in self._tensors:
            return None
        x, f, both = (self._array(value) for value in (shortcut, other, total))
        if not x.shape == f.shape == both.shape:
            return None
        numbers = _strongest(both, MOST_BLOCK_MAPS)
        without = self._graph.run(self._ending.value, {self._source: self._tensor, total: self._tensors[other]})
        x, f, both = (np.moveaxis(values[..., numbers], -1, 0) for values in (x, f, both))
        return Block(numbers, x, f, both, self.scores, self._scores(without))

    def _value(self, layer: str) -> Value:
        return next(value for value in self._tensors if value.step and value.step.name == layer)

    def _array(self, value: Value) -> np.ndarray:
        return np.asarray(self._tensors[value], np.float32)[0]

    def _scores(self, ended: Any) -> np.ndarray:
        return np.asarray(self._ending.scores(ended), np.float32)[0]

    def _depth(self, value: Value) -> int:
        """How much is computed before a value: less before the shortcut than before F(x)."""
        from tfpool.anatomy.unfold import ancestors

        return len(ancestors(value))


def stages(layers: list[Layer]) -> list[Layer]:
    """The last layer of each stage: of each run of layers with maps of one size. Padding begins no stage."""
    layers = [layer for layer in layers if layer.operation != "ZeroPadding2D"]
    ends = [*layers[1:], None]
    return [layer for layer, after in zip(layers, ends, strict=True) if after is None or after.size != layer.size]


def _strongest(values: np.ndarray, most: int) -> np.ndarray:
    strength = np.abs(values).mean(axis=(0, 1))
    return np.argsort(-strength, kind="stable")[:most]
