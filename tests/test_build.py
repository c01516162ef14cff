from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfpool as tp
from tfpool.heads import HEADS
from tfpool.plan import Plan

SIZES = {32: ((32, 32, 3), (33, 45, 3), (28, 28, 1)), 224: ((224, 224, 3), (97, 131, 3), (32, 64, 1))}


def all_plans() -> list[Plan]:
    """Every network under every head at three sizes, odd ones and grey ones among them."""
    published = {name: tp.plan(name).input_shape[0] for name in tp.catalog()}
    return [
        tp.plan(name, head=head, input_shape=size, classes=7)
        for name, side in published.items()
        for head in HEADS
        for size in SIZES[side or 32]
    ]


@pytest.mark.slow
@pytest.mark.parametrize("plan", all_plans(), ids=lambda plan: f"{plan.name}-{plan.input_shape}")
def test_plan_equals_the_built_model_layer_by_layer(plan: Plan) -> None:
    # In a graph no weight is allocated, so the largest heads are checked too.
    with tf.Graph().as_default():
        model = tp.build(plan)
    assert plan.params == model.count_params()
    assert plan.trainable_params == sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert len(model.layers) == len(plan.rows)
    for row in plan.rows:
        layer = model.get_layer(row.name)
        shape = layer.batch_shape if row.op == "InputLayer" else layer.output.shape
        assert (type(layer).__name__, tuple(shape[1:])) == (row.op, row.output_shape)
        assert layer.count_params() == row.params
    keras.backend.clear_session()


@pytest.mark.parametrize("head", HEADS)
def test_every_layer_is_a_stock_one_in_one_flat_graph(head: str) -> None:
    model = tp.build(tp.plan("resnet8", head=head))
    assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {"keras"}
    assert not any(isinstance(layer, keras.Model | keras.layers.Lambda) for layer in model.layers)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "official"),
    [
        ("resnet50", keras.applications.ResNet50),
        ("resnet101", keras.applications.ResNet101),
        ("resnet152", keras.applications.ResNet152),
    ],
)
def test_layer_names_and_order_are_those_of_keras_applications(name: str, official: Callable[..., keras.Model]) -> None:
    with tf.Graph().as_default():
        ours, theirs = tp.build(tp.plan(name)), official(weights=None)
    # Keras numbers its input layers through; ours has no number.
    assert [layer.name for layer in ours.layers[1:]] == [layer.name for layer in theirs.layers[1:]]
    assert [weight.shape for weight in ours.weights] == [weight.shape for weight in theirs.weights]
    assert [layer.output.shape for layer in ours.layers] == [layer.output.shape for layer in theirs.layers]
    keras.backend.clear_session()


@pytest.fixture(scope="module")
def official() -> keras.Model:
    keras.utils.set_random_seed(3)
    model = keras.applications.ResNet50(weights=None)
    # Fresh biases and moving statistics are all alike: a swap of two layers would go unseen.
    random = np.random.default_rng(0)
    model.set_weights(
        [value + 0.1 * random.random(value.shape, np.float32) * (value.ndim == 1) for value in model.get_weights()]
    )
    return model


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "by_name"), [("whole.h5", False), ("whole.h5", True), ("only.weights.h5", False)], ids=str
)
def test_official_weights_load_from_each_format_with_no_difference(
    official: keras.Model, tmp_path: Path, file: str, by_name: bool
) -> None:
    path = tmp_path / file
    if file.endswith(".weights.h5"):
        official.save_weights(path)
    else:
        official.save(path)
    ours = tp.build(tp.plan("resnet50"), activation="softmax")
    ours.load_weights(path, **({"by_name": True} if by_name else {}))
    images = np.random.default_rng(1).random((2, 224, 224, 3), np.float32)
    expected = official(images, training=False).numpy()
    # Weights that were left at their start would give other numbers, and no number would equal none.
    assert np.isfinite(expected).all()
    assert np.ptp(expected) > 0
    assert np.abs(ours(images, training=False).numpy() - expected).max() == 0.0


def test_softmax_is_the_softmax_of_the_logits() -> None:
    plan = tp.plan("resnet8")
    logits, softmax = tp.build(plan, seed=1), tp.build(plan, activation="softmax", seed=1)
    images = np.random.default_rng(0).random((3, 32, 32, 3), np.float32)
    np.testing.assert_allclose(softmax(images), tf.nn.softmax(logits(images)), rtol=1e-6)


def test_one_seed_gives_one_start_and_two_heads_share_their_backbones() -> None:
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


def test_shortcut_a_is_every_second_pixel_between_channels_of_zeros() -> None:
    model = tp.build(tp.plan("resnet8", input_shape=(9, 12, 3)), seed=0)
    before, after = model.get_layer("conv2_block1_out").output, model.get_layer("conv3_block1_0_pad").output
    images = np.random.default_rng(0).random((2, 9, 12, 3), np.float32)
    features, shortcut = keras.Model(model.inputs[0], [before, after])(images)
    np.testing.assert_array_equal(shortcut[..., 8:24], features[:, ::2, ::2])
    assert not np.any(shortcut[..., :8])
    assert not np.any(shortcut[..., 24:])


def test_what_is_no_plan_is_not_built() -> None:
    with pytest.raises(ValueError, match=r"A plan is needed, such as tp\.plan\('resnet8'\), got 'resnet8'"):
        tp.build("resnet8")  # type: ignore[arg-type]
