"""Models of a few layers, counted."""

from collections.abc import Callable

import keras

import tfpool as tp
from tfpool.counting.counts import Counts, Row


def counted(shape: tuple[int | None, ...], *operations: Callable[..., object], dtype: str = "float32") -> Counts:
    """The counts of a chain of layers or functions on an input of this shape."""
    x = image = keras.Input(shape, dtype=dtype)
    for operation in operations:
        x = operation(x)
    model = keras.Model(image, x)
    counts = tp.plan(model)
    assert counts.params == model.count_params()
    assert counts.weight_bytes >= 0
    return counts


def rows(counts: Counts, op: str) -> list[Row]:
    return [row for row in counts.rows if row.op == op]
