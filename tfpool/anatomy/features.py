"""Where a classifier's features end: the last map before its head, or the tokens of a transformer on their grid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from tfpool.anatomy.unfold import Graph, Value, ancestors

_ADAPTIVE = tuple(
    getattr(keras.layers, name)
    for name in ("AdaptiveAveragePooling2D", "AdaptiveMaxPooling2D")
    if hasattr(keras.layers, name)
)
POOLS = (
    keras.layers.GlobalAveragePooling2D,
    keras.layers.GlobalMaxPooling2D,
    keras.layers.AveragePooling2D,
    keras.layers.MaxPooling2D,
    *_ADAPTIVE,
)


def map_format(operation: keras.Operation) -> str | None:
    """ "channels_first" or "channels_last" for a layer that reads maps in that order; None for all others."""
    # Padding may be told to pad the channels.
    reads_map = getattr(operation, "weights", None) or isinstance(operation, POOLS)
    return getattr(operation, "data_format", None) if reads_map else None


_MOST_EXTRA = 8
"""Tokens before those of the image: a class token, one of a teacher, registers."""
_CHANGE = 1e-6


@dataclass(frozen=True, eq=False)
class Features:
    """A map (N, h, w, C), or tokens (N, T, C) of which the last h·w lie on a grid.

    Attributes:
        grid: (h, w) of tokens; None for a map.
        reads_class_token: whether the head reads later tokens, on which the image's own tokens have no influence.
    """

    value: Value
    grid: tuple[int, int] | None = None
    reads_class_token: bool = False

    @property
    def extra(self) -> int:
        """The number of tokens before those on the grid."""
        return 0 if self.grid is None else (self.value.shape[1] or 0) - self.grid[0] * self.grid[1]

    def to_map(self, tensor: Any) -> Any:
        """The map (N, h, w, C) of the value's tensor."""
        if self.grid is None:
            return tensor
        return ops.reshape(tensor[:, self.extra :], (-1, *self.grid, self.value.shape[2]))

    def from_map(self, features: Any, tensor: Any) -> Any:
        """The value's tensor with other features on the grid; `tensor` has the tokens before them, if any."""
        if self.grid is None:
            return features
        tokens = ops.reshape(features, (-1, self.grid[0] * self.grid[1], self.value.shape[2]))
        return (
            ops.concatenate([ops.cast(tensor[:, : self.extra], tokens.dtype), tokens], axis=1) if self.extra else tokens
        )


def find_features(graph: Graph) -> Value | None:
    """The map (N, H, W, C) that enters the head of a model; None without a head, or with several maps."""
    ends = [value for value in graph.outputs.values() if len(value.shape) < 4]
    return entering(graph, ends) if len(ends) == len(graph.outputs) else None


def entering(graph: Graph, ends: list[Value], source: Value | None = None) -> Value | None:
    """The map that enters the head: the first value with height and width, walking back from the ends.

    Where several do, it is the only one that depends on no other input than `source`.
    """
    maps, pending, visited = set(), list(ends), set(ends)
    while pending:
        step = pending.pop().step
        for value in step.inputs if step else ():
            if len(value.shape) == 4:
                maps.add(_before_pooling(value))
            elif value not in visited:
                visited.add(value)
                pending.append(value)
    # A pyramid pools one map to several sizes: the map that all of them come from.
    shared = set.intersection(*map(_pooled_from, maps)) & maps if maps else maps
    if not shared and source is not None and len(graph.inputs) > 1:
        shared = {value for value in maps if ancestors(value) & set(graph.inputs) == {source}}
    return shared.pop() if len(shared) == 1 and not shared & set(graph.inputs) else None


def _pooled_from(value: Value) -> set[Value]:
    """The value, and the values before it that pooling alone turns into it."""
    values = {value}
    while value.step and isinstance(value.step.operation, POOLS):
        (value,) = value.step.inputs
        values.add(value)
    return values


def _before_pooling(value: Value) -> Value:
    """The map before pooling to one position or to a fixed grid; the value itself if it is not pooled so."""
    while value.step and isinstance(value.step.operation, _ADAPTIVE):
        (value,) = value.step.inputs
    pooled = value
    while pooled.step and len(pooled.shape) == 4 and pooled.shape[1:3] == (1, 1) and len(pooled.step.inputs) == 1:
        (source,) = pooled.step.inputs
        if isinstance(pooled.step.operation, POOLS) and source.shape[1:3] != (1, 1):
            return source
        pooled = source
    return value


def on_grid(value: Value) -> Features | None:
    """Tokens (N, T, C) on the grid of the map that they are made of; None if there is no such grid."""
    if len(value.shape) != 3 or value.shape[1] is None:
        return None
    for source in _nearest_first(value):
        if len(source.shape) == 4:
            height, width = source.shape[1] or 0, source.shape[2] or 0
            extra = value.shape[1] - height * width
            return Features(value, (height, width)) if height * width and 0 <= extra <= _MOST_EXTRA else None
    return None


def _nearest_first(value: Value) -> Iterable[Value]:
    pending, visited = [value], {value}
    while pending:
        value = pending.pop(0)
        yield value
        for source in value.step.inputs if value.step else ():
            if source not in visited:
                visited.add(source)
                pending.append(source)


def find_tokens(graph: Graph, features: Value, last: Value) -> Features | None:
    """The last tokens on a grid that the scores read, if positions are mixed after the last map; else None."""
    candidates = [tokens for tokens in map(on_grid, between(graph, features, last)) if tokens]
    candidates = [tokens for tokens in candidates if _all_paths_pass(graph, tokens.value, last)]
    if not candidates or not _all_paths_pass(graph, features, last) or not _mixes(graph, features, candidates[-1]):
        return None
    for tokens in reversed(candidates):
        if _influences(graph, tokens, last):
            later = tokens is not candidates[-1]
            return Features(tokens.value, tokens.grid, reads_class_token=later and tokens.extra > 0)
    return None


def between(graph: Graph, features: Value, last: Value) -> list[Value]:
    """Values that the scores need and that depend on the features, in execution order."""
    needed, after = ancestors(last), {features}
    for step, values in graph.steps:
        if not after.isdisjoint(step.inputs):
            after.update(values)
    return [value for _, values in graph.steps for value in values if value in needed & after and value is not features]


def _all_paths_pass(graph: Graph, value: Value, last: Value) -> bool:
    return not ancestors(last, stop=[value]) & set(graph.inputs)


def _mixes(graph: Graph, features: Value, tokens: Features) -> bool:
    """Whether a change at one position of a map reaches tokens at other positions."""
    before = _random(features)
    after = before.copy()
    after[:, 0, 0] *= -1
    first, second = (_run(graph, tokens.value, features, values)[:, tokens.extra :] for values in (before, after))
    changed = np.abs(first - second).max(axis=(0, 2)) > _CHANGE * np.abs(first).max()
    return bool(changed[1:].any())


def _influences(graph: Graph, tokens: Features, last: Value) -> bool:
    """Whether the scores depend on the tokens on the grid."""
    value = tokens.value
    before = _random(value)
    after = before.copy()
    after[:, tokens.extra :] *= -1
    first, second = (_run(graph, last, value, values) for values in (before, after))
    return bool(np.abs(first - second).max() > _CHANGE * np.abs(first).max())


def _random(value: Value) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((1, *(size or 1 for size in value.shape[1:])), np.float32)


def _run(graph: Graph, target: Value, source: Value, tensor: np.ndarray) -> np.ndarray:
    return np.asarray(ops.cast(graph.run(target, {source: ops.cast(tensor, source.dtype)}), "float32"))
