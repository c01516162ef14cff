"""Each method against a closed form for a linear head, a count by hand, or NumPy: on random and on trained models."""

from collections.abc import Iterator

import keras
import numpy as np
import pytest

import tfpool as tp
from tests.helpers.explained_models import IMAGES, QUICK, TARGETS, Model, bias_of, close, scores_of
from tfpool.networks.heads import HEADS

AREA = 49
LAYER = "conv4_block1_out"


def features_of(model: Model, layer: str = LAYER) -> np.ndarray:
    return keras.Model(model.inputs[0], model.get_layer(layer).output)(IMAGES, training=False).numpy()


def weights_of(model: Model) -> np.ndarray:
    """The weights (N, C) of each image's target."""
    return model.layers[-1].kernel.numpy()[:, TARGETS].T


def maps(model: Model, method: str, layer: str | None = None) -> np.ndarray:
    return tp.explain(model, IMAGES, method, TARGETS, layer, **QUICK.get(method, {})).heatmaps


def relu(values: np.ndarray) -> np.ndarray:
    return np.maximum(values, 0)


@pytest.mark.parametrize("head", sorted({*HEADS} - {"fc", "gmp"}))
def test_the_mean_of_cam_and_the_bias_are_the_score_of_every_linear_head(head: str) -> None:
    model = tp.build(tp.plan("convnet", head=head, input_shape=(32, 32, 1)), seed=3)
    images = np.pad(IMAGES, ((0, 0), (2, 2), (2, 2), (0, 0)))
    e = tp.explain(model, images, "cam", TARGETS)
    last, bias = model.layers[-1], np.zeros(10)
    if isinstance(last, keras.layers.Dense):
        bias = np.random.default_rng(0).normal(size=10)
        last.set_weights([last.kernel.numpy(), bias])
    np.testing.assert_allclose(
        e.heatmaps.mean(axis=(1, 2)) + bias[TARGETS],
        model(images, training=False).numpy()[np.arange(6), TARGETS],
        atol=1e-4 * np.abs(e.heatmaps).max(),
    )


def test_the_map_of_nin_is_the_classs_own() -> None:
    model = tp.build(tp.plan("resnet8", head="nin", input_shape=(28, 28, 1)), seed=3)
    e = tp.explain(model, IMAGES, "cam", TARGETS)
    close(e.heatmaps, features_of(model, e.layer)[np.arange(6), ..., TARGETS])


@pytest.mark.parametrize("method", ["gradcam", "xgradcam", "shapleycam"])
def test_for_a_gap_head_they_are_what_is_positive_of_cam(gap: Model, method: str) -> None:
    # A channel that is zero everywhere adds nothing, whatever its weight.
    close(maps(gap, method), relu(maps(gap, "cam")) / AREA)


def test_for_a_gap_head_layercam_and_elementwise_are_what_is_positive_of_each_channel(gap: Model) -> None:
    expected = np.einsum("nhwc,nc->nhw", features_of(gap), relu(weights_of(gap))) / AREA
    close(maps(gap, "layercam"), expected)
    close(maps(gap, "elementwise"), expected)
    assert (expected >= maps(gap, "gradcam") - 1e-6).all()


def test_gradcam_plus_plus_is_the_papers_weight_for_a_gap_head(gap: Model) -> None:
    features, gradient = features_of(gap), weights_of(gap) / AREA
    weights = AREA * relu(gradient) / (2 + gradient * features.sum(axis=(1, 2)))
    close(maps(gap, "gradcam++"), np.einsum("nhwc,nc->nhw", features, relu(weights) * (gradient > 0)))


def test_elementwise_and_layercam_keep_what_is_positive_at_each_position_of_flatten(flatten: Model) -> None:
    features = features_of(flatten)
    products = weights_of(flatten).reshape(features.shape) * features
    close(maps(flatten, "elementwise"), relu(products).sum(axis=-1))
    close(maps(flatten, "layercam"), relu(products).sum(axis=-1))
    weights = products.sum(axis=(1, 2)) / np.where(features.any(axis=(1, 2)), features.sum(axis=(1, 2)), np.inf)
    close(maps(flatten, "xgradcam"), relu(np.einsum("nhwc,nc->nhw", features, weights)))


