"""Models are built as their plans and keras.applications say, with any head, from a seed, and pool by the formulas."""

import functools
import re
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfpool as tp
from tests.helpers.built_models import KINDS, assert_equal, models_with_heads, with_distinct_weights
from tfpool.networks import heads
from tfpool.networks.heads import HEADS

ODD = {32: (33, 45, 3), 224: (255, 191, 3)}
GRAY = {32: (28, 28, 1), 224: (193, 224, 1)}
"""Sizes for networks that were published for small and for large images."""
SHALLOWEST = (*KINDS, "resnet20b", "resnet18", "plain18", "resnet50", "resnet50v1.5", "nin_imagenet", "vgg11")
"""Of each kind and version of network the shallowest: deeper networks have the same layers more often."""


def check_plan(name: str, with_heads: tuple[str, ...], size: tuple[int, int, int]) -> None:
    # No weight is allocated, so the largest heads can be checked too.
    with keras.StatelessScope(initialize_variables=False):
        for plan, model in models_with_heads(name, with_heads, size):
            assert_equal(plan, model)
    keras.backend.clear_session()


@pytest.mark.parametrize("channels", [3, 1])
@pytest.mark.parametrize("name", KINDS)
def test_plan_equals_the_built_model_layer_by_layer(name: str, channels: int) -> None:
    height, width, _ = KINDS[name]
    check_plan(name, tuple(HEADS) if name == "convnet" else ("flatten",), (height, width, channels))


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("name", "sizes"),
    [(name, ODD) for name in tp.catalog()] + [(name, GRAY) for name in SHALLOWEST],
    ids=lambda value: value if isinstance(value, str) else str(value[224]),
)
def test_plan_equals_the_built_model_with_every_head(name: str, sizes: dict[int, tuple[int, int, int]]) -> None:
    check_plan(name, tuple(HEADS), sizes[32 if tp.plan(name).input_shape[0] == 32 else 224])


@pytest.mark.parametrize("head", sorted(set(HEADS) - {"gem"}))
def test_every_layer_is_a_stock_one_in_one_flat_graph(head: str) -> None:
    model = tp.build(tp.plan("convnet" if head != "gap" else "resnet8", head=head, input_shape=(16, 16, 3)))
    assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {"keras"}
    assert not any(isinstance(layer, keras.Model | keras.layers.Lambda) for layer in model.layers)


OFFICIAL = {
    "resnet50": ("ResNet50", None),
    "resnet101": ("ResNet101", None),
    "resnet152": ("ResNet152", None),
    "resnet50v2": ("ResNet50V2", None),
    "resnet101v2": ("ResNet101V2", None),
    "resnet152v2": ("ResNet152V2", None),
    "vgg16": ("VGG16", tp.FC(dropout=0.0)),
    "vgg19": ("VGG19", tp.FC(dropout=0.0)),
    "efficientnetb0": ("EfficientNetB0", None),
    "efficientnetb3": ("EfficientNetB3", None),
}
"""By our name, the name and the head in keras.applications, whose VGGs have no dropout; None for our default head."""
SHALLOW = ("resnet50", "resnet50v2", "vgg16", "efficientnetb0")


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name if name in SHALLOW else pytest.param(name, marks=pytest.mark.exhaustive) for name in OFFICIAL]
)
def test_layer_names_and_order_are_those_of_keras_applications(name: str) -> None:
    theirs, head = OFFICIAL[name]
    with keras.StatelessScope(initialize_variables=False):
        our_model, their_model = tp.build(tp.plan(name, head=head)), getattr(keras.applications, theirs)(weights=None)
    ours, official = our_model.layers, their_model.layers
    # Keras numbers the layers that keras.applications leaves unnamed: the input, and version 2's pooled shortcuts.
    unnamed = re.compile(r"(input_layer|max_pooling2d|rescaling|normalization)(_\d+)?")
    pairs = zip(ours, official, strict=True)
    assert all(mine.name == its.name for mine, its in pairs if not unnamed.fullmatch(its.name))
    assert [type(layer) for layer in ours] == [type(layer) for layer in official]
    assert [layer.output.shape for layer in ours] == [layer.output.shape for layer in official]
    assert [weight.shape for weight in our_model.weights] == [weight.shape for weight in their_model.weights]
    keras.backend.clear_session()


