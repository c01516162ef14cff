"""Multiply-adds of layers that hold other layers: recurrent ones, wrappers, models. Loads Keras when it is called.

`count` counts an inner layer: (layer, shapes of the inputs, shape of the output) to multiply-adds, as in `rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tfpool.networks.graph import Shape

Count = Callable[[Any, Sequence[Shape], Shape], int | None]


def recurrent(count: Count, layer: Any, inputs: Sequence[Shape], output: Shape) -> int | None:
    """The cell, once per step."""
    steps, *features = inputs[0]
    return _times(steps, count(layer.cell, [tuple(features)], output[1:] if layer.return_sequences else output))


def stacked_cells(count: Count, cell: Any, inputs: Sequence[Shape], output: Shape) -> int | None:
    """Each cell, on the output of the one before."""
    shapes = [inputs[0], *((_output_size(inner),) for inner in cell.cells)]
    calls = zip(cell.cells, shapes[:-1], shapes[1:], strict=True)
    return _sum(count(inner, [shape], after) for inner, shape, after in calls)


def bidirectional(count: Count, layer: Any, inputs: Sequence[Shape], output: Shape) -> int | None:
    """Both directions. What merges their outputs counts zero."""

    def output_of(direction: Any) -> Shape:
        shapes = direction.compute_output_shape((None, *inputs[0]))
        return tuple(shapes[0] if direction.return_state else shapes)[1:]

    directions = (layer.forward_layer, layer.backward_layer)
    return _sum(count(direction, inputs, output_of(direction)) for direction in directions)


def time_distributed(count: Count, layer: Any, inputs: Sequence[Shape], output: Shape) -> int | None:
    """The inner layer, once per step."""
    return _times(inputs[0][0], count(layer.layer, [shape[1:] for shape in inputs], output[1:]))


def pipeline(count: Count, layer: Any, inputs: Sequence[Shape], output: Shape) -> int | None:
    """The layers, one after the other."""
    shapes = [inputs[0]]
    for inner in layer.layers:
        shapes.append(tuple(inner.compute_output_shape((None, *shapes[-1])))[1:])
    calls = zip(layer.layers, shapes[:-1], shapes[1:], strict=True)
    return _sum(count(inner, [shape], after) for inner, shape, after in calls)


def wrapped(count: Count, layer: Any, inputs: Sequence[Shape], output: Shape) -> int | None:
    return count(layer.layer, inputs, output)


def model(count: Count, outer: Any, inputs: Sequence[Shape], output: Shape) -> int | None:
    """All steps of the model's graph."""
    from tfpool.anatomy.unfold import unfold
    from tfpool.counting.known_shapes import input_shapes, known_shapes

    graph = unfold(outer)
    own = [value.shape[1:] for value in graph.inputs]
    # Keras adds an axis of one to an input, or drops it, where the model takes it so.
    shapes = known_shapes(graph, inputs if list(map(len, inputs)) == list(map(len, own)) else own)
    calls = ((step.operation, input_shapes(step, shapes), shapes[values[0]]) for step, values in graph.steps)
    return _sum(count(*call) for call in calls)


def _output_size(cell: Any) -> int:
    """Channels of a cell's output: those of its first state, unless it says otherwise."""
    size = getattr(cell, "output_size", None) or cell.state_size
    return size if isinstance(size, int) else size[0]


def _times(steps: int | None, macs: int | None) -> int | None:
    return None if steps is None or macs is None else steps * macs


def _sum(counts: Iterable[int | None]) -> int | None:
    numbers = list(counts)
    return None if None in numbers else sum(filter(None, numbers))
