"""The relations of maps and scores that must hold, on random and on trained models."""

import keras
import numpy as np
import pytest

import tfpool as tp
from tfpool import data
from tfpool.cam.explainer import resize
from tfpool.runs import RunStore

Model = keras.Model
IMAGES = data.to_input(data.load("fashion_mnist").test.images[:6])
TARGETS = np.array([0, 3, 3, 9, 1, 5])


@pytest.fixture(scope="module", params=["random", "trained"])
def gap(request: pytest.FixtureRequest) -> Model:
    return model_of("gap", request)


@pytest.fixture(scope="module", params=["random", "trained"])
def flatten(request: pytest.FixtureRequest) -> Model:
    return model_of("flatten", request)


def model_of(head: str, request: pytest.FixtureRequest) -> Model:
    if request.param == "trained":
        store = RunStore(request.getfixturevalue("trained"))
        return next(run for run in store.runs() if run.plan.head.name == head).load_model()
    model = tp.build(tp.plan("resnet8", head=head, input_shape=(28, 28, 1)), seed=4)
    random = np.random.default_rng(2)
    model.layers[-1].set_weights([random.normal(size=w.shape) * 0.1 for w in model.layers[-1].get_weights()])
    return model


def scores_of(model: Model, targets: np.ndarray = TARGETS) -> np.ndarray:
    return model(IMAGES, training=False).numpy()[np.arange(len(IMAGES)), targets]


def bias_of(model: Model, targets: np.ndarray = TARGETS) -> np.ndarray:
    return model.layers[-1].bias.numpy()[targets]


def close(actual: np.ndarray, expected: np.ndarray) -> None:
    """Equal to 1e-5 of the largest value."""
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


def test_mean_of_cam_plus_bias_is_the_logit(gap: Model) -> None:
    e = tp.explain(gap, IMAGES, method="cam", target=TARGETS)
    close(e.heatmaps.mean(axis=(1, 2)) + bias_of(gap), scores_of(gap))
    close(e.scores, scores_of(gap))
    assert e.heatmaps.dtype == e.scores.dtype == np.float32
    assert e.heatmaps.shape == (6, 7, 7)
    assert e.layer == "conv4_block1_out"


def test_cam_is_the_heads_weights_at_each_position(gap: Model) -> None:
    features = keras.Model(gap.inputs[0], gap.get_layer("conv4_block1_out").output)(IMAGES, training=False).numpy()
    weights = gap.layers[-1].kernel.numpy()[:, TARGETS]
    close(tp.explain(gap, IMAGES, "cam", TARGETS).heatmaps, np.einsum("nhwc,cn->nhw", features, weights))


def test_hirescam_is_cam_by_the_number_of_positions_and_gradcam_what_is_positive_of_it(gap: Model) -> None:
    cam = tp.explain(gap, IMAGES, "cam", TARGETS).heatmaps / 49
    close(tp.explain(gap, IMAGES, "hirescam", TARGETS).heatmaps, cam)
    close(tp.explain(gap, IMAGES, "gradcam", TARGETS).heatmaps, np.maximum(cam, 0))


def test_sum_of_hirescam_plus_bias_is_the_logit_of_flatten(flatten: Model) -> None:
    e = tp.explain(flatten, IMAGES, "hirescam", TARGETS)
    close(e.heatmaps.sum(axis=(1, 2)) + bias_of(flatten), scores_of(flatten))
    close(e.scores, scores_of(flatten))
    assert not np.allclose(tp.explain(flatten, IMAGES, "gradcam", TARGETS).heatmaps, np.maximum(e.heatmaps, 0))


def test_cam_of_flatten_has_the_score_as_its_mean_too(flatten: Model) -> None:
    e = tp.explain(flatten, IMAGES, "cam", TARGETS)
    close(e.heatmaps.mean(axis=(1, 2)) + bias_of(flatten), scores_of(flatten))
    close(e.heatmaps / 49, tp.explain(flatten, IMAGES, "hirescam", TARGETS).heatmaps)


def test_gaps_weights_tiled_into_a_flatten_head_give_the_same_scores_and_map(gap: Model) -> None:
    flatten = tp.build(tp.plan("resnet8", head="flatten", input_shape=(28, 28, 1)))
    for layer in flatten.layers[:-1]:
        if layer.get_weights():
            layer.set_weights(gap.get_layer(layer.name).get_weights())
    kernel, bias = gap.layers[-1].get_weights()
    flatten.layers[-1].set_weights([np.tile(kernel, (49, 1)) / 49, bias])
    close(scores_of(flatten), scores_of(gap))
    for method in ("hirescam", "cam"):
        close(tp.explain(flatten, IMAGES, method, TARGETS).heatmaps, tp.explain(gap, IMAGES, method, TARGETS).heatmaps)


