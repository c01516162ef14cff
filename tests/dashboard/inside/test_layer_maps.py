"""The maps of each layer and residual blocks, against the model's own layers."""

import keras
import numpy as np
import pytest

import tfpool as tp
from dashboard.inside.layer_maps import Pass, stages
from tests.helpers.explained_models import IMAGES, Model

IMAGE = IMAGES[2:3]


def of_layer(model: Model, name: str) -> np.ndarray:
    return keras.Model(model.inputs[0], model.get_layer(name).output)(IMAGE, training=False).numpy()[0]


@pytest.fixture(scope="module")
def residual() -> Model:
    return tp.build(tp.plan("resnet8", input_shape=(28, 28, 1)), seed=4)


def test_maps_are_those_of_the_layer_strongest_first(residual: Model) -> None:
    run = Pass(residual, IMAGE)
    layers = run.layers({})
    assert [(stage.size, run.maps(stage.name).shape[2]) for stage in stages(layers)] == [
        ((28, 28), 16),
        ((14, 14), 32),
        ((7, 7), 64),
    ]
    name = next(layer.name for layer in layers if layer.operation == "Conv2D")
    maps, own = run.maps(name), of_layer(residual, name)
    np.testing.assert_allclose(maps.values, np.moveaxis(own[..., maps.numbers], -1, 0), atol=1e-4)
    strengths = np.abs(own).mean(axis=(0, 1))[maps.numbers]
    assert (np.diff(strengths) <= 1e-6).all()
    np.testing.assert_allclose(run.scores, residual(IMAGE, training=False).numpy()[0], atol=1e-4)


def test_a_block_is_x_plus_f_of_x_and_has_the_score_without_its_shortcut(residual: Model) -> None:
    run = Pass(residual, IMAGE)
    sums = [layer.name for layer in run.layers({}) if layer.operation == "Add"]
    assert len(sums) == 3
    for name in sums:
        block = run.block(name)
        assert block
        np.testing.assert_allclose(block.x + block.f, block.total, atol=1e-5)
        assert np.abs(block.without - block.scores).max() > 1e-3
    # The first shortcut of this network is its block's input, and the layers of the block start from it.
    first, add = run.block(sums[0]), residual.get_layer(sums[0])
    assert first
    shortcut, other = (
        keras.Model(residual.inputs[0], tensor)(IMAGE, training=False).numpy()[0] for tensor in add.input
    )
    np.testing.assert_allclose(first.x, np.moveaxis(shortcut[..., first.numbers], -1, 0), atol=1e-5)
    np.testing.assert_allclose(first.f, np.moveaxis(other[..., first.numbers], -1, 0), atol=1e-5)


def test_without_a_shortcut_the_rest_of_the_network_gets_f_of_x() -> None:
    inputs = keras.Input((28, 28, 1))
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    f = keras.layers.Conv2D(4, 3, padding="same")(x)
    head = keras.Sequential([keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(10)])
    # The shortcut is recognized in either order.
    model = keras.Model(inputs, head(keras.layers.Add(name="sum")([f, x])))
    block = Pass(model, IMAGE).block("sum")
    assert block
    np.testing.assert_allclose(block.without, keras.Model(inputs, head(f))(IMAGE).numpy()[0], atol=1e-5)


def test_a_layer_that_adds_nothing_ends_no_block(residual: Model) -> None:
    run = Pass(residual, IMAGE)
    assert run.block(run.layers({})[0].name) is None
