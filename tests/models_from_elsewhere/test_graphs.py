"""Several inputs, outputs and calls, inner models, inputs without a channel, strange names, models without a graph."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

import tfpool as tp

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.standard_normal((2, 16, 16, 3), np.float32)
META = RANDOM.standard_normal((2, 5), np.float32)


def image(name: str = "image") -> Any:
    return keras.Input((16, 16, 3), name=name)


def pooled(x: Any, name: str | None = None) -> Any:
    return layers.GlobalAveragePooling2D()(layers.Conv2D(6, 3, activation="relu", name=name)(x))


@pytest.mark.parametrize("method", ["hirescam", "cam", "scorecam", "occlusion", "integrated_gradients"])
@pytest.mark.parametrize("struct", [list, dict])
def test_one_of_several_inputs_is_explained_beside_the_others(method: str, struct: type) -> None:
    x, meta = image(), keras.Input((5,), name="meta")
    joined = layers.Concatenate()([pooled(x), layers.Dense(4, activation="relu")(meta)])
    inputs = {"image": x, "meta": meta} if struct is dict else [x, meta]
    model = keras.Model(inputs, layers.Dense(3, activation="softmax")(joined))
    own = model.predict({"image": IMAGES, "meta": META}, verbose=0)
    settings = {"window": 8} if method == "occlusion" else {}
    if method == "cam":
        with pytest.raises(ValueError, match="cam"):
            tp.Explainer(model, method)
        return
    explainer = tp.Explainer(model, method, **settings)
    np.testing.assert_allclose(explainer.probabilities({"image": IMAGES, "meta": META}), own, atol=1e-5)
    e = explainer({"image": IMAGES, "meta": META})
    np.testing.assert_array_equal(e.targets, own.argmax(axis=1))
    alone = explainer({"image": IMAGES[1:], "meta": META[1:]})
    np.testing.assert_allclose(e.heatmaps[1:], alone.heatmaps, atol=1e-5)
    dataset = tf.data.Dataset.from_tensor_slices(({"image": IMAGES, "meta": META}, own)).batch(1)
    in_dataset = explainer(dataset, "true")
    np.testing.assert_allclose(in_dataset.heatmaps, e.heatmaps, atol=1e-5)
    with pytest.raises(ValueError, match="meta"):
        explainer(IMAGES)
    with pytest.raises(ValueError, match="meta"):
        explainer({"image": IMAGES, "meta": META[:, :4]})


def siamese() -> keras.Model:
    inside = image("inside")
    backbone = keras.Model(inside, layers.Conv2D(6, 3, activation="relu", name="conv")(inside), name="backbone")
    left, right = image("left"), image("right")
    pools = [layers.GlobalAveragePooling2D()(backbone(x)) for x in (left, right)]
    return keras.Model([left, right], layers.Dense(1, activation="sigmoid")(ops.abs(pools[0] - pools[1])))


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_shared_backbone_is_explained_for_the_input_that_is_named(side: str) -> None:
    model, images = siamese(), {"left": IMAGES, "right": IMAGES[::-1]}
    with pytest.raises(ValueError, match="'left', 'right'"):
        tp.explain(model, images)
    e = tp.explain(model, images, "hirescam", 1, input=side)
    named = tp.explain(model, images, "hirescam", 1, "backbone/conv", input=side, call=("left", "right").index(side))
    np.testing.assert_array_equal(e.heatmaps, named.heatmaps)
    with pytest.raises(ValueError, match="call="):
        tp.explain(model, images, layer="backbone/conv", input=side)
    with pytest.raises(ValueError, match="call=2"):
        tp.explain(model, images, layer="backbone/conv", input=side, call=2)
    features = keras.Model(model.get_layer("backbone").input, model.get_layer("backbone").output)
    with tf.GradientTape() as tape:
        maps = {name: tf.constant(features(values)) for name, values in images.items()}
        tape.watch(maps[side])
        means = [tf.reduce_mean(maps[name], (1, 2)) for name in ("left", "right")]
        dense = model.layers[-1]
        score = tf.abs(means[0] - means[1]) @ dense.kernel + dense.bias
    expected = tf.reduce_sum(tape.gradient(score, maps[side]) * maps[side], -1)
    np.testing.assert_allclose(e.heatmaps, expected, atol=1e-5)


def test_outputs_of_one_name_and_in_a_dictionary_can_each_be_asked_for() -> None:
    x, head = image(), layers.Dense(3, name="head")
    pair = [head(pooled(x)), head(pooled(x))]
    listed, nested = keras.Model(x, pair), keras.Model(x, {"a": pair[0], "b": pair[1]})
    for model, names in ((listed, ("head:0", "head:1")), (nested, ("a", "b"))):
        own = [np.asarray(value) for value in keras.tree.flatten(model(IMAGES))]
        for name, expected in zip(names, own, strict=True):
            np.testing.assert_allclose(tp.Explainer(model, output=name).scores(IMAGES), expected, atol=1e-5)


@pytest.mark.parametrize(
    "channel", [layers.Reshape((16, 16, 1)), lambda x: ops.expand_dims(x, -1), lambda x: x[..., None]]
)
def test_a_model_that_adds_the_channel_itself_takes_images_without_one(channel: Any) -> None:
    x = keras.Input((16, 16))
    model = keras.Model(x, layers.Dense(3)(pooled(channel(x), "conv")))
    gray = IMAGES[..., 0]
    e = tp.explain(model, gray, "hirescam")
    assert e.heatmaps.shape == (2, 14, 14)
    np.testing.assert_allclose(e.scores, model(gray).numpy().max(axis=1), rtol=1e-4)
    np.testing.assert_array_equal(e.heatmaps, tp.explain(model, gray[..., None], "hirescam").heatmaps)
    assert tp.explain(model, gray, "saliency").heatmaps.shape == (2, 16, 16)


@pytest.mark.parametrize("kind", ["SeparableConv2D", "DepthwiseConv2D", "MaxPooling2D"])
def test_channels_first_is_refused_by_its_name(kind: str) -> None:
    x = keras.Input((3, 16, 16))
    settings = {"filters": 4} if kind == "SeparableConv2D" else {}
    size = {"pool_size": 2} if kind == "MaxPooling2D" else {"kernel_size": 3}
    layer = getattr(layers, kind)(data_format="channels_first", name="first", **size, **settings)
    model = keras.Model(x, layers.Dense(3)(layers.Flatten()(layer(x))))
    with pytest.raises(ValueError, match="channels_first"):
        tp.explain(model, np.zeros((1, 3, 16, 16), np.float32))


@pytest.mark.parametrize("name", ["my conv", "größe", "_x", "-x", "a:b"])
def test_a_layer_of_any_name_is_explained(name: str) -> None:
    x = image()
    model = keras.Model(x, layers.Dense(3)(pooled(x, name)))
    for method in ("gradcam", "fullgrad"):
        assert tp.explain(model, IMAGES, method).scores.shape == (2,)
    assert tp.Explainer(model).layer == name


class Subclassed(keras.Model):
    """Layers that are called by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.pool, self.dense = layers.Conv2D(6, 3), layers.GlobalAveragePooling2D(), layers.Dense(3)

    def call(self, images: Any) -> Any:
        return self.dense(self.pool(self.conv(images)))


