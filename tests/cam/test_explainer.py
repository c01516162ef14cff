"""The relations of maps and scores that must hold, on random and on trained models."""

from typing import Any

import keras
import numpy as np
import pytest

import tfpool as tp
from tests.helpers.explained_models import IMAGES, QUICK, TARGETS, Model, bias_of, close, scores_of
from tfpool.cam.interpolation import resize
from tfpool.cam.targets import Contrast


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


def test_the_score_before_softmax_is_explained_wherever_the_softmax_is() -> None:
    plan = tp.plan("resnet8", input_shape=(28, 28, 1))
    plain, softmax = tp.build(plan, seed=1), tp.build(plan, activation="softmax", seed=1)
    expected = tp.explain(plain, IMAGES, "hirescam")
    layer = keras.Model(plain.inputs[0], keras.layers.Softmax()(plain.outputs[0]))
    activated = keras.Model(plain.inputs[0], keras.layers.Activation("softmax")(plain.outputs[0]))
    for model in (softmax, layer, activated):
        e = tp.explain(model, IMAGES, "hirescam")
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
def test_probabilities_are_the_models_own(activation: str, inside: bool) -> None:
    plain = tp.build(tp.plan("resnet8", input_shape=(28, 28, 1)), seed=1)
    pooled, last = plain.layers[-2].output, plain.layers[-1]
    dense = keras.layers.Dense(10, activation=activation if inside else None)
    out = dense(pooled)
    dense.set_weights(last.get_weights())
    model = keras.Model(plain.inputs[0], out if inside else keras.layers.Activation(activation)(out))
    np.testing.assert_allclose(tp.Explainer(model).probabilities(IMAGES), model(IMAGES, training=False), atol=1e-6)
    assert tp.Explainer(plain).probabilities(IMAGES).sum(axis=1) == pytest.approx(1)


def test_transfer_learning_with_a_nested_backbone_equals_the_flat_model(small: Model) -> None:
    flat = keras.Model(small.inputs[0], small.get_layer("features").output, name="backbone")
    image = keras.Input((28, 28, 1))
    pooled = keras.layers.GlobalAveragePooling2D()(flat(image))
    nested = keras.Model(image, keras.layers.Dense(10)(pooled))
    nested.layers[-1].set_weights(small.layers[-1].get_weights())
    for method in ("cam", "gradcam++", "scorecam", "fullgrad", "occlusion"):
        e, expected = (tp.explain(model, IMAGES, method, **QUICK.get(method, {})) for model in (nested, small))
        assert e.layer in ("backbone/features", nested.inputs[0].name)
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


def test_a_named_layer_is_explained_and_a_wrong_name_lists_the_layers(gap: Model) -> None:
    e = tp.explain(gap, IMAGES, "hirescam", layer="conv3_block1_out")
    assert (e.layer, e.heatmaps.shape) == ("conv3_block1_out", (6, 14, 14))
    with pytest.raises(ValueError, match="conv4_block1_out"):
        tp.explain(gap, IMAGES, layer="predictions")


@pytest.mark.parametrize("method", ["cam", "gradcam", "hirescam", "layercam", "xgradcam", "gradcam++"])
def test_a_map_takes_one_pass_through_the_networks_convolutions(method: str) -> None:
    model = tp.build(tp.plan("resnet8", input_shape=(28, 28, 1)), seed=1)
    graph = tp.Explainer(model, method)._compiled.graph.graph
    passed = [operation for operation in graph.get_operations() if operation.type == "Conv2D"]
    assert len(passed) == sum(isinstance(layer, keras.layers.Conv2D) for layer in model.layers)


def test_a_model_of_unknown_size_explains_images_of_any() -> None:
    for head in ("gap", "gmp"):
        model = tp.build(tp.plan("resnet8", head=head, input_shape=(None, None, 1)), seed=1)
        explainer = tp.Explainer(model, "cam")
        assert explainer(np.zeros((1, 40, 56, 1))).heatmaps.shape == (1, 10, 14)
        assert explainer(IMAGES).heatmaps.shape == (6, 7, 7)


def test_cam_needs_a_linear_head_and_names_other_methods() -> None:
    model = tp.build(tp.plan("resnet8", head=tp.FC((8,)), input_shape=(28, 28, 1)), seed=1)
    with pytest.raises(ValueError, match="hirescam"):
        tp.explain(model, IMAGES, "cam")
    # A piecewise linear head without biases: gradient times activation adds up to the score.
    e = tp.explain(model, IMAGES, "hirescam")
    close(e.heatmaps.sum(axis=(1, 2)), e.scores)


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