def test_ablation_weighs_a_channel_by_its_part_of_the_score(gap: Model) -> None:
    features, scores = features_of(gap), scores_of(gap)
    drops = weights_of(gap) * features.mean(axis=(1, 2))
    close(drops.sum(axis=1) + bias_of(gap), scores)
    expected = relu(np.einsum("nhwc,nc->nhw", features, drops / np.abs(scores)[:, np.newaxis]))
    np.testing.assert_allclose(maps(gap, "ablationcam"), expected, atol=2e-5 * expected.max())


def test_finercam_is_cam_less_that_of_the_three_nearest_classes(gap: Model) -> None:
    scores, features, kernel = gap(IMAGES, training=False).numpy(), features_of(gap), gap.layers[-1].kernel.numpy()
    for number, target in enumerate(TARGETS):
        nearest = np.argsort(np.abs(scores[number] - scores[number, target]))[1:4]
        weights = kernel[:, target] - kernel[:, nearest].mean(axis=1)
        close(maps(gap, "finercam")[number], relu(features[number] @ weights) / AREA)


def test_of_two_classes_finercam_is_their_difference() -> None:
    model = tp.build(tp.plan("resnet8", input_shape=(28, 28, 1), classes=2), seed=3)
    first, second = (tp.explain(model, IMAGES, "cam", target).heatmaps for target in (0, 1))
    close(tp.explain(model, IMAGES, "finercam", 0).heatmaps, relu(first - second) / AREA)


@pytest.mark.parametrize("layer", [LAYER, "conv2_block1_out"], ids=["few positions", "many positions"])
def test_eigencam_is_the_projection_on_the_first_singular_vector(gap: Model, layer: str) -> None:
    features = features_of(gap, layer)
    for heatmap, feature in zip(maps(gap, "eigencam", layer), features, strict=True):
        rows = feature.reshape(-1, feature.shape[-1])
        vector = np.linalg.svd(rows.astype(np.float64))[2][0]
        projected = (rows @ vector).reshape(heatmap.shape)
        np.testing.assert_allclose(heatmap, np.abs(projected), atol=1e-4 * np.abs(projected).max())


def test_eigengradcam_projects_the_gradient_times_the_features(gap: Model) -> None:
    products = features_of(gap) * weights_of(gap)[:, np.newaxis, np.newaxis] / AREA
    for heatmap, product in zip(maps(gap, "eigengradcam"), products, strict=True):
        rows = product.reshape(AREA, -1).astype(np.float64)
        projected = rows @ np.linalg.svd(rows)[2][0]
        projected *= np.sign(projected.sum())
        np.testing.assert_allclose(heatmap.ravel(), projected, atol=1e-3 * np.abs(projected).max())


def test_scorecam_weighs_channels_by_the_score_of_the_image_seen_through_them(gap: Model) -> None:
    features = features_of(gap)
    for number in range(2):
        channels = np.moveaxis(features[number], -1, 0)
        low, high = channels.min(axis=(1, 2), keepdims=True), channels.max(axis=(1, 2), keepdims=True)
        masks = np.divide(channels - low, high - low, where=high > low, out=np.zeros_like(channels))
        large = keras.ops.image.resize(masks[..., np.newaxis], (28, 28), interpolation="bilinear").numpy()
        scores = gap(large * IMAGES[number], training=False).numpy()[:, TARGETS[number]].astype(np.float64)
        weights = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
        expected = relu(features[number] @ weights)
        np.testing.assert_allclose(maps(gap, "scorecam")[number], expected, atol=1e-4 * expected.max())