@functools.lru_cache(maxsize=1)
def official(name: str) -> keras.Model:
    """An official model with weights that all differ, at a small size where its weights do not depend on it."""
    keras.utils.set_random_seed(3)
    model = getattr(keras.applications, OFFICIAL[name][0])(weights=None, input_shape=(64, 64, 3), classes=10)
    return with_distinct_weights(model)


FORMATS = [("whole.h5", False), ("whole.h5", True), ("only.weights.h5", False)]
OTHERS = [
    ("efficientnetb0", "only.weights.h5", False),
    *(("resnet50", *format) for format in FORMATS),
    ("vgg16", "whole.h5", False),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "file", "by_name"),
    [("resnet50v2", *format) for format in FORMATS]
    + [pytest.param(*other, marks=pytest.mark.exhaustive) for other in OTHERS],
)
def test_official_weights_load_from_each_format_with_no_difference(
    name: str, tmp_path: Path, file: str, by_name: bool
) -> None:
    model, path = official(name), tmp_path / file
    if file.endswith(".weights.h5"):
        model.save_weights(path)
    else:
        model.save(path)
    plan = tp.plan(name, head=OFFICIAL[name][1], input_shape=(64, 64, 3), classes=10)
    ours = tp.build(plan, activation="softmax")
    ours.load_weights(path, **({"by_name": True} if by_name else {}))
    images = np.random.default_rng(1).random((2, 64, 64, 3), np.float32) * (255 if "efficient" in name else 1)
    expected = model(images, training=False).numpy()
    # Weights that were not loaded would give other numbers, but NaN or zero outputs would compare as equal.
    assert np.isfinite(expected).all()
    assert np.ptp(expected) > 0
    assert np.abs(ours(images, training=False).numpy() - expected).max() == 0.0


def test_softmax_is_the_softmax_of_the_logits() -> None:
    plan = tp.plan("resnet8")
    logits, softmax = tp.build(plan, seed=1), tp.build(plan, activation="softmax", seed=1)
    images = np.random.default_rng(0).random((3, 32, 32, 3), np.float32)
    np.testing.assert_allclose(softmax(images), tf.nn.softmax(logits(images)), rtol=1e-6)


def test_one_seed_gives_the_same_start_and_two_heads_share_their_backbone_weights() -> None:
    gap, again = (tp.build(tp.plan("resnet8", head="gap"), seed=5) for _ in range(2))
    flatten, other = tp.build(tp.plan("resnet8", head="flatten"), seed=5), tp.build(tp.plan("resnet8"), seed=6)
    kernel = "conv3_block1_1_conv"
    assert np.array_equal(gap.get_layer("predictions").kernel, again.get_layer("predictions").kernel)
    assert np.array_equal(gap.get_layer(kernel).kernel, flatten.get_layer(kernel).kernel)
    assert not np.array_equal(gap.get_layer(kernel).kernel, other.get_layer(kernel).kernel)
    assert not np.array_equal(gap.get_layer(kernel).kernel[..., :16], gap.get_layer("conv2_block1_1_conv").kernel)


def test_a_gap_network_of_unknown_size_takes_images_of_any() -> None:
    model = tp.build(tp.plan("resnet8", input_shape=(None, None, 3)), seed=0)
    fixed = tp.build(tp.plan("resnet8", input_shape=(37, 50, 3)), seed=0)
    images = np.random.default_rng(0).random((2, 37, 50, 3), np.float32)
    np.testing.assert_array_equal(model(images), fixed(images))
    assert model(images[:, :20, :21]).shape == (2, 10)


