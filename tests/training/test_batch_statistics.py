"""Statistics of batch normalizations fit the weights that are measured and saved."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfpool as tp
from tfpool import data
from tfpool.models.preprocessing import to_network
from tfpool.training import batches
from tfpool.training.batch_statistics import BatchStatistics
from tfpool.training.fit import initial_model
from tfpool.training.trainer import Trainer

pytestmark = pytest.mark.slow

FASHION = data.load("fashion_mnist")
DATA = replace(FASHION, validation=FASHION.validation.first(100))
BATCH = tf.TensorSpec((None, 8, 8, 3))
IMAGES = np.random.default_rng(0).normal(3, 2, (40, 8, 8, 3)).astype("float32")


def normalizations(model: keras.Model) -> list[keras.layers.BatchNormalization]:
    return [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]


def test_the_statistics_are_the_mean_and_variance_of_what_each_layer_reads() -> None:
    image = keras.Input((8, 8, 3))
    x = keras.layers.BatchNormalization(momentum=0.99)(image)
    x = keras.layers.Conv2D(4, 3)(keras.layers.Dropout(0.5, seed=1)(x))
    model = keras.Model(image, keras.layers.BatchNormalization()(x))
    first, second = normalizations(model)
    seeds = [value.numpy() for value in model.non_trainable_variables if "seed" in value.path]
    BatchStatistics(model, BATCH, tf.identity).measure(IMAGES)
    np.testing.assert_allclose(first.moving_mean, IMAGES.mean((0, 1, 2)), rtol=1e-4)
    np.testing.assert_allclose(first.moving_variance, IMAGES.var((0, 1, 2)), rtol=1e-4)
    assert not np.allclose(second.moving_variance, 1, atol=0.01)
    assert (first.momentum, second.momentum) == (0.99, 0.99)
    # Dropout draws nothing that a training would miss.
    after = [value.numpy() for value in model.non_trainable_variables if "seed" in value.path]
    np.testing.assert_array_equal(seeds, after)


def test_frozen_layers_keep_their_statistics() -> None:
    image = keras.Input((8, 8, 3))
    layer = keras.layers.BatchNormalization(trainable=False)
    BatchStatistics(keras.Model(image, layer(image)), BATCH, tf.identity).measure(IMAGES)
    np.testing.assert_array_equal(layer.moving_mean, 0)
    np.testing.assert_array_equal(layer.moving_variance, 1)


def differences(network: str, images: int, epochs: int) -> list[float]:
    """Accuracy on the training images after each epoch, minus that under the statistics of their batches, in points."""
    recipe = tp.Recipe(epochs=epochs, train_images=images, seed=0)
    plan = tp.plan(network, input_shape=(28, 28, 1))
    model = initial_model(plan, recipe)
    trainer = Trainer(model, DATA, recipe, lambda pixels: to_network(pixels, plan))
    statistics = [value for layer in normalizations(model) for value in (layer.moving_mean, layer.moving_variance)]
    result = []

    def on_epoch(metrics: dict[str, float]) -> None:
        before = [value.numpy() for value in statistics]
        own, _ = trainer.evaluate(trainer.images, lambda: None)
        hits = sum(
            int(np.sum(np.argmax(model(to_network(pixels, plan), training=True), axis=1) == labels))
            for pixels, labels in batches.shuffled(trainer.images, 250, 1, 0)
        )
        for variable, value in zip(statistics, before, strict=True):
            variable.assign(value)
        result.append(100 * (own["accuracy"] - hits / images))

    trainer.run(lambda: None, on_epoch)
    return result


def test_a_short_training_measures_what_it_has_learned() -> None:
    points = differences("resnet8", 250, 2)
    assert max(map(abs, points)) <= 3, points


@pytest.mark.exhaustive
@pytest.mark.parametrize("images", [250, 500, 1000])
@pytest.mark.parametrize("network", ["resnet8", "resnet20"])
def test_every_short_training_measures_what_it_has_learned(network: str, images: int) -> None:
    points = differences(network, images, 8)
    assert max(map(abs, points[1:])) <= 3, points