def test_hirescam_of_global_max_is_nonzero_at_the_peaks_only() -> None:
    model = tp.build(tp.plan("resnet8", head="gmp", input_shape=(28, 28, 1)), seed=4)
    features = keras.Model(model.inputs[0], model.get_layer("conv4_block1_out").output)(IMAGES, training=False).numpy()
    e = tp.explain(model, IMAGES, "hirescam")
    peaks = (features == features.max(axis=(1, 2), keepdims=True)).any(axis=-1)
    assert not e.heatmaps[~peaks].any()
    close(e.heatmaps.sum(axis=(1, 2)) + bias_of(model, e.targets), e.scores)


def test_a_map_in_a_batch_is_the_map_alone(gap: Model) -> None:
    explainer = tp.Explainer(gap, "gradcam")
    many = explainer(np.concatenate([IMAGES] * 7))
    for number in (0, 5, 33, 41):
        one = explainer(IMAGES[number % 6])
        close(many.heatmaps[number], one.heatmaps[0])
        assert many.targets[number] == one.targets[0]


def test_the_top_class_is_explained_by_default(gap: Model) -> None:
    e = tp.explain(gap, IMAGES)
    np.testing.assert_array_equal(e.targets, gap(IMAGES, training=False).numpy().argmax(axis=1))
    np.testing.assert_array_equal(tp.explain(gap, IMAGES, target=3).targets, [3] * 6)


@pytest.mark.parametrize("method", tp.methods())
def test_the_score_before_softmax_is_explained(method: str) -> None:
    plan = tp.plan("resnet8", input_shape=(28, 28, 1))
    plain, softmax = tp.build(plan, seed=1), tp.build(plan, activation="softmax", seed=1)
    expected = tp.explain(plain, IMAGES, method)
    flat = keras.Model(plain.inputs[0], keras.layers.Softmax()(plain.outputs[0]))
    activated = keras.Model(plain.inputs[0], keras.layers.Activation("softmax")(plain.outputs[0]))
    for model in (softmax, flat, activated):
        e = tp.explain(model, IMAGES, method)
        close(e.heatmaps, expected.heatmaps)
        close(e.scores, expected.scores)


def test_a_single_sigmoid_unit_is_two_scores_of_opposite_sign() -> None:
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(4, 3, activation="relu", kernel_initializer=keras.initializers.HeNormal(1)),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(1, activation="sigmoid", kernel_initializer=keras.initializers.HeNormal(2)),
        ]
    )
    for method in ("cam", "hirescam"):
        yes, no = (tp.explain(model, IMAGES, method, target) for target in (1, 0))
        close(yes.heatmaps, -no.heatmaps)
        close(1 / (1 + np.exp(-yes.scores)), model(IMAGES)[:, 0].numpy())
    top = tp.explain(model, IMAGES)
    np.testing.assert_array_equal(top.targets, (model(IMAGES)[:, 0] > 0.5).numpy())
    close(tp.Explainer(model).probabilities(IMAGES)[:, 1], model(IMAGES)[:, 0].numpy())


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
@pytest.mark.parametrize("inside", [True, False], ids=["inside", "after"])
def test_probabilities_are_what_the_model_says_itself(activation: str, inside: bool) -> None:
    plain = tp.build(tp.plan("resnet8", input_shape=(28, 28, 1)), seed=1)
    pooled, last = plain.layers[-2].output, plain.layers[-1]
    dense = keras.layers.Dense(10, activation=activation if inside else None)
    out = dense(pooled)
    dense.set_weights(last.get_weights())
    model = keras.Model(plain.inputs[0], out if inside else keras.layers.Activation(activation)(out))
    np.testing.assert_allclose(tp.Explainer(model).probabilities(IMAGES), model(IMAGES, training=False), atol=1e-6)
    assert tp.Explainer(plain).probabilities(IMAGES).sum(axis=1) == pytest.approx(1)


def test_transfer_learning_with_a_nested_backbone_equals_the_flat_model(gap: Model) -> None:
    flat = keras.Model(gap.inputs[0], gap.get_layer("conv4_block1_out").output, name="backbone")
    image = keras.Input((28, 28, 1))
    pooled = keras.layers.GlobalAveragePooling2D()(flat(image))
    nested = keras.Model(image, keras.layers.Dense(10)(pooled))
    nested.layers[-1].set_weights(gap.layers[-1].get_weights())
    for method in tp.methods():
        e, expected = tp.explain(nested, IMAGES, method), tp.explain(gap, IMAGES, method)
        assert e.layer == "backbone/conv4_block1_out"
        close(e.heatmaps, expected.heatmaps)


def test_an_official_resnet50_is_read_after_the_last_addition() -> None:
    model = keras.applications.ResNet50(weights=None, input_shape=(64, 64, 3), classes=4)
    e = tp.explain(model, np.random.default_rng(0).random((2, 64, 64, 3), np.float32), "cam")
    assert e.layer == "conv5_block3_out"
    assert e.heatmaps.shape == (2, 2, 2)
    close(e.heatmaps.mean(axis=(1, 2)) + bias_of(model, e.targets), e.scores)