def test_with_circular_padding_a_shift_of_the_image_is_a_shift_of_the_map_and_with_zeros_it_is_not() -> None:
    images = np.random.default_rng(0).random((2, 16, 20, 3), np.float32)
    moved = np.roll(images, (4, 8), axis=(1, 2))
    differences = {}
    for padding in ("circular", "zero"):
        plan = tp.plan("convnet", "gap", (16, 20, 3), padding=padding)
        model = tp.build(plan, seed=0)
        assert model.count_params() == plan.params
        features = keras.Model(model.inputs[0], model.get_layer("conv3").output)
        # The network halves twice: four pixels are one position of the last map.
        expected = np.roll(features(images), (1, 2), axis=(1, 2))
        differences[padding] = float(np.abs(features(moved) - expected).max())
    assert differences["circular"] == 0
    assert differences["zero"] > 0.01


def test_without_padding_each_convolution_takes_two_rows_and_columns_off() -> None:
    plan = tp.plan("convnet", "gap", (32, 32, 3), padding="none", last=10)
    model = tp.build(plan)
    assert plan.feature_shape == model.get_layer("conv3").output.shape[1:] == (5, 5, 10)


def test_shortcut_a_is_every_second_pixel_between_channels_of_zeros() -> None:
    model = tp.build(tp.plan("resnet8", input_shape=(9, 12, 3)), seed=0)
    before, after = model.get_layer("conv2_block1_out").output, model.get_layer("conv3_block1_0_pad").output
    images = np.random.default_rng(0).random((2, 9, 12, 3), np.float32)
    features, shortcut = keras.Model(model.inputs[0], [before, after])(images)
    np.testing.assert_array_equal(shortcut[..., 8:24], features[:, ::2, ::2])
    assert not np.any(shortcut[..., :8])
    assert not np.any(shortcut[..., 24:])


def test_what_is_no_plan_is_not_built() -> None:
    with pytest.raises(ValueError, match="resnet8"):
        tp.build("resnet8")  # type: ignore[arg-type]


def small_backbone() -> keras.Model:
    image = keras.Input((16, 20, 3))
    x = keras.layers.Conv2D(6, 3, strides=4, padding="same")(image)
    return keras.Model(image, keras.layers.ReLU()(keras.layers.BatchNormalization()(x)))


def official_backbone() -> keras.Model:
    return keras.applications.MobileNetV2(weights=None, include_top=False, input_shape=(128, 160, 3), alpha=0.35)


@pytest.mark.parametrize(
    ("make", "head", "nested"),
    [(small_backbone, head, nested) for head in HEADS for nested in (False, True)] + [(official_backbone, "gmp", True)],
)
def test_any_head_goes_on_any_headless_model(make: Callable[[], keras.Model], head: str, nested: bool) -> None:
    backbone = make()
    if nested:
        image = keras.Input(backbone.input_shape[1:])
        backbone = keras.Model(image, backbone(keras.layers.Rescaling(2.0)(image)))
    model = tp.with_head(backbone, head, classes=5, activation="softmax", seed=1)
    added = model.count_params() - backbone.count_params()
    assert added == heads.get(head).params(backbone.output_shape[1:], 5)
    images = np.random.default_rng(0).random((2, *backbone.input_shape[1:]), np.float32)
    np.testing.assert_allclose(model(images, training=False).numpy().sum(axis=1), 1, rtol=1e-5)
    # One flat graph on the backbone's own layers and weights.
    assert {id(weight) for weight in backbone.weights} <= {id(weight) for weight in model.weights}
    assert model.layers[: len(backbone.layers)] == backbone.layers


def test_a_model_that_has_a_head_gets_no_second_one() -> None:
    with pytest.raises(ValueError, match="include_top"):
        tp.with_head(tp.build(tp.plan("convnet")), "gap", classes=3)
    with pytest.raises(ValueError, match="none"):
        tp.with_head("resnet50", "gap", classes=3)  # type: ignore[arg-type]


def head_outputs(head: str | heads.Head, features: np.ndarray) -> np.ndarray:
    """The input of a head's dense layer."""
    image = keras.Input(features.shape[1:])
    model = tp.with_head(keras.Model(image, keras.layers.Identity()(image)), head, classes=2, seed=0)
    return keras.Model(model.inputs[0], model.layers[-1].input)(features).numpy()


