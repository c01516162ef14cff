"""Methods that read the image itself, each against a sum that must hold or against NumPy."""

from collections.abc import Callable

import keras
import numpy as np
import pytest

import tfpool as tp
from tests.helpers.explained_models import IMAGES, QUICK, TARGETS, Model, bias_of, close, scores_of
from tfpool.anatomy.split import split_at_image
from tfpool.cam.attribution.fullgrad import evidence


@pytest.fixture(scope="module")
def linear() -> Model:
    """Scores that are a plain sum over pixels, with a bias."""
    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])
    random = np.random.default_rng(0)
    model.layers[-1].set_weights([random.normal(size=(784, 10)), random.normal(size=10)])
    return model


def weights_of(linear: Model) -> np.ndarray:
    return linear.layers[-1].kernel.numpy().T[TARGETS].reshape(6, 28, 28)


def test_of_a_linear_model_the_gradients_are_its_weights(linear: Model) -> None:
    close(tp.explain(linear, IMAGES, "saliency", TARGETS).heatmaps, np.abs(weights_of(linear)))
    close(tp.explain(linear, IMAGES, "smoothgrad", TARGETS).heatmaps, np.abs(weights_of(linear)))
    close(tp.explain(linear, IMAGES, "integrated_gradients", TARGETS).heatmaps, weights_of(linear) * IMAGES[..., 0])


def test_saliency_is_the_steepest_channel() -> None:
    model = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(2)])
    kernel = np.random.default_rng(1).normal(size=(48, 2)).astype(np.float32)
    model.layers[-1].set_weights([kernel, np.zeros(2)])
    e = tp.explain(model, np.ones((1, 4, 4, 3)), "saliency", 1)
    close(e.heatmaps[0], np.abs(kernel[:, 1].reshape(4, 4, 3)).max(axis=-1))


def test_smoothgrad_without_noise_is_saliency_and_with_it_smoother(small: Model) -> None:
    plain = tp.explain(small, IMAGES, "saliency", TARGETS).heatmaps
    close(tp.explain(small, IMAGES, "smoothgrad", TARGETS, samples=2, noise=0).heatmaps, plain)
    one, two = (tp.explain(small, IMAGES, "smoothgrad", TARGETS, noise=0.2, seed=seed).heatmaps for seed in (0, 1))
    repeated = tp.explain(small, IMAGES, "smoothgrad", TARGETS, noise=0.2, seed=0).heatmaps
    np.testing.assert_array_equal(one, repeated)
    assert not np.allclose(one, two, rtol=0.01)
    # Two draws of 25 samples agree more than either does with the gradient at one point.
    assert tp.metrics.agreement(one, two).mean() > tp.metrics.agreement(one, plain).mean()


def test_integrated_gradients_add_up_to_the_score_minus_that_of_zero(small: Model) -> None:
    blank = small(0 * IMAGES, training=False).numpy()[np.arange(6), TARGETS]
    e = tp.explain(small, IMAGES, "integrated_gradients", TARGETS, steps=256)
    gained = scores_of(small) - blank
    np.testing.assert_allclose(e.heatmaps.sum(axis=(1, 2)), gained, atol=0.01 * np.abs(gained).max())


def test_the_evidence_of_image_and_biases_adds_up_to_the_score(gap: Model) -> None:
    targets = np.eye(10, dtype=np.float32)[TARGETS]
    parts = evidence(split_at_image(gap), targets, keras.ops.convert_to_tensor(IMAGES))
    total = sum(part.numpy().reshape(6, -1).sum(axis=1) for part in parts)
    # Dense layers give their bias here as well: it has no place in the image.
    np.testing.assert_allclose(total, scores_of(gap), rtol=1e-4, atol=1e-4)
    placed = sum(part.numpy().reshape(6, -1).sum(axis=1) for part in parts if part.shape.rank == 4)
    np.testing.assert_allclose(placed + bias_of(gap), scores_of(gap), rtol=1e-4, atol=1e-4)


def bent() -> Model:
    """Smooth activations, and channels that gate each other."""
    layers, image = keras.layers, keras.Input((32, 32, 3))
    x = layers.Conv2D(6, 3, strides=2, activation="swish", bias_initializer="random_normal")(image)
    x = layers.BatchNormalization()(x)
    x = layers.Multiply()(
        [x, layers.Reshape((1, 1, 6))(layers.Dense(6, "sigmoid")(layers.GlobalAveragePooling2D()(x)))]
    )
    return keras.Model(image, layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(x)))


def efficientnet() -> Model:
    return keras.applications.EfficientNetB0(weights=None, input_shape=(32, 32, 3), classes=3)


@pytest.mark.parametrize("make", [bent, pytest.param(efficientnet, marks=pytest.mark.exhaustive)])
def test_the_evidence_adds_up_with_smooth_activations(make: Callable[[], Model]) -> None:
    model = make()
    images = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype(np.float32)
    expected = tp.Explainer(model, "saliency").scores(images)[:, 1]
    parts = evidence(split_at_image(model), np.eye(3, dtype=np.float32)[[1, 1]], keras.ops.convert_to_tensor(images))
    total = sum(part.numpy().reshape(2, -1).sum(axis=1) for part in parts)
    np.testing.assert_allclose(total, expected, rtol=1e-3, atol=1e-4)