def test_mixed_precision_models_give_float32_maps() -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = tp.build(tp.plan("resnet8", input_shape=(28, 28, 1)), seed=1)
    finally:
        keras.config.set_dtype_policy("float32")
    precise = tp.build(tp.plan("resnet8", input_shape=(28, 28, 1)), seed=1)
    e, expected = tp.explain(model, IMAGES, "cam", 3), tp.explain(precise, IMAGES, "cam", 3)
    assert e.heatmaps.dtype == np.float32
    np.testing.assert_allclose(e.heatmaps, expected.heatmaps, atol=0.05 * np.abs(expected.heatmaps).max())


def test_a_named_layer_is_explained_and_a_wrong_one_lists_what_would_do(gap: Model) -> None:
    e = tp.explain(gap, IMAGES, "hirescam", layer="conv3_block1_out")
    assert (e.layer, e.heatmaps.shape) == ("conv3_block1_out", (6, 14, 14))
    with pytest.raises(
        ValueError, match=r"has no layer 'predictions' .*Use one of: 'conv4_block1_out', 'conv4_block1_add'"
    ):
        tp.explain(gap, IMAGES, layer="predictions")


def test_a_model_of_unknown_size_explains_images_of_any() -> None:
    for head in ("gap", "gmp"):
        model = tp.build(tp.plan("resnet8", head=head, input_shape=(None, None, 1)), seed=1)
        explainer = tp.Explainer(model, "cam")
        assert explainer(np.zeros((1, 40, 56, 1))).heatmaps.shape == (1, 10, 14)
        assert explainer(IMAGES).heatmaps.shape == (6, 7, 7)


def test_cam_needs_a_linear_head_and_says_what_else_to_use() -> None:
    model = tp.build(tp.plan("resnet8", head=tp.FC((8,)), input_shape=(28, 28, 1)), seed=1)
    with pytest.raises(ValueError, match=r"cam needs a head that is linear.*Use hirescam or gradcam"):
        tp.explain(model, IMAGES, "cam")
    # A piecewise linear head without biases: gradient times activation adds up to the score.
    e = tp.explain(model, IMAGES, "hirescam")
    close(e.heatmaps.sum(axis=(1, 2)), e.scores)


def test_neither_model_nor_images_change(gap: Model) -> None:
    weights, images = [w.copy() for w in gap.get_weights()], IMAGES.copy()
    before = gap(IMAGES, training=False).numpy()
    for method in tp.methods():
        tp.explain(gap, images, method)
    np.testing.assert_array_equal(images, IMAGES)
    assert all(map(np.array_equal, weights, gap.get_weights()))
    np.testing.assert_array_equal(gap(IMAGES, training=False), before)


def test_no_image_gives_no_map(gap: Model) -> None:
    e = tp.explain(gap, IMAGES[:0])
    assert (e.heatmaps.shape, e.targets.shape, e.scores.shape) == ((0, 7, 7), (0,), (0,))
    assert e.resize((28, 28)).shape == (0, 28, 28)


def test_resizing_keeps_the_range_and_the_place(gap: Model) -> None:
    e = tp.explain(gap, IMAGES, "hirescam")
    large = e.resize((28, 28))
    assert (large.shape, large.dtype) == ((6, 28, 28), np.float32)
    assert large.max() <= e.heatmaps.max() + 1e-6
    assert large.min() >= e.heatmaps.min() - 1e-6
    peak = np.zeros((1, 7, 7), np.float32)
    peak[0, 5, 2] = 1.0
    row, column = np.unravel_index(resize(peak, (28, 28))[0].argmax(), (28, 28))
    assert (row // 4, column // 4) == (5, 2)


@pytest.mark.parametrize(
    ("images", "settings", "message"),
    [
        (
            IMAGES,
            {"method": "smoothgrad"},
            r"Unknown method 'smoothgrad'\. Use one of: cam, gradcam, gradcam\+\+, hirescam",
        ),
        (IMAGES, {"target": 10}, r"has the classes 0 to 9, got target 10"),
        (IMAGES, {"target": -1}, r"has the classes 0 to 9, got target -1"),
        (IMAGES, {"target": [1, 2]}, r"one for all images or one each, got \[1, 2\]"),
        (IMAGES, {"target": "shirt"}, r"A target is a class number.* got 'shirt'"),
        (IMAGES[:, :20], {}, r"takes images of shape \(N, 28, 28, 1\), got \(6, 20, 28, 1\)"),
        (IMAGES[0, ..., 0], {}, r"takes images of shape \(N, 28, 28, 1\), got \(28, 28\)"),
    ],
    ids=["method", "beyond", "below", "too few", "no number", "size", "no channels"],
)
def test_bad_input_is_one_clear_sentence(images: np.ndarray, settings: dict[str, object], message: str) -> None:
    model = tp.build(tp.plan("resnet8", input_shape=(28, 28, 1)), seed=1)
    with pytest.raises(ValueError, match=message):
        tp.explain(model, images, **settings)  # type: ignore[arg-type]