def test_heads_pool_what_their_formulas_say() -> None:
    features = np.random.default_rng(0).random((3, 4, 6, 5), np.float32)
    mean, maximum = features.mean(axis=(1, 2)), features.max(axis=(1, 2))
    np.testing.assert_allclose(head_outputs("gap", features), mean, rtol=1e-6)
    np.testing.assert_allclose(head_outputs("gmp", features), maximum, rtol=1e-6)
    np.testing.assert_allclose(head_outputs("avgmax", features), np.hstack([mean, maximum]), rtol=1e-6)
    np.testing.assert_allclose(head_outputs("flatten", features), features.reshape(3, -1), rtol=1e-6)
    np.testing.assert_allclose(head_outputs(tp.AdaptiveAvg(size=1), features), mean, rtol=1e-6)
    quarters = features.reshape(3, 2, 2, 2, 3, 5)
    np.testing.assert_allclose(
        head_outputs("adaptiveavg", features), quarters.mean(axis=(2, 4)).reshape(3, -1), rtol=1e-6
    )
    pyramid = np.hstack([maximum, quarters.max(axis=(2, 4)).reshape(3, -1)])
    np.testing.assert_allclose(head_outputs(tp.SPP(levels=(1, 2)), features), pyramid, rtol=1e-6)


def test_gem_is_the_mean_at_one_and_nears_the_maximum_as_p_grows() -> None:
    features = np.random.default_rng(0).random((3, 4, 6, 5), np.float32)
    np.testing.assert_allclose(head_outputs(tp.GeM(p=1.0), features), features.mean(axis=(1, 2)), rtol=1e-5)
    by_hand = (features**3).mean(axis=(1, 2)) ** (1 / 3)
    np.testing.assert_allclose(head_outputs("gem", features), by_hand, rtol=1e-5)
    np.testing.assert_allclose(head_outputs(tp.GeM(p=80.0), features), features.max(axis=(1, 2)), rtol=0.06)


def test_gem_learns_its_exponent_and_is_saved_with_it(tmp_path: Path) -> None:
    model = tp.build(tp.plan("convnet", head="gem", input_shape=(8, 8, 3)), seed=0)
    images = np.random.default_rng(0).random((2, 8, 8, 3), np.float32)
    with tf.GradientTape() as tape:
        score = tf.reduce_sum(model(images))
    assert tape.gradient(score, model.get_layer("gem_pool").exponent) != 0
    model.get_layer("gem_pool").exponent.assign(5.0)
    model.save(tmp_path / "gem.keras")
    again = keras.models.load_model(tmp_path / "gem.keras")
    np.testing.assert_array_equal(again(images), model(images))


@pytest.mark.parametrize(("name", "head"), [("resnet8", "gap"), *(("convnet", head) for head in HEADS)])
def test_every_weight_gets_a_gradient(name: str, head: str) -> None:
    plan = tp.plan(name, head=tp.FC((16,)) if head == "fc" else head, input_shape=(16, 16, 3))
    model = tp.build(plan, seed=0)
    images = np.random.default_rng(0).random((4, 16, 16, 3), np.float32)
    with tf.GradientTape() as tape:
        score = tf.reduce_sum(model(images, training=True) ** 2)
    gradients = tape.gradient(score, model.trainable_weights)
    assert all(gradient is not None and np.isfinite(gradient).all() for gradient in gradients)
    named = zip(model.trainable_weights, gradients, strict=True)
    assert all(np.any(gradient) for weight, gradient in named if weight.name == "kernel")


def test_nin_ends_in_the_mean_of_its_class_maps() -> None:
    model = tp.build(tp.plan("nin_cifar"), activation="softmax", seed=0)
    assert [layer.name for layer in model.layers[-3:]] == ["class_maps", "avg_pool", "softmax"]
    images = np.random.default_rng(0).random((2, 32, 32, 3), np.float32)
    maps = keras.Model(model.inputs[0], model.get_layer("class_maps").output)(images).numpy()
    expected = tf.nn.softmax(maps.mean(axis=(1, 2)))
    np.testing.assert_allclose(model(images), expected, rtol=1e-5)
