"""The sizes of a model's weights, and of the arrays between its layers, before any of them takes memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod
from typing import Any

import keras
from keras.src.backend.common import global_state

from tfpool.anatomy.unfold import Step, unfold
from tfpool.models.loading.config import Refused

MOST_NUMBERS = 2**30
"""Limit for one array between two layers, per image, and for all weights together: 4 GB."""
_SIDE = 512
"""Height and width of an image for a model that takes any size."""


_SPARE = 3
"""Times the file's numbers. Bidirectional makes weights of three layers for two, LoRA some that no file holds."""
_ZEROS = keras.initializers.Zeros()


class _Weights(list[Any]):
    """The list in which Keras keeps weights that have no values yet. Those beyond a number of numbers never get any."""

    def __init__(self, numbers_in_file: int) -> None:
        self._in_file, self._numbers = numbers_in_file, 0

    def append(self, weight: Any) -> None:
        if weight.name != "seed_generator_state":  # An `.h5` holds none.
            self._numbers += prod(weight.shape)
            # The file's values come at once, so the initializer need not be run.
            weight._initializer = self.refuse if self.are_too_many else _ZEROS
        super().append(weight)

    @property
    def are_too_many(self) -> bool:
        return self._numbers > _SPARE * min(self._in_file, MOST_NUMBERS)

    def refuse(self, *_: Any, **__: Any) -> None:
        raise Refused(f"its layers have {self._numbers:,} weights, and the file holds {self._in_file:,} numbers.")


@contextmanager
def limited_memory(numbers_in_file: int) -> Iterator[None]:
    """Weights that are made in this context have a shape, and get their values, and memory, only at its end.

    Keras lists such weights per thread, so the context is for a thread of its own: those of a model that is refused
    would else be made together with the thread's next ones.

    Raises:
        Refused: a model's weights are more than the file's numbers.
    """
    weights = _Weights(numbers_in_file)
    global_state.set_global_attribute("uninitialized_variables", weights)
    with keras.StatelessScope(initialize_variables=False) as scope:
        try:
            yield
        finally:
            if weights.are_too_many:  # Keras may have wrapped what a weight without a value led to.
                weights.refuse()
        scope.initialize_variables = True


def check_arrays(model: keras.Model) -> None:
    """Refuse a model with too large an array between its layers, of one image."""
    takes_any_size = any(None in tensor.shape[1:] for tensor in model.inputs)
    largest = max(_sizes_for_any_image(model) if takes_any_size else _sizes(model), default=0)
    if largest > MOST_NUMBERS:
        raise Refused(f"one of its layers makes {largest:,} numbers of one image.")


def _sizes(model: keras.Model) -> Iterator[int]:
    """The sizes of all arrays that layers make, also those inside other layers."""
    for layer in [model, *model._flatten_layers()]:
        functional = getattr(layer, "_functional", None) or layer
        for operation in getattr(functional, "operations", [layer]):
            for node in operation._inbound_nodes:
                yield from (prod(size or 1 for size in tensor.shape) for tensor in node.outputs)


def _sizes_for_any_image(model: keras.Model) -> list[int]:
    """The sizes for images of 512 × 512 pixels."""
    sizes = list(_sizes(model))

    def infer(step: Step, tensors: Sequence[Any]) -> list[Any]:
        arguments, settings = step.arguments.fill_in(dict(zip(step.sources, tensors, strict=True)))
        results = keras.tree.flatten(step.operation.compute_output_spec(*arguments, **settings))
        sizes.extend(prod(size or 1 for size in result.shape) for result in results)
        return results

    graph = unfold(model)
    for output in graph.outputs.values():
        inputs = {
            value: keras.KerasTensor((1, *(size or _SIDE for size in value.shape[1:])), value.dtype)
            for value in graph.inputs
        }
        graph.run(output, inputs, infer)
    return sizes
