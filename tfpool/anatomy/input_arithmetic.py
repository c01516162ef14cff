"""Which pixels a model takes, by what the arithmetic between its image and its first layer that learns computes.

That part of the graph is run on images of one color, and its response shows what it was made for:

    x / 255, x / 127.5 − 1, (x − 120) / 60    a small slope                  0 to 255
    x − 123.68                                 zero far above 1               0 to 255
    2x − 1, 1 − x, (x − 0.45) / 0.22           zero between 0 and 1           0 to 1
    (x + 1) · 127.5                            zero below 0                   −1 to 1
    clip(x, 0, 1), cast(x, uint8)              a range without a response     the other one
    x, flips, padding, resizing, x · 1.0       slope 1 through zero           tells nothing

The class of a layer plays no part. A batch normalization on the way is read by its statistics alone, as a
standardization: what it has learned to make of them says nothing about pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from tfpool.anatomy.pixel_scale import ANY, ASSUMED, EXPECTED_BY_MODEL, INTEGERS, SCALES_ITSELF, PixelScale
from tfpool.anatomy.unfold import Graph, Step, Value, is_opaque, unfold

_LEVELS = (-1.2, -1.0, -0.9, -0.5, 0.1, 0.5, 0.9, 1.0, 1.2, 64.0, 128.0, 192.0, 255.0, 300.0)
_SIDE = 96
"""Height and width of the images, for a model that takes any."""
_SAMPLE = 4096
"""How many of the values in a response are looked at."""
_SMALL_SLOPE = 0.4
"""Standardized values from 0 to 1 have a slope of at least 2, since their deviation is at most 0.5; x − 0.5 has 1."""
_MINORITY = 0.25
"""Fewer values than this fraction do not count: at edges, padding mixes in."""


def find_pixel_scale(model: keras.Model) -> PixelScale:
    """The pixels that a model takes: a mode of `PIXEL_MODES` with the reason, found in its graph or assumed.

    Example:
        >>> import keras
        >>> image = keras.Input((8, 8, 3))
        >>> pooled = keras.layers.GlobalAveragePooling2D()(image / 127.5 - 1)
        >>> find_pixel_scale(keras.Model(image, keras.layers.Dense(2)(pooled))).mode
        'raw'
    """
    if is_opaque(model):
        return PixelScale("unit", ASSUMED)
    graph = unfold(model)
    image = image_input(graph)
    if "int" in image.dtype:
        return PixelScale("raw", INTEGERS, "raw")
    modes = set(filter(None, (_mode(graph, image, end) for end in _ends(graph, image))))
    if modes == {"any"}:
        return PixelScale("raw", ANY)
    modes -= {"any"}
    if len(modes) != 1:
        return PixelScale("unit", ASSUMED)
    (mode,) = modes
    return PixelScale(mode, SCALES_ITSELF if mode == "raw" else EXPECTED_BY_MODEL, mode)


def image_input(graph: Graph) -> Value:
    """The input with height and width, or else the first."""
    return next((value for value in graph.inputs if len(value.shape) == 4), graph.inputs[0])


def _ends(graph: Graph, image: Value) -> list[Value]:
    """Where arithmetic on the image alone ends: what layers that learn read, or the model gives back.

    What a batch normalization gives back is an end too.
    """
    plain, ends = {image}, dict.fromkeys(value for value in graph.outputs.values() if value is image)
    for step, values in graph.steps:
        sources = [source for source in step.inputs if source in plain]
        if not sources:
            continue
        if len(sources) < len(step.inputs):
            ends.update(dict.fromkeys(sources))
        elif isinstance(step.operation, keras.layers.BatchNormalization):
            ends.update(dict.fromkeys(values))
        elif _learns(step.operation):
            ends.update(dict.fromkeys(sources))
        else:
            plain.update(values)
            ends.update(dict.fromkeys(value for value in values if value in graph.outputs.values()))
    return list(ends)


def _learns(operation: keras.Operation) -> bool:
    """Whether a layer has weights that gradients change, or would if it were not frozen."""
    if not isinstance(operation, keras.Layer) or isinstance(operation, keras.layers.Normalization):
        return False
    return bool(operation.trainable_weights) or (bool(operation.weights) and not operation.trainable)


def _mode(graph: Graph, image: Value, end: Value) -> str | None:
    """The mode that the arithmetic up to `end` is made for; "any" if all give the same, None if it does not say."""
    at = dict(zip(_LEVELS, _responses(graph, image, end), strict=True))
    modes = _by_response(at)
    votes = {mode: float(np.mean(modes == mode)) for mode in ("raw", "unit", "tf")} if modes.size else {}
    strong = [mode for mode, fraction in votes.items() if fraction >= _MINORITY]
    if strong:
        return strong[0] if len(strong) == 1 else None
    return "any" if _takes_both(graph, image, end) else None


def _responses(graph: Graph, image: Value, end: Value) -> Iterator[np.ndarray]:
    """The same sample of the values at `end` for an image of each level."""
    shape = (1, *(side or _SIDE for side in image.shape[1:]))
    for level in _LEVELS:
        values = _run(graph, image, end, np.full(shape, level)).ravel()
        chosen = np.random.default_rng(0).permutation(values.size)[:_SAMPLE]
        yield values[chosen]


def _run(graph: Graph, image: Value, end: Value, pixels: np.ndarray) -> np.ndarray:
    result = graph.run(end, {image: ops.convert_to_tensor(pixels, image.dtype)}, _standardize)
    return np.asarray(ops.cast(result, "float32"), np.float64)


def _standardize(step: Step, tensors: Sequence[Any]) -> list[Any]:
    """Run a step, and a batch normalization without the scale and offset that it has learned."""
    layer = step.operation
    if not isinstance(layer, keras.layers.BatchNormalization):
        return step(tensors)
    (values,) = tensors
    shape = [1] * len(values.shape)
    shape[layer.axis] = -1
    mean, variance = (ops.reshape(weight, shape) for weight in (layer.moving_mean, layer.moving_variance))
    return [(ops.cast(values, "float32") - mean) / ops.sqrt(variance + layer.epsilon)]


def _by_response(at: Mapping[float, np.ndarray]) -> np.ndarray:
    """The mode that each value's response speaks for, "" for none; values without a response are left out."""
    with np.errstate(all="ignore"):
        raw_moves = _moves(at, 64, 128) & _moves(at, 128, 192)
        unit_moves = _moves(at, 0.1, 0.5) & _moves(at, 0.5, 0.9)
        signed_moves = unit_moves & _moves(at, -0.9, -0.5)
        by_raw, by_unit = _by_line(at, 64, 192), _by_line(at, 0.1, 0.9)
        modes = np.where(by_raw == by_unit, by_raw, "")
        # Values that are clipped right beyond a range were made for that range.
        modes[raw_moves & _moves(at, 192, 255) & ~_moves(at, 255, 300)] = "raw"
        modes[raw_moves & ~unit_moves] = "raw"
        clipped = unit_moves & ~raw_moves & ~_moves(at, 1, 1.2)
        modes[unit_moves & ~raw_moves] = ""
        modes[clipped] = np.where(signed_moves & ~_moves(at, -1.2, -1), "tf", "unit")[clipped]
    return modes[raw_moves | unit_moves]