def test_an_image_too_small_for_a_model_of_any_size_is_refused() -> None:
    image = keras.Input((None, None, 1))
    x = keras.layers.Conv2D(4, 3)(image)
    for _ in range(3):
        x = keras.layers.MaxPooling2D()(x)
    model = keras.Model(image, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(x)))
    for method in ("gradcam", "saliency"):
        with pytest.raises(ValueError, match="4x4x1"):
            tp.explain(model, np.zeros((1, 4, 4, 1)), method)


def test_half_precision_rounds_no_small_gradient_off() -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        image = keras.Input((224, 224, 1))
        features = keras.layers.Conv2D(8, 1, activation="relu", kernel_initializer=keras.initializers.HeNormal(1))(
            image
        )
        dense = keras.layers.Dense(10, kernel_initializer=keras.initializers.HeNormal(2))
        model = keras.Model(image, dense(keras.layers.GlobalAveragePooling2D()(features)))
    finally:
        keras.config.set_dtype_policy("float32")
    e = tp.explain(model, np.ones((1, 224, 224, 1)), "cam", 3)
    values = keras.Model(image, features)(np.ones((1, 224, 224, 1))).numpy().astype(np.float32)
    expected = values @ dense.kernel.numpy()[:, 3]
    np.testing.assert_allclose(e.heatmaps, expected, rtol=0.006)


def test_images_of_another_size_are_resized_with_a_warning(gap: Model) -> None:
    large = IMAGES.repeat(2, axis=1).repeat(3, axis=2)
    with pytest.warns(UserWarning, match="56 x 84"):
        e = tp.explain(gap, large, "cam")
    small = keras.ops.image.resize(large, (28, 28), antialias=True)
    close(e.heatmaps, tp.explain(gap, small, "cam").heatmaps)
    assert e.resize((56, 84)).shape == (6, 56, 84)


def test_a_thousand_images_are_explained_as_each_alone(small: Model) -> None:
    many = tp.explain(small, np.concatenate([IMAGES] * 167)[:1000], "hirescam")
    assert len(many.heatmaps) == 1000
    close(many.heatmaps[996:], tp.explain(small, IMAGES[:4], "hirescam").heatmaps)


def test_a_class_is_contrasted_with_another(gap: Model) -> None:
    one, other = (tp.explain(gap, IMAGES, "hirescam", target) for target in (TARGETS, 2))
    e = tp.explain(gap, IMAGES, "hirescam", Contrast(TARGETS, 2))
    close(e.heatmaps, one.heatmaps - other.heatmaps)
    close(e.scores, one.scores - other.scores)
    np.testing.assert_array_equal(e.targets, TARGETS)
    assert e.others is not None
    np.testing.assert_array_equal(e.others, [2] * 6)
    back = tp.explain(gap, IMAGES, "cam", Contrast(2, TARGETS))
    close(back.heatmaps, -49 * e.heatmaps)


def test_the_top_class_is_contrasted_with_the_true_one(gap: Model) -> None:
    e = tp.explain(gap, IMAGES, "hirescam", Contrast("top", "true"), labels=TARGETS)
    scores = gap(IMAGES, training=False).numpy()
    close(e.scores, scores.max(axis=1) - scores[np.arange(6), TARGETS])
    right = scores.argmax(axis=1) == TARGETS
    assert not e.heatmaps[right].any()
    assert e.heatmaps[~right].any(axis=(1, 2)).all()
    np.testing.assert_array_equal(tp.explain(gap, IMAGES, target="true", labels=TARGETS).targets, TARGETS)
    np.testing.assert_array_equal(tp.explain(gap, IMAGES, target="top").targets, scores.argmax(axis=1))


def test_a_function_of_the_scores_is_explained(gap: Model) -> None:
    def contrast(scores: Any) -> Any:
        return scores[:, 3] - 2 * scores[:, 5]

    explainer = tp.Explainer(gap, "hirescam")
    e = explainer(IMAGES, contrast)
    close(e.heatmaps, explainer(IMAGES, 3).heatmaps - 2 * explainer(IMAGES, 5).heatmaps)
    close(e.scores, explainer(IMAGES, 3).scores - 2 * explainer(IMAGES, 5).scores)
    np.testing.assert_array_equal(e.targets, [-1] * 6)
    # The gradient of the mean score of all classes that are not the first, by a function that bends.
    bent = explainer(IMAGES, lambda scores: keras.ops.logsumexp(scores, axis=1))
    shares = keras.ops.softmax(explainer.scores(IMAGES)).numpy()
    close(bent.heatmaps, sum(shares[:, k, None, None] * explainer(IMAGES, k).heatmaps for k in range(10)))
    with pytest.raises(ValueError, match="linear"):
        tp.explain(gap, IMAGES, "cam", contrast)