def test_a_model_without_a_graph_is_explained_by_its_image_and_told_how_else() -> None:
    model = Subclassed()
    with pytest.raises(ValueError, match="batch"):
        tp.explain(model, IMAGES, "saliency")
    own = model(IMAGES).numpy()
    with pytest.raises(ValueError, match=r"model\.call"):
        tp.explain(model, IMAGES)
    for method, settings in (("occlusion", {"window": 8}), ("saliency", {}), ("integrated_gradients", {})):
        e = tp.explain(model, IMAGES, method, **settings)
        np.testing.assert_allclose(e.scores, own.max(axis=1), rtol=1e-5)
    bias = model.dense.bias.numpy()
    assert not bias.any()
    np.testing.assert_allclose(e.heatmaps.sum(axis=(1, 2)), e.scores, rtol=1e-3)
    with pytest.raises(ValueError, match="fullgrad"):
        tp.explain(model, IMAGES, "fullgrad")
    x = image()
    functional = keras.Model(x, model.call(x))
    np.testing.assert_allclose(tp.Explainer(functional).scores(IMAGES), own, atol=1e-5)


def test_a_model_of_the_other_keras_is_told_so() -> None:
    other = type("Functional", (), {"__module__": "tf_keras.src.engine.functional"})()
    for call in (lambda: tp.explain(other, IMAGES), lambda: tp.plan(other)):
        with pytest.raises(ValueError, match="tf_keras"):
            call()


@pytest.mark.parametrize("labeled", [False, True])
def test_a_dataset_is_taken_for_its_images_and_labels(labeled: bool) -> None:
    x = image()
    model = keras.Model(x, layers.Dense(3)(pooled(x)))
    values = (IMAGES, np.array([2, 1])) if labeled else IMAGES
    dataset = tf.data.Dataset.from_tensor_slices(values).batch(1)
    e = tp.explain(model, dataset, "hirescam", "true" if labeled else "top")
    expected = tp.explain(model, IMAGES, "hirescam", [2, 1] if labeled else "top")
    np.testing.assert_allclose(e.heatmaps, expected.heatmaps, atol=1e-6)
