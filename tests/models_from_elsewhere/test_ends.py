"""Models that end, compute or are put together in other ways than ours: the scores are theirs, checked by a tape."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

import tfpool as tp

IMAGES = np.random.default_rng(0).standard_normal((2, 16, 16, 3), np.float32)
Ending = Callable[[Any], Any]


def image() -> Any:
    return keras.Input((16, 16, 3))


def classifier(end: Ending, units: int = 4) -> tuple[keras.Model, keras.Model]:
    """A model with this end after its Dense layer, and the same model up to that layer."""
    x = image()
    features = layers.Conv2D(8, 3, activation="relu", name="features")(x)
    spread = keras.initializers.RandomNormal(stddev=3.0, seed=1)
    scores = layers.Dense(units, kernel_initializer=spread)(layers.GlobalAveragePooling2D()(features))
    return keras.Model(x, end(scores)), keras.Model(x, [features, scores])


def tape_gradcam(parts: keras.Model, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Grad-CAM of the targets' scores by a plain tape, and all scores."""
    dense = parts.layers[-1]
    with tf.GradientTape() as tape:
        features = parts(IMAGES)[0]
        tape.watch(features)
        scores = dense(tf.reduce_mean(features, (1, 2)))
        chosen = tf.gather(scores, targets, batch_dims=1)
    weights = tf.reduce_mean(tape.gradient(chosen, features), (1, 2), keepdims=True)
    return tf.nn.relu(tf.reduce_sum(weights * features, -1)).numpy(), scores.numpy()


TAKEN_OFF: dict[str, Ending] = {
    "an Activation of tf.nn.softmax": layers.Activation(tf.nn.softmax),
    "an op, then what regularizes": lambda x: layers.ActivityRegularization(l2=0.1)(ops.softmax(x)),
    "Softmax between reshapes": lambda x: layers.Flatten()(layers.Softmax()(layers.Reshape((1, 4))(x))),
    "log-softmax as an op": lambda x: ops.log_softmax(x),
    "log-softmax in a Lambda": layers.Lambda(lambda x: tf.nn.log_softmax(x)),
    "sigmoid as an op, then Dropout": lambda x: layers.Dropout(0.5)(ops.sigmoid(x)),
    "softmax by hand in a Lambda": layers.Lambda(lambda x: ops.exp(x) / ops.sum(ops.exp(x), axis=-1, keepdims=True)),
    "softmax in another precision": layers.Activation("softmax", dtype="float64"),
}


@pytest.mark.parametrize("end", TAKEN_OFF.values(), ids=TAKEN_OFF)
def test_a_function_of_the_scores_is_taken_off_whatever_it_is_called(end: Ending) -> None:
    model, parts = classifier(end)
    e = tp.explain(model, IMAGES)
    heatmaps, scores = tape_gradcam(parts, e.targets)
    assert e.of == "logit"
    np.testing.assert_allclose(e.heatmaps, heatmaps, atol=1e-4)
    np.testing.assert_allclose(tp.Explainer(model).scores(IMAGES), scores, atol=1e-4)
    own = model.predict(IMAGES, verbose=0)
    own = np.exp(own) if own.min() < 0 else own
    np.testing.assert_allclose(tp.Explainer(model).probabilities(IMAGES), own, atol=1e-5)


PROBABILITIES: dict[str, Ending] = {
    "the mean of two softmaxes": lambda x: layers.Average()([ops.softmax(x), ops.softmax(2 * x)]),
    "sigmoid units side by side": lambda x: layers.Concatenate()([ops.sigmoid(x[:, :2]), ops.sigmoid(x[:, 2:])]),
    "sparsemax": layers.Activation("sparsemax"),
    "hard sigmoid": layers.Activation("hard_sigmoid"),
    "a layer with weights of its own": lambda x: Tempered()(x),
}


class Tempered(layers.Layer):
    """A softmax with a temperature that is learned."""

    def build(self, shape: Any) -> None:
        self.temperature = self.add_weight(shape=(), initializer="ones")

    def call(self, scores: Any) -> Any:
        return ops.softmax(scores / self.temperature)


@pytest.mark.parametrize("end", PROBABILITIES.values(), ids=PROBABILITIES)
def test_where_it_cannot_be_taken_off_probabilities_are_explained_and_called_so(end: Ending) -> None:
    model, _ = classifier(end)
    e = tp.explain(model, IMAGES, "hirescam")
    own = model.predict(IMAGES, verbose=0)
    assert e.of == "probability"
    np.testing.assert_allclose(e.scores, own.max(axis=1), atol=1e-5)
    np.testing.assert_allclose(tp.Explainer(model).probabilities(IMAGES), own, atol=1e-5)


