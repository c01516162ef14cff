"""Maps of models whose weights are shuffled from the head down: copies of them, of every kind of model."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

import tfpool as tp
from tfpool import data
from tfpool.cam.metrics import sanity_check
from tfpool.layers import GeneralizedMeanPooling2D
from tfpool.tracking.store import RunStore

IMAGES = data.to_input(data.load("fashion_mnist").test.images[:4])
SHAPE = (28, 28, 1)


def backbone() -> keras.Model:
    image = keras.Input(SHAPE)
    x = keras.layers.Conv2D(8, 3, strides=2, activation="relu", name="first")(image)
    return keras.Model(image, keras.layers.Conv2D(8, 3, activation="relu", name="second")(x), name="backbone")


def sequential() -> keras.Model:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Conv2D(8, 5, activation="relu", name="only"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(4, name="scores"),
        ]
    )


def nested() -> keras.Model:
    image = keras.Input(SHAPE)
    pooled = keras.layers.GlobalAveragePooling2D()(backbone()(image))
    return keras.Model(image, keras.layers.Dense(4, activation="softmax", name="scores")(pooled))


def generalized() -> keras.Model:
    image = keras.Input(SHAPE)
    x = keras.layers.Conv2D(8, 5, activation="relu", name="only")(image)
    return keras.Model(image, keras.layers.Dense(4, name="scores")(GeneralizedMeanPooling2D(3.0, name="gem")(x)))


@pytest.mark.parametrize(
    ("make", "layers"),
    [
        (sequential, ("scores", "only")),
        (nested, ("scores", "backbone/second", "backbone/first")),
        (generalized, ("scores", "gem", "only")),
        (lambda: keras.Sequential([keras.Input(SHAPE), nested()]), ("scores", "backbone/second", "backbone/first")),
    ],
    ids=["sequential", "nested", "gem", "twice nested"],
)
def test_any_kind_of_model_is_shuffled_from_the_head_down_and_stays_as_it_was(
    make: Callable[[], keras.Model], layers: tuple[str, ...]
) -> None:
    model = make()
    weights, scores = model.get_weights(), model(IMAGES).numpy()
    check = sanity_check(model, IMAGES, "gradcam")
    assert tuple(name.removeprefix(f"{model.layers[-1].name}/") for name in check.layers) == layers
    assert check.agreements.shape == (len(layers), len(IMAGES))
    assert np.abs(check.agreements).max() <= 1 + 1e-9
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(model(IMAGES).numpy(), scores)


def test_a_map_that_the_head_has_no_part_in_stays_until_the_features_change() -> None:
    model = nested()
    agreements = sanity_check(model, IMAGES, "eigencam").agreements.mean(axis=1)
    assert agreements[0] == pytest.approx(1)
    assert agreements[1] < 0.9
    assert sanity_check(model, IMAGES, "cam").agreements.mean(axis=1)[0] < 0.9


def test_the_class_stays_that_of_the_model_as_it_was() -> None:
    model = sequential()
    first, second = (
        sanity_check(model, IMAGES, "cam", target, seed=3) for target in (None, tp.explain(model, IMAGES).targets)
    )
    np.testing.assert_array_equal(first.agreements, second.agreements)


def test_a_seed_repeats_itself_and_another_does_not() -> None:
    model = nested()
    first, second, other = (sanity_check(model, IMAGES, "cam", 1, seed).agreements for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, second)
    assert np.abs(first - other).max() > 0.01


def test_further_arguments_are_the_explainers() -> None:
    model = nested()
    check = sanity_check(model, IMAGES, layer="backbone/first")
    assert check.layers[0] == "scores"
    with pytest.raises(ValueError, match="missing"):
        sanity_check(model, IMAGES, layer="missing")


def test_what_cannot_be_checked_is_refused() -> None:
    image = keras.Input(SHAPE)
    doubled = keras.layers.Lambda(lambda values: 2 * values)(keras.layers.Conv2D(4, 3)(image))
    model = keras.Model(image, keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(doubled)))
    with pytest.raises(ValueError, match="copy"):
        sanity_check(model, IMAGES)
    with pytest.raises(ValueError, match="seed"):
        sanity_check(nested(), IMAGES, seed=-1)


@pytest.mark.slow
def test_maps_of_a_trained_model_are_lost_with_what_it_has_learned(trained: Path) -> None:
    model = RunStore(trained).get("resnet8-gap-1").load_model()
    for method in ("cam", "gradcam"):
        check = sanity_check(model, IMAGES, method)
        assert check.layers[0] == "predictions"
        assert check.layers[-1] == "conv1_conv"
        assert abs(check.agreements[-1].mean()) < 0.35
    untouched = sanity_check(model, IMAGES, "eigencam").agreements
    np.testing.assert_allclose(untouched[0], 1, atol=1e-4)


def test_a_contrast_stays_one_at_every_step() -> None:
    # The same question as a contrast and as a function of the scores.
    targets = tp.Contrast(1, 2), lambda scores: scores[:, 1] - scores[:, 2]
    model = nested()
    one, other = (sanity_check(model, IMAGES, "hirescam", target).agreements for target in targets)
    np.testing.assert_allclose(one, other, atol=1e-4)
    assert np.abs(one - sanity_check(model, IMAGES, "hirescam", 1).agreements).max() > 0.01
