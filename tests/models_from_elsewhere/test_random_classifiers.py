"""Small classifiers put together at random: scalings, nestings, poolings, wrappers, ends. Maps are those of a tape."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

import tfpool as tp

FEW, MANY = 8, 500
PARTS = 10
"""Tests among which the many are divided."""

SCALINGS: dict[str, Any] = {
    "none": lambda x: x,
    "Rescaling": lambda x: layers.Rescaling(1 / 127.5, -1)(x),
    "arithmetic": lambda x: (x - 110.0) / 60.0,
    "batch normalization": lambda x: layers.BatchNormalization()(x),
    "flip and cast": lambda x: ops.flip(ops.cast(x, "float32"), -1),
}
POOLINGS: dict[str, Any] = {
    "mean": lambda x: layers.GlobalAveragePooling2D()(x),
    "maximum": lambda x: layers.GlobalMaxPooling2D()(x),
    "all cells": lambda x: layers.Flatten()(x),
    "an op": lambda x: ops.mean(x, axis=(1, 2)),
    "windows": lambda x: layers.Flatten()(layers.AveragePooling2D(x.shape[1:3])(x)),
    "kept axes": lambda x: layers.Reshape((-1,))(layers.GlobalAveragePooling2D(keepdims=True)(x)),
}
DENSE: dict[str, Any] = {
    "plain": lambda units: layers.Dense(units),
    "wrapped": lambda units: layers.SpectralNormalization(layers.Dense(units)),
    "an einsum": lambda units: layers.EinsumDense("ab,bc->ac", units, bias_axes="c"),
}
ENDS: dict[str, Any] = {
    "none": lambda x: x,
    "Softmax": lambda x: layers.Softmax()(x),
    "an op": lambda x: ops.softmax(x),
    "a Lambda": lambda x: layers.Lambda(tf.nn.softmax)(x),
    "log-softmax": lambda x: layers.Activation("log_softmax")(x),
    "sigmoid": lambda x: layers.Activation("sigmoid")(x),
    "softmax, reshaped": lambda x: layers.Flatten()(layers.Reshape((1, -1))(ops.softmax(x))),
}


def convolutions(x: Any, random: np.random.Generator) -> Any:
    """One to three convolutions, at random with a shortcut, or inside a model of their own."""
    for _ in range(random.integers(1, 4)):
        settings = {"padding": "same", "activation": random.choice(["relu", "tanh", "gelu"])}
        y = layers.Conv2D(6, 3, **settings)(x)
        x = layers.Add()([x, y]) if x.shape[-1] == 6 and random.random() < 0.5 else y
    return x


def classifier(seed: int) -> tuple[keras.Model, Any, Any, np.ndarray]:
    """A model, its last map, its scores, and two images."""
    random = np.random.default_rng(seed)
    pick = {name: random.choice(list(parts)) for name, parts in PARTS_OF_A_MODEL.items()}
    height, width, channels = random.integers(8, 14), random.integers(8, 14), random.choice([1, 3])
    channels_first = random.random() < 0.2
    shape = (channels, height, width) if channels_first else (height, width, channels)
    inputs = keras.Input(tuple(map(int, shape)))
    x = layers.Permute((2, 3, 1))(inputs) if channels_first else inputs
    x = SCALINGS[pick["scaling"]](x)
    if random.random() < 0.4:
        inside = keras.Input(x.shape[1:])
        x = keras.Model(inside, convolutions(inside, random))(x)
    else:
        x = convolutions(x, random)
    units = int(random.integers(2, 5))
    scores = DENSE[pick["dense"]](units)(POOLINGS[pick["pooling"]](x))
    images = random.uniform(0, 255, (2, *shape)).astype("float32")
    return keras.Model(inputs, ENDS[pick["end"]](scores)), x, scores, images


PARTS_OF_A_MODEL = {"scaling": SCALINGS, "pooling": POOLINGS, "dense": DENSE, "end": ENDS}


def check(seed: int) -> None:
    keras.utils.set_random_seed(seed)
    model, features, scores, images = classifier(seed)
    e = tp.explain(model, images, "gradcam", relu=False)
    probe = keras.Model(model.inputs[0], [features, scores])
    with tf.GradientTape() as tape:
        maps, values = probe(images, training=False)
        chosen = tf.gather(values, e.targets, batch_dims=1)
    slopes = tape.gradient(chosen, maps)
    expected = tf.reduce_sum(tf.reduce_mean(slopes, (1, 2), keepdims=True) * maps, -1).numpy()
    scale = max(1.0, float(np.abs(values).max()))
    np.testing.assert_allclose(e.scores, chosen, atol=1e-4 * scale, err_msg=f"seed {seed}")
    np.testing.assert_allclose(e.heatmaps, expected, atol=1e-4 * scale, err_msg=f"seed {seed}")
    assert e.of == "logit", f"seed {seed}"
    own = model.predict(images, verbose=0)
    if np.allclose(own.sum(axis=1), 1, atol=1e-4) and own.min() >= 0:
        np.testing.assert_allclose(tp.Explainer(model).probabilities(images), own, atol=1e-4, err_msg=f"seed {seed}")


@pytest.mark.parametrize("seed", range(FEW))
def test_a_random_classifier_is_explained_as_by_a_tape(seed: int) -> None:
    check(seed)


@pytest.mark.exhaustive
@pytest.mark.parametrize("part", range(PARTS))
def test_many_random_classifiers_are_explained_as_by_a_tape(part: int) -> None:
    for seed in range(FEW + part, FEW + MANY, PARTS):
        check(seed)
        keras.backend.clear_session()