NUMBERS: dict[str, tuple[Ending, int]] = {
    "tanh": (layers.Activation("tanh"), 1),
    "as it is": (layers.Identity(), 1),
    "a range of angles": (lambda x: 30 * ops.tanh(x), 1),
    "percent": (lambda x: 100 * ops.softmax(x), 3),
    "the sum of two softmaxes": (lambda x: ops.softmax(x) + ops.softmax(2 * x), 3),
    "their difference": (lambda x: ops.softmax(x) - ops.softmax(2 * x), 3),
}


@pytest.mark.parametrize(("end", "units"), NUMBERS.values(), ids=NUMBERS)
def test_a_number_is_explained_with_its_own_sign(end: Ending, units: int) -> None:
    model, _ = classifier(end, units)
    e = tp.explain(model, IMAGES, "hirescam", relu=False)
    own = model.predict(IMAGES, verbose=0)
    assert e.of == "number"
    np.testing.assert_allclose(e.scores, own.max(axis=1), rtol=1e-4)
    with pytest.raises(ValueError, match="probabilities"):
        tp.Explainer(model).probabilities(IMAGES)


@pytest.mark.parametrize("end", [layers.Activation("sigmoid"), lambda x: ops.sigmoid(x), layers.Identity()])
def test_one_unit_is_yes_or_no_if_it_has_a_sigmoid_or_was_trained_so(end: Ending) -> None:
    model, parts = classifier(end, 1)
    model.compile(loss=keras.losses.BinaryCrossentropy(from_logits=True))
    _, scores = parts.predict(IMAGES, verbose=0)
    np.testing.assert_allclose(tp.Explainer(model).scores(IMAGES), np.hstack([-scores, scores]), rtol=1e-4)


class Cosine(layers.Dense):
    """Scores by the angle alone."""

    def call(self, x: Any, training: Any = None) -> Any:
        return self.activation(5.0 * ops.normalize(x) @ ops.normalize(self.kernel, axis=0))


class Squared(layers.Dense):
    """A layer that passes over its own activation."""

    def call(self, x: Any, training: Any = None) -> Any:
        return ops.softmax(ops.square(x @ self.kernel))


class Loud(keras.Model):
    """A functional model that does more than its layers."""

    def call(self, x: Any, training: Any = None, mask: Any = None) -> Any:
        return super().call(3.0 * x, training=training)


def with_lora() -> layers.Layer:
    dense = layers.Dense(4, activation="softmax")
    dense.build((None, 8))
    dense.enable_lora(2, a_initializer="ones", b_initializer="ones")
    return dense


def louder(x: Any) -> Any:
    inside = keras.Input((14, 14, 8))
    return Loud(inside, layers.Conv2D(8, 1)(inside))(x)


LAST: dict[str, Callable[[], layers.Layer]] = {
    "by the angle": lambda: Cosine(4, activation="softmax"),
    "without its activation": lambda: Squared(4, activation="softmax"),
    "normalized by a wrapper": lambda: layers.SpectralNormalization(layers.Dense(4, activation="softmax")),
    "with LoRA": with_lora,
    "of an einsum": lambda: layers.EinsumDense("ab,bc->ac", 4, activation="softmax"),
}


@pytest.mark.parametrize("last", LAST.values(), ids=LAST)
@pytest.mark.parametrize("quantized", [None, "int4"], ids=["", "int4"])
def test_what_the_last_layer_computes_is_explained(last: Callable[[], layers.Layer], quantized: str | None) -> None:
    x = image()
    features = louder(layers.Conv2D(8, 3, activation="relu")(x))
    model = keras.Model(x, last()(layers.GlobalAveragePooling2D()(features)))
    if quantized:
        with pytest.warns(UserWarning, match="quantize"):
            model.quantize(quantized)
    own = model.predict(IMAGES, verbose=0)
    explainer = tp.Explainer(model)
    np.testing.assert_allclose(explainer.probabilities(IMAGES), own, atol=1e-5)
    np.testing.assert_array_equal(explainer(IMAGES).targets, own.argmax(axis=1))


def test_a_model_that_computes_something_else_each_time_has_no_map() -> None:
    x = image()
    features = layers.Conv2D(8, 3)(x)
    shaken = layers.Lambda(lambda x: x + keras.random.normal(ops.shape(x)))(layers.GlobalAveragePooling2D()(features))
    with pytest.raises(ValueError, match="function"):
        tp.explain(keras.Model(x, layers.Dense(3)(shaken)), IMAGES)
