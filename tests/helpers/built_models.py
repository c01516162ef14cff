"""Models built from plans, and what of the two must be equal."""

from collections.abc import Iterator

import keras
import numpy as np

import tfpool as tp
from tfpool.counting.plan import Plan
from tfpool.networks.heads import HEADS


def under_every_head(name: str, size: tuple[int, int, int] | None = None) -> Iterator[tuple[Plan, keras.Model]]:
    """A network's plan and its model under each head, GAP first, on one backbone whose own rows are read alike."""
    first = tp.plan(name, head="gap", input_shape=size, classes=7)
    model = tp.build(first)
    yield first, model
    read = tp.plan(model)
    assert {row.name: row for row in read.rows} == {row.name: row for row in first.rows}
    assert read.feature_shape == first.feature_shape
    backbone = keras.Model(model.inputs[0], model.get_layer(first.features.name).output)
    for head in HEADS:
        plan = tp.plan(name, head=head, input_shape=size, classes=7)
        assert plan.features.shape == first.features.shape
        yield plan, tp.with_head(backbone, head, classes=7)


def assert_equal(plan: Plan, model: keras.Model) -> None:
    assert plan.params == model.count_params()
    assert plan.trainable_params == sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert len(model.layers) == len(plan.rows)
    layers = {layer.name: layer for layer in model.layers}
    for row in plan.rows:
        layer = layers[row.name]
        shape = layer.batch_shape if row.op == "InputLayer" else layer.output.shape
        assert (type(layer).__name__, tuple(shape[1:])) == (row.op, row.output_shape)
        assert layer.count_params() == row.params
