"""Every network of keras.applications: explained, counted, given other heads, saved and opened."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfpool as tp
from tfpool.models.loading.load import load_model

NETWORKS = sorted(name for name, kind in vars(keras.applications).items() if callable(kind) and name[0].isupper())
LARGER = {"InceptionV3": 75, "InceptionResNetV2": 75, "Xception": 71, "NASNetLarge": 64, "NASNetMobile": 64}
"""Networks that take no image of 48 pixels, with the side of those they take."""
SAMPLE = "MobileNetV3Small"
CLASSES = 5


@pytest.mark.parametrize(
    "name", [name if name == SAMPLE else pytest.param(name, marks=pytest.mark.exhaustive) for name in NETWORKS]
)
@pytest.mark.filterwarnings("ignore:The map of:UserWarning")
def test_a_network_is_explained_counted_given_heads_and_opened(name: str, tmp_path: Path) -> None:
    side = LARGER.get(name, 48)
    settings = {"weights": None, "input_shape": (side, side, 3), "classes": CLASSES}
    make = getattr(keras.applications, name)
    logits, softmax = (make(classifier_activation=end, **settings) for end in (None, "softmax"))
    softmax.set_weights(logits.get_weights())
    images = np.random.default_rng(0).uniform(0, 255, (2, side, side, 3)).astype("float32")

    explainer = tp.Explainer(softmax)
    e = explainer(images)
    # A sum that is written as x + y is an operation and no layer.
    (layer,) = [step for step in logits.operations if step.name == tp.Explainer(logits).layer]
    probe = keras.Model(logits.inputs[0], [layer.output, logits.output])
    with tf.GradientTape() as tape:
        features, scores = probe(images, training=False)
        chosen = tf.gather(scores, e.targets, batch_dims=1)
    slopes = tape.gradient(chosen, features)
    terms = tf.reduce_mean(slopes, (1, 2), keepdims=True) * features
    expected = tf.nn.relu(tf.reduce_sum(terms, -1)).numpy()
    # Before a layer normalization the terms cancel, so that little more than their rounding is left.
    rounding = 1e-5 * float(tf.reduce_max(tf.reduce_sum(tf.abs(terms), -1)))
    np.testing.assert_allclose(e.heatmaps, expected, atol=max(1e-7, rounding))
    np.testing.assert_allclose(explainer.scores(images), scores, rtol=1e-3, atol=1e-4)
    own = softmax.predict(images, verbose=0)
    np.testing.assert_allclose(explainer.probabilities(images), own, atol=1e-5)
    if isinstance(logits.layers[-2], keras.layers.GlobalAveragePooling2D):
        whole = tp.explain(logits, images, "hirescam", e.targets)
        sums = whole.heatmaps.sum(axis=(1, 2)) + logits.layers[-1].bias.numpy()[e.targets]
        np.testing.assert_allclose(sums, whole.scores, rtol=1e-3, atol=1e-4)

    plan = tp.plan(softmax)
    assert plan.params == softmax.count_params()
    assert plan.unknown == ()
    backbone = make(weights=None, include_top=False, input_shape=(side, side, 3))
    for head in ("gap", "flatten", "avgmax"):
        assert tp.with_head(backbone, head, classes=CLASSES).output_shape == (None, CLASSES)

    softmax.save(tmp_path / "model.keras")
    np.testing.assert_allclose(load_model(tmp_path / "model.keras").predict(images, verbose=0), own, atol=1e-6)
    keras.backend.clear_session()
