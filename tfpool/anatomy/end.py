"""What ends a classifier: the function between its scores and its outputs, recognized by what it computes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from typing import Any

import keras
import numpy as np
from keras import ops

from tfpool.anatomy.twin import without_activation
from tfpool.anatomy.unfold import Step, Value

LINEAR, SOFTMAX, SIGMOID, LOG_SOFTMAX, PROBABILITY, NUMBER = (
    *("linear", "softmax", "sigmoid", "log_softmax"),
    *("probability", "number"),
)
"""How a model ends. The last two cannot be taken off: outputs that are probabilities, or any other numbers."""
_FUNCTIONS = {SOFTMAX: ops.softmax, SIGMOID: ops.sigmoid, LOG_SOFTMAX: ops.log_softmax}
_TOLERANCE = 1e-5
_HALF_PRECISION = 2e-2
_ANY_SIZE = 4
"""In place of a height or width that is not known."""
_BINARY = ("binary", "hinge")
"""How the names of losses begin, or contain, that a score of yes or no is trained with."""


@dataclass(frozen=True)
class End:
    """Where a model's scores are, and what turns them into its outputs.

    Attributes:
        kind: one of the names above.
        units: K.
        value: the scores; or what `step` makes the scores of, by its twin `operation` without an activation.
    """

    kind: str
    units: int
    value: Value
    step: Step | None = None
    operation: keras.Operation | None = None

    def scores(self, tensor: Any) -> Any:
        """Scores (N, K) float32 from the tensor of `value`."""
        if self.step is not None:
            (tensor,) = self.step([tensor], self.operation)
        return ops.cast(ops.reshape(tensor, (-1, self.units)), "float32")


def find_end(output: Value, loss: Any = None) -> End:
    """How a model's output (N, K) comes from its scores; `loss` is what the model is trained with, if that is known."""
    end = _recognized(output)
    return replace(end, kind=NUMBER) if end.kind == LINEAR and end.units == 1 and not _is_binary(loss) else end


def _recognized(output: Value) -> End:
    """Walk back from the output, past what has no weights, to the nearest softmax, sigmoid or log-softmax."""
    value, kind = output, LINEAR
    after: Callable[[Any], Any] = _unchanged
    units = _size(output) or 0
    while value.step and len(value.step.inputs) == 1:
        step, (source,) = value.step, value.step.inputs
        stripped = without_activation(step.operation)
        if stripped:
            function, bare = stripped
            kind = _kind(_in_turn(function, after), value)
            if kind in _FUNCTIONS and _is_last(step, function, bare):
                return End(kind, units, source, step, bare)
            return End(_limits(kind, _in_turn(function, after), value), units, output)
        if getattr(step.operation, "weights", None) or _size(source) != _size(value):
            break
        after = _in_turn(partial(_run, step), after)
        kind = _kind(after, source)
        if kind in _FUNCTIONS:
            return End(kind, units, source)
        value = source
    return End(_limits(kind, after, value) if kind != LINEAR else _of_merged(value), units, output)


def _unchanged(tensor: Any) -> Any:
    return tensor


def _run(step: Step, tensor: Any) -> Any:
    return step([tensor])[0]


def _in_turn(first: Callable[[Any], Any], second: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda tensor: second(first(tensor))


def _size(value: Value) -> int | None:
    return None if None in value.shape[1:] else prod(filter(None, value.shape[1:]))


def _kind(function: Callable[[Any], Any], value: Value) -> str:
    """Which function of scores this one is: one of `_FUNCTIONS`, `LINEAR` where it changes nothing, or `NUMBER`."""
    scores = _probe(value, 3.0)
    outputs = _computed(function, scores)
    if outputs is None or outputs.size != scores.size:
        return NUMBER
    outputs, flat = outputs.reshape(len(scores), -1), scores.reshape(len(scores), -1)
    tolerance = _tolerance(value)
    # Of one score, softmax is always 1.
    functions = _FUNCTIONS if flat.shape[1] > 1 else {SIGMOID: ops.sigmoid}
    candidates = {name: np.asarray(known(flat)) for name, known in functions.items()} | {LINEAR: flat}
    return next(
        (name for name, known in candidates.items() if np.allclose(outputs, known, tolerance, tolerance)), NUMBER
    )


def _limits(kind: str, function: Callable[[Any], Any], value: Value) -> str:
    """Whether a function's results are probabilities: from 0 to 1, however large the scores are."""
    if kind == LINEAR:
        return LINEAR
    outputs = _computed(function, _probe(value, 30.0))
    is_probability = outputs is not None and outputs.min() >= -_TOLERANCE and outputs.max() <= 1 + _TOLERANCE
    return PROBABILITY if is_probability else NUMBER


def _of_merged(output: Value) -> str:
    """`PROBABILITY` if the output is made of probabilities alone, such as the mean of two softmaxes."""
    step = output.step
    if step is None or len(step.inputs) < 2 or getattr(step.operation, "weights", None):
        return LINEAR
    if not {_recognized(source).kind for source in step.inputs} <= {SOFTMAX, SIGMOID, PROBABILITY}:
        return LINEAR
    # All yes, and any mixture: a sum of two softmaxes would be 2, their difference -1.
    tensors = [(_probe(source, 1.0) > 0).astype(np.float32) for source in step.inputs]
    cases = ([np.ones_like(tensor) for tensor in tensors], [*tensors[:-1], 1 - tensors[-1]])
    merged = [np.asarray(ops.cast(step([ops.convert_to_tensor(one) for one in case])[0], "float32")) for case in cases]
    return PROBABILITY if all(values.min() >= 0 and values.max() <= 1 for values in merged) else NUMBER


def _is_last(step: Step, function: Callable[[Any], Any], bare: keras.Operation) -> bool:
    """Whether a layer is its twin without an activation, and then the activation."""
    (source,) = step.inputs
    image = _probe(source, 1.0)
    whole, in_parts = (
        _computed(partial(_run, step), image),
        _computed(lambda tensor: function(step([tensor], bare)[0]), image),
    )
    tolerance = _tolerance(source)
    return whole is not None and in_parts is not None and np.allclose(whole, in_parts, tolerance, tolerance)


def _probe(value: Value, spread: float) -> np.ndarray:
    """Three random tensors of a value's shape, always the same."""
    shape = (3, *(size or _ANY_SIZE for size in value.shape[1:]))
    return spread * np.random.default_rng(0).standard_normal(shape, np.float32)


def _tolerance(value: Value) -> float:
    return _HALF_PRECISION if value.dtype in ("float16", "bfloat16") else _TOLERANCE


def _computed(function: Callable[[Any], Any], tensor: np.ndarray) -> np.ndarray | None:
    """The function's result; None if it cannot compute it, as a function of somebody's own may not."""
    try:
        with warnings.catch_warnings(action="ignore"):
            return np.asarray(ops.cast(function(ops.convert_to_tensor(tensor)), "float32"))
    except Exception:  # Whatever the function raises.
        return None


def _is_binary(loss: Any) -> bool:
    losses: Sequence[Any] = (
        list(loss.values()) if isinstance(loss, dict) else loss if isinstance(loss, list) else [loss]
    )
    names = [single if isinstance(single, str) else getattr(single, "name", "") or "" for single in losses]
    return any(mark in name.lower() for name in names for mark in _BINARY)