def _moves(at: Mapping[float, np.ndarray], one: float, other: float) -> np.ndarray:
    difference = np.abs(at[other] - at[one])
    return difference > 1e-6 * np.maximum(np.abs(at[other]), np.abs(at[one]))


def _by_line(at: Mapping[float, np.ndarray], low: float, high: float) -> np.ndarray:
    """The mode that a straight line through two levels speaks for: by its slope, and by where it is zero."""
    slope = (at[high] - at[low]) / (high - low)
    zero = low - at[low] / slope
    steepness = np.abs(slope)
    conditions = {
        "raw": steepness < _SMALL_SLOPE,
        "tf": zero < -0.02,
        "unit": (zero > 0.005) & (zero < 2) | (np.abs(steepness / 255 - 1) < 0.02) & (zero < 2),
    }
    return np.select(list(conditions.values()), list(conditions), np.where(zero >= 2, "raw", ""))


def _takes_both(graph: Graph, image: Value, end: Value) -> bool:
    """Whether an image from 0 to 1 and the same from 0 to 255 lead to equal values."""
    shape = (1, *(side or _SIDE for side in image.shape[1:]))
    pixels = np.random.default_rng(0).random(shape)
    small, large = (_run(graph, image, end, pixels * white) for white in (1, 255))
    return bool(np.ptp(small) > 0) and np.allclose(small, large, rtol=0.01, atol=0.01 * np.ptp(small))