def test_fullgrad_of_one_convolution_by_hand() -> None:
    image = keras.Input((2, 2, 1))
    convolved = keras.layers.Conv2D(1, 1, activation="relu")(image)
    model = keras.Model(image, keras.layers.Dense(2)(keras.layers.Flatten()(convolved)))
    kernel = np.array([[0, 1], [0, 3], [0, -5], [0, 7]])
    model.set_weights([np.full((1, 1, 1, 1), 2), np.array([-1]), kernel, np.zeros(2)])
    # The convolution makes 1, off, 3 and off of these.
    e = tp.explain(model, np.array([1.0, 0.25, 2.0, 0.0]).reshape(1, 2, 2, 1), "fullgrad", 1)
    # Of the image 2·1·1 and 2·2·5, of the bias 1·1 and 1·5.
    close(e.heatmaps[0], np.array([[3.0, 0.0], [25.0, 0.0]]))
    assert e.scores[0] == pytest.approx(1 * (2 - 1) - 5 * (4 - 1))


def test_occlusion_of_a_linear_model_is_what_each_square_holds(linear: Model) -> None:
    parts = weights_of(linear) * IMAGES[..., 0]
    close(tp.explain(linear, IMAGES, "occlusion", TARGETS, window=1, stride=1).heatmaps, parts)
    squares = parts.reshape(6, 7, 4, 7, 4).sum(axis=(2, 4)).repeat(4, axis=1).repeat(4, axis=2)
    close(tp.explain(linear, IMAGES, "occlusion", TARGETS, window=4, stride=4).heatmaps, squares)


def test_the_last_square_of_occlusion_ends_with_the_image_and_gaps_are_nothing(linear: Model) -> None:
    parts = weights_of(linear) * IMAGES[..., 0]
    lost = np.zeros((6, 28, 28))
    count = np.zeros((28, 28))
    for top in (0, 5, 10, 15, 20, 24):
        for left in (0, 5, 10, 15, 20, 24):
            square = np.s_[top : top + 4, left : left + 4]
            lost[:, *square] += parts[:, *square].sum(axis=(1, 2))[:, None, None]
            count[square] += 1
    expected = np.divide(lost, count, where=count > 0, out=np.zeros_like(lost))
    close(tp.explain(linear, IMAGES, "occlusion", TARGETS, window=4, stride=5).heatmaps, expected)


def test_rise_is_the_mean_score_while_a_pixel_is_shown(linear: Model) -> None:
    # Of one cell, a mask shows all or nothing: half of the masks lose all evidence, wherever the pixel is.
    e = tp.explain(linear, IMAGES, "rise", TARGETS, masks=400, cells=1, shown=0.999)
    assert np.abs(e.heatmaps).max() < 0.05 * np.abs(scores_of(linear)).max()
    one, same, other = (tp.explain(linear, IMAGES, "rise", TARGETS, masks=70, seed=seed).heatmaps for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other, rtol=0.1)


def test_rise_finds_the_only_cell_that_counts() -> None:
    model = keras.Sequential([keras.Input((32, 32, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    kernel = np.zeros((32, 32, 2), np.float32)
    kernel[8:12, 20:24, 1] = 1 / 16
    model.layers[-1].set_weights([kernel.reshape(-1, 2), np.array([0.0, 5.0])])
    heatmap = tp.explain(model, np.ones((1, 32, 32, 1)), "rise", 1).heatmaps[0]
    row, column = np.unravel_index(heatmap.argmax(), heatmap.shape)
    assert 7 <= row <= 12
    assert 19 <= column <= 24
    # The score is the visible part of the cell, ½ on average. Masks have soft edges: with bilinear weights the variance
    # of a pixel is a quarter of (2/3)², which over the mean of ½ is what the cell gets.
    assert heatmap.max() == pytest.approx(2 / 9, abs=0.05)
    assert abs(heatmap[24:, :8].mean()) < 0.03
    assert heatmap.mean() == pytest.approx(0, abs=0.03)


@pytest.mark.parametrize("method", ["occlusion", "rise", "saliency", "smoothgrad", "integrated_gradients", "fullgrad"])
def test_images_of_any_size_are_explained_at_their_own(method: str) -> None:
    model = tp.build(tp.plan("convnet", input_shape=(None, None, 1)), seed=1)
    explainer = tp.Explainer(model, method, **(QUICK.get(method, {})))
    for size in ((40, 56), (28, 28)):
        e = explainer(np.random.default_rng(0).random((2, *size, 1)))
        assert e.heatmaps.shape == (2, *size)
        assert np.isfinite(e.heatmaps).all()
        assert e.heatmaps.any(axis=(1, 2)).all()