def test_shapleycam_sees_the_curvature_of_a_head() -> None:
    model = tp.build(tp.plan("resnet8", head=tp.FC((8,)), input_shape=(28, 28, 1)), seed=1)
    pooled = keras.layers.GlobalAveragePooling2D()(model.get_layer(LAYER).output)
    hidden = keras.layers.Dense(8, activation="tanh", kernel_initializer=keras.initializers.HeNormal(5))
    out = keras.layers.Dense(10, kernel_initializer=keras.initializers.HeNormal(6))
    model = keras.Model(model.inputs[0], out(hidden(pooled)))
    features, inner, outer = features_of(model), hidden.kernel.numpy(), out.kernel.numpy()[:, TARGETS].T
    summed = features.mean(axis=(1, 2)) @ inner
    value = np.tanh(summed)
    slope, bend = 1 - value**2, -2 * value * (1 - value**2)
    weights = (outer * (slope - bend * summed / 2)) @ inner.T / AREA
    close(maps(model, "shapleycam"), relu(np.einsum("nhwc,nc->nhw", features, weights)))
    assert not np.allclose(maps(model, "shapleycam"), maps(model, "gradcam"), rtol=0.01)


@pytest.fixture(scope="module", params=tp.methods())
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def compiled(small: Model, method: str) -> tp.Explainer:
    return tp.Explainer(small, method, **QUICK.get(method, {}))


@pytest.fixture
def explainer(small: Model, compiled: tp.Explainer) -> Iterator[tp.Explainer]:
    """It reads the model's weights as they are, and they are put back."""
    weights = small.get_weights()
    yield compiled
    small.set_weights(weights)


def test_a_constant_added_to_all_scores_changes_no_map(explainer: tp.Explainer, small: Model, method: str) -> None:
    def heatmaps() -> np.ndarray:
        e = explainer(IMAGES, TARGETS)
        # The weights of ablationcam are fractions of the score.
        return e.heatmaps * (np.abs(e.scores)[:, np.newaxis, np.newaxis] if method == "ablationcam" else 1)

    before = heatmaps()
    kernel, bias = small.layers[-1].get_weights()
    small.layers[-1].set_weights([kernel, bias + 2])
    np.testing.assert_allclose(heatmaps(), before, atol=1e-4 * np.abs(before).max())


def test_blank_images_and_dead_features_give_maps_of_numbers(explainer: tp.Explainer, small: Model) -> None:
    blank = np.stack([np.zeros((28, 28, 1)), np.ones((28, 28, 1))])
    assert np.isfinite(explainer(blank).heatmaps).all()
    last = small.get_layer("normalization")
    last.set_weights([0 * last.gamma.numpy(), 0 * last.beta.numpy() - 100, *last.get_weights()[2:]])
    assert not explainer(blank).heatmaps.any()


def test_an_image_alone_has_the_map_that_it_has_among_others(explainer: tp.Explainer) -> None:
    together = explainer(IMAGES, TARGETS).heatmaps
    for number in (0, 5):
        alone = explainer(IMAGES[number], TARGETS[number]).heatmaps[0]
        np.testing.assert_allclose(alone, together[number], atol=5e-5 * np.abs(together).max())


def test_neither_model_nor_images_change(explainer: tp.Explainer, small: Model) -> None:
    weights, images = [w.copy() for w in small.get_weights()], IMAGES.copy()
    before = small(IMAGES, training=False).numpy()
    explainer(images)
    np.testing.assert_array_equal(images, IMAGES)
    assert all(map(np.array_equal, weights, small.get_weights()))
    np.testing.assert_array_equal(small(IMAGES, training=False), before)


def test_the_score_before_softmax_is_explained(explainer: tp.Explainer, small: Model, method: str) -> None:
    expected = explainer(IMAGES)
    softmax = keras.Model(small.inputs[0], keras.layers.Activation("softmax")(small.outputs[0]))
    e = tp.explain(softmax, IMAGES, method, **QUICK.get(method, {}))
    close(e.heatmaps, expected.heatmaps)
    close(e.scores, expected.scores)