def test_whether_a_map_keeps_its_negative_part_is_an_option(gap: Model) -> None:
    signed = tp.explain(gap, IMAGES, "gradcam", TARGETS, relu=False)
    close(signed.heatmaps, tp.explain(gap, IMAGES, "cam", TARGETS).heatmaps / 49)
    assert (signed.heatmaps < 0).any()
    positive = tp.explain(gap, IMAGES, "cam", TARGETS, relu=True)
    close(positive.heatmaps, np.maximum(49 * signed.heatmaps, 0))


def test_layers_are_fused_at_the_finest_of_them(gap: Model) -> None:
    names = ["conv4_block1_out", "conv2_block1_out"]
    coarse, fine = (tp.explain(gap, IMAGES, "layercam", TARGETS, name) for name in names)
    e = tp.explain(gap, IMAGES, "layercam", TARGETS, names)
    assert (e.layer, e.heatmaps.shape) == ("conv4_block1_out, conv2_block1_out", (6, 28, 28))
    large, small = (maps / np.abs(maps).max(axis=(1, 2), keepdims=True) for maps in (fine.heatmaps, coarse.heatmaps))
    close(e.heatmaps, (resize(small, (28, 28)) + large) / 2)


def test_views_of_the_image_are_averaged(gap: Model) -> None:
    explainer = tp.Explainer(gap, "cam")
    views = [explainer(IMAGES * factor, TARGETS).heatmaps for factor in (0.9, 1, 1.1)]
    views += [explainer(IMAGES[:, :, ::-1] * factor, TARGETS).heatmaps[:, :, ::-1] for factor in (0.9, 1, 1.1)]
    e = tp.explain(gap, IMAGES, "cam", TARGETS, augment=True)
    close(e.heatmaps, np.mean(views, axis=0))
    close(e.scores, explainer(IMAGES, TARGETS).scores)


@pytest.mark.parametrize(
    ("images", "settings", "word"),
    [
        (IMAGES, {"method": "smooth"}, "hirescam"),
        (IMAGES, {"target": 10}, "target 10"),
        (IMAGES, {"target": -1}, "target -1"),
        (IMAGES, {"target": [1, 2]}, r"\[1, 2\]"),
        (IMAGES, {"target": "shirt"}, "shirt"),
        (IMAGES.repeat(3, axis=3), {}, r"\(6, 28, 28, 3\)"),
        (IMAGES[0, ..., 0], {}, r"\(28, 28\)"),
        (IMAGES[:, :0], {}, r"\(6, 0, 28, 1\)"),
        (np.where(np.arange(6).reshape(6, 1, 1, 1) == 3, np.nan, IMAGES), {}, "Image 3"),
        (IMAGES, {"target": "true"}, "labels="),
        (IMAGES, {"target": Contrast(3, 10)}, "target 10"),
        (IMAGES, {"target": lambda scores: scores[:, :2]}, r"\(2, 2\)"),
        (IMAGES, {"method": "finercam", "target": Contrast(3, 4)}, "finercam"),
        (IMAGES, {"method": "rise", "steps": 4}, "masks, cells, shown, seed"),
        (IMAGES, {"masks": 4}, "masks"),
        (IMAGES, {"method": "rise", "masks": 0}, "masks"),
        (IMAGES, {"method": "rise", "shown": 1.0}, "shown"),
        (IMAGES, {"method": "rise", "layer": "conv1_conv"}, "conv1_conv"),
        (IMAGES, {"layer": []}, "layer"),
        (IMAGES, {"method": "rise", "masks": "abc"}, "abc"),
        (IMAGES, {"method": "smoothgrad", "noise": np.inf}, "noise"),
        (IMAGES, {"method": "finercam", "similar": 1.5}, "similar"),
        (IMAGES, {"target": lambda scores: np.asarray(scores)[:, 0]}, "TensorFlow"),
    ],
    ids=[
        "method",
        "beyond",
        "below",
        "too few",
        "no number",
        "channels",
        "no channels",
        "no height",
        "not finite",
        "no labels",
        "contrast",
        "function",
        "two comparisons",
        "setting",
        "no setting",
        "no mask",
        "no chance",
        "no layer",
        "no name",
        "no whole number",
        "no end",
        "a half",
        "numpy",
    ],
)
def test_bad_input_is_refused(small: Model, images: np.ndarray, settings: dict[str, object], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        tp.explain(small, images, **settings)  # type: ignore[arg-type]
