"""Models built from plans, and what the two must agree in."""

from collections.abc import Iterable, Iterator

import keras
import numpy as np
import pytest

import tfpool as tp
from tfpool.counting.plan import Plan

KINDS = {
    "convnet": (13, 18, 3),
    "resnet8": (17, 14, 3),
    "plain20": (9, 15, 3),
    "resnet50v2": (33, 47, 3),
    "nin_cifar": (9, 15, 3),
    "alexnet": (95, 83, 3),
    "vgg11_bn": (65, 79, 3),
    "squeezenet": (33, 47, 3),
    "efficientnetb0": (33, 47, 3),
}
"""One network of each kind, the shallowest, with a small image size; the size of `convnet` is enough for any head."""


def kinds_first(names: Iterable[str]) -> list[object]:
    """Parameters of a test: `KINDS` in the default run, the other networks in the exhaustive one."""
    return [name if name in KINDS else pytest.param(name, marks=pytest.mark.exhaustive) for name in names]


def models_with_heads(
    name: str, heads: Iterable[str], size: tuple[int, int, int] | None = None
) -> Iterator[tuple[Plan, keras.Model]]:
    """A network's plan and model with GAP, then with each head on the same backbone."""
    first = tp.plan(name, head="gap", input_shape=size, classes=7)
    model = tp.build(first)
    yield first, model
    read = tp.plan(model)
    assert {row.name: row for row in read.rows} == {row.name: row for row in first.rows}
    assert read.feature_shape == first.feature_shape
    backbone = keras.Model(model.inputs[0], model.get_layer(first.features.name).output)
    for head in heads:
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


def with_distinct_weights(model: keras.Model) -> keras.Model:
    """The model with biases and moving statistics that all differ: fresh ones are alike, and hide swapped layers."""
    random = np.random.default_rng(0)
    weights = [
        value + 0.1 * random.random(value.shape, np.float32) if np.ndim(value) == 1 else value
        for value in model.get_weights()
    ]
    model.set_weights(weights)
    for layer in model.layers:
        # Normalization computes with copies of its weights, which `set_weights` does not change.
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    return model
