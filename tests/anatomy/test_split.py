"""Features are found in models of any origin, and the head computes the same scores as the model."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

import tfpool as tp
from tfpool.anatomy.split import split_model

IMAGES = np.random.default_rng(0).random((3, 64, 64, 3), np.float32)


def image() -> Any:
    return keras.Input((64, 64, 3))


def small() -> Any:
    """Two convolutions, as a model with a map at its end."""
    x = image()
    return keras.Model(
        x, layers.Conv2D(6, 3, strides=2, name="second")(layers.Conv2D(4, 3, name="first")(x)), name="small"
    )


def transfer_with_pooling_inside() -> Any:
    x = image()
    settings = {"weights": None, "include_top": False, "alpha": 0.25, "input_shape": (64, 64, 3)}
    backbone = keras.applications.MobileNet(pooling="avg", **settings)
    return keras.Model(x, layers.Dense(3)(backbone(layers.Rescaling(2.0)(x))))


def whole_classifier_inside() -> Any:
    x = image()
    backbone = tp.build(tp.plan("resnet8", head="gap", input_shape=(64, 64, 3), classes=3), activation="softmax")
    return keras.Model(x, backbone(layers.Rescaling(2.0)(x)))


def two_models_deep() -> Any:
    x, y = image(), image()
    inner = keras.Model(y, layers.GlobalAveragePooling2D()(small()(y)), name="inner")
    return keras.Model(x, layers.Dense(3, activation="softmax")(inner(x)))


def sequential_in_sequential() -> Any:
    convolutions = keras.Sequential([keras.Input((64, 64, 3)), layers.Conv2D(4, 3, name="last")], name="convolutions")
    return keras.Sequential([convolutions, layers.GlobalMaxPooling2D(), layers.Dense(3)])


def softmax_before_a_cast() -> Any:
    x = image()
    scores = layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(small()(x)))
    return keras.Model(x, layers.Activation("linear", dtype="float32")(scores))


def softmax_as_an_op() -> Any:
    x = image()
    return keras.Model(x, ops.softmax(layers.Dense(3)(layers.GlobalAveragePooling2D()(small()(x)))))


def pooling_that_keeps_its_axes() -> Any:
    x = image()
    pooled = layers.GlobalAveragePooling2D(keepdims=True)(small()(x))
    return keras.Model(x, layers.Flatten()(layers.Conv2D(3, 1, name="logits")(pooled)))


def separable() -> Any:
    x = image()
    features = layers.Activation("relu", name="relu")(layers.SeparableConv2D(4, 3)(x))
    return keras.Model(x, layers.Dense(3)(layers.Flatten()(layers.AveragePooling2D(62)(features))))


MODELS: list[tuple[Callable[[], Any], str]] = [
    (transfer_with_pooling_inside, "conv_pw_13_relu"),
    (whole_classifier_inside, "conv4_block1_out"),
    (two_models_deep, "inner/small/second"),
    (sequential_in_sequential, "convolutions/last"),
    (softmax_before_a_cast, "small/second"),
    (softmax_as_an_op, "small/second"),
    (pooling_that_keeps_its_axes, "small/second"),
    (separable, "relu"),
]


@pytest.mark.parametrize(("make", "layer"), MODELS, ids=lambda value: getattr(value, "__name__", ""))
def test_the_map_before_the_pooling_is_found_and_the_head_gives_the_models_scores(
    make: Callable[[], Any], layer: str
) -> None:
    model = make()
    anatomy = split_model(model)
    assert anatomy.layer.endswith(layer)
    scores = anatomy.head(anatomy.body(IMAGES), IMAGES)
    expected = model(IMAGES, training=False).numpy()
    if np.allclose(expected.sum(axis=1), 1):
        scores = ops.softmax(scores)
    np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-6)
    named = split_model(model, anatomy.layer)
    np.testing.assert_array_equal(named.body(IMAGES), anatomy.body(IMAGES))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "layer", "side"),
    [
        ("MobileNet", "conv_pw_13_relu", 2),
        ("MobileNetV3Small", "activation", 2),
        ("VGG16", "block5_pool", 2),
        pytest.param("DenseNet121", "relu", 2, marks=pytest.mark.exhaustive),
        pytest.param("EfficientNetB0", "top_activation", 2, marks=pytest.mark.exhaustive),
        pytest.param("Xception", "block14_sepconv2_act", 2, marks=pytest.mark.exhaustive),
    ],
)
def test_official_networks_are_read_where_their_head_begins(name: str, layer: str, side: int) -> None:
    settings = {"weights": None, "classes": 3, "input_shape": (71, 71, 3) if name == "Xception" else (64, 64, 3)}
    model = getattr(keras.applications, name)(**settings)
    images = np.random.default_rng(0).random((1, *model.input_shape[1:]), np.float32)
    anatomy = split_model(model)
    features = anatomy.body(images)
    assert anatomy.layer.startswith(layer)
    assert features.shape[1] >= side
    probabilities = model(images, training=False).numpy()[0]
    np.testing.assert_allclose(ops.softmax(anatomy.head(features, images))[0], probabilities, rtol=1e-4)


def test_a_layer_that_a_branch_bypasses_can_be_explained() -> None:
    x = keras.Input((8, 8, 3))
    first = layers.Conv2D(4, 3, padding="same", name="first")(x)
    second = layers.Conv2D(4, 3, padding="same", name="second")(first)
    added = layers.Add(name="added")([first, second])
    model = keras.Model(x, layers.Dense(3)(layers.GlobalAveragePooling2D()(added)))
    images = IMAGES[:, :8, :8]
    weights = model.layers[-1].kernel.numpy()
    for name in ("first", "added"):
        assert split_model(model, name).layer == name
    # The second convolution reaches the scores through its own channels only: dense weights over 64 positions.
    features = keras.Model(x, second)(images).numpy()
    e = tp.explain(model, images, "hirescam", target=1, layer="second")
    assert e.layer == "second"
    np.testing.assert_allclose(e.heatmaps, features @ weights[:, 1] / 64, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("head", [tp.AdaptiveAvg(2), tp.SPP()], ids=str)
def test_a_heads_own_grid_is_part_of_the_head(head: Any) -> None:
    model = tp.build(tp.plan("resnet8", head=head, input_shape=(64, 64, 3)), seed=0)
    e = tp.explain(model, IMAGES, "cam", 1)
    assert e.layer == "conv4_block1_out"
    assert e.heatmaps.shape == (3, 16, 16)
    bias = model.layers[-1].bias.numpy()[1]
    np.testing.assert_allclose(e.heatmaps.mean(axis=(1, 2)) + bias, e.scores, rtol=1e-4, atol=1e-5)


def test_a_convolution_after_the_pooling_is_a_linear_head() -> None:
    model = pooling_that_keeps_its_axes()
    e = tp.explain(model, IMAGES, "cam", 1)
    assert e.layer == "small/second"
    bias = model.get_layer("logits").bias.numpy()[1]
    np.testing.assert_allclose(e.heatmaps.mean(axis=(1, 2)) + bias, e.scores, rtol=1e-4, atol=1e-6)


def test_two_maps_that_enter_the_head_need_a_layer() -> None:
    x = keras.Input((64, 64, 3))
    one = layers.Conv2D(4, 3, name="one")(x)
    two = layers.Conv2D(4, 3, name="two")(x)
    pooled = [layers.GlobalAveragePooling2D()(features) for features in (one, two)]
    model = keras.Model(x, layers.Dense(3)(layers.Concatenate()(pooled)))
    with pytest.raises(ValueError, match=r"layer=.* 'one', 'two'"):
        tp.explain(model, IMAGES)
    assert tp.explain(model, IMAGES, layer="two").heatmaps.shape == (3, 62, 62)


def test_the_models_own_layers_are_neither_copied_nor_called_anew() -> None:
    model = two_models_deep()
    before = [len(layer._inbound_nodes) for layer in model.layers]
    explainer = tp.Explainer(model)
    old = explainer(IMAGES)
    model.layers[-1].set_weights([np.zeros_like(weight) for weight in model.layers[-1].get_weights()])
    assert [len(layer._inbound_nodes) for layer in model.layers] == before
    assert old.heatmaps.any()
    assert not explainer(IMAGES).heatmaps.any()


def test_a_model_that_cannot_be_split_is_refused() -> None:
    class Subclassed(keras.Model):
        def call(self, images: Any) -> Any:
            return images

    with pytest.raises(ValueError, match=r"Subclassed.*graph"):
        tp.explain(Subclassed(), IMAGES)
    unbuilt = keras.Sequential([layers.Flatten(), layers.Dense(3)])
    with pytest.raises(ValueError, match="build"):
        tp.explain(unbuilt, IMAGES)
    with pytest.raises(ValueError, match="str"):
        tp.explain("resnet50", IMAGES)  # type: ignore[arg-type]
    vector = keras.Sequential([keras.Input((5,)), layers.Dense(3)])
    with pytest.raises(ValueError, match=r"\(None, 5\) to \(None, 3\)"):
        tp.explain(vector, IMAGES)
    flat = keras.Sequential([image(), layers.Flatten(), layers.Dense(3)])
    with pytest.raises(ValueError, match="no feature map"):
        tp.explain(flat, IMAGES)
    x = image()
    for method in ("gradcam", "saliency"):
        with pytest.raises(ValueError, match="scores"):
            tp.explain(keras.Model(x, layers.Conv2D(3, 3)(x)), IMAGES, method)


def test_a_model_without_a_feature_map_is_explained_by_its_image() -> None:
    flat = keras.Sequential([image(), layers.Flatten(), layers.Dense(3)])
    e = tp.explain(flat, IMAGES, "integrated_gradients")
    assert e.heatmaps.shape == (3, 64, 64)
    np.testing.assert_allclose(e.heatmaps.sum(axis=(1, 2)), e.scores, rtol=1e-4)


def test_tokens_on_a_grid_are_explained_after_their_last_attention() -> None:
    x = image()
    tokens = layers.Reshape((-1, 6))(small()(x))
    attended = layers.MultiHeadAttention(2, 3, name="attention")(tokens, tokens)
    model = keras.Model(x, layers.Dense(3)(layers.GlobalAveragePooling1D()(attended)))
    with pytest.warns(UserWarning, match="attention"):
        e = tp.explain(model, IMAGES, "hirescam")
    assert e.layer == "attention"
    assert e.heatmaps.shape == (3, 30, 30)
    bias = model.layers[-1].bias.numpy()[e.targets]
    np.testing.assert_allclose(e.heatmaps.sum(axis=(1, 2)) + bias, e.scores, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("named", [True, False], ids=["dictionary", "list"])
def test_one_of_several_outputs_is_named(named: bool) -> None:
    x = image()
    pooled = layers.GlobalAveragePooling2D()(small()(x))
    outputs = {"kind": layers.Dense(3, name="kind")(pooled), "color": layers.Dense(2, name="color")(pooled)}
    model = keras.Model(x, outputs if named else list(outputs.values()))
    with pytest.raises(ValueError, match=r"output=.* '\w+', '\w+'\."):
        tp.explain(model, IMAGES)
    with pytest.raises(ValueError, match="size"):
        tp.explain(model, IMAGES, output="size")
    for name, tensor in outputs.items():
        expected = tp.explain(keras.Model(x, tensor), IMAGES, "hirescam")
        e = tp.explain(model, IMAGES, "hirescam", output=name)
        np.testing.assert_array_equal(e.heatmaps, expected.heatmaps)
        np.testing.assert_array_equal(e.scores, expected.scores)
