"""Images and models that maps are checked on."""

from typing import Any

import keras
import numpy as np
import pytest

import tfpool as tp
from tfpool import data
from tfpool.tracking.store import RunStore

Model = keras.Model
QUICK: dict[str, dict[str, Any]] = {
    "occlusion": {"window": 7, "stride": 5},
    "rise": {"masks": 64},
    "smoothgrad": {"samples": 3},
    "integrated_gradients": {"steps": 6},
}
"""Settings with few passes, for methods of many."""
IMAGES = data.to_input(data.load("fashion_mnist").test.images[:6])
TARGETS = np.array([0, 3, 3, 9, 1, 5])


def model_of(head: str, request: pytest.FixtureRequest) -> Model:
    if request.param == "trained":
        store = RunStore(request.getfixturevalue("trained"))
        return next(run for run in store.runs() if run.plan.head.name == head).load_model()
    model = tp.build(tp.plan("resnet8", head=head, input_shape=(28, 28, 1)), seed=4)
    random = np.random.default_rng(2)
    model.layers[-1].set_weights([random.normal(size=w.shape) * 0.1 for w in model.layers[-1].get_weights()])
    return model


def small_model() -> Model:
    """Two convolutions, batch normalization, GAP and Dense: soon compiled. All weights are random, biases too."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 3, strides=2, activation="relu"),
            layers.Conv2D(8, 3, strides=2),
            layers.BatchNormalization(name="normalization"),
            layers.ReLU(name="features"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10),
        ]
    )
    random = np.random.default_rng(3)
    for layer in (each for each in model.layers if "conv" in each.name or "dense" in each.name):
        layer.set_weights([random.normal(size=weight.shape) * 0.5 for weight in layer.get_weights()])
    return model


def scores_of(model: Model, targets: np.ndarray = TARGETS) -> np.ndarray:
    return model(IMAGES, training=False).numpy()[np.arange(len(IMAGES)), targets]


def bias_of(model: Model, targets: np.ndarray = TARGETS) -> np.ndarray:
    return model.layers[-1].bias.numpy()[targets]


def close(actual: np.ndarray, expected: np.ndarray) -> None:
    """Equal to 1e-5 of the largest value."""
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())
