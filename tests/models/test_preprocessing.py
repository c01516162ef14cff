import numpy as np
import pytest

import tfpool as tp
from tfpool.models.preprocessing import to_network

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1), np.uint8)


def test_images_are_scaled_from_0_to_1() -> None:
    plan = tp.plan("resnet8", input_shape=(28, 28, 1))
    np.testing.assert_allclose(to_network(IMAGES, plan), IMAGES / 255, atol=1e-7)


def test_images_get_the_size_and_the_colors_that_the_network_reads() -> None:
    flat = np.full((2, 28, 28, 1), 51, np.uint8)
    values = to_network(flat, tp.plan("resnet8", input_shape=(32, 40, 3))).numpy()
    assert values.shape == (2, 32, 40, 3)
    np.testing.assert_allclose(values, 0.2, rtol=1e-6)


def test_a_network_of_any_size_takes_images_as_they_are() -> None:
    assert to_network(IMAGES, tp.plan("resnet8", input_shape=(None, None, 1))).shape == (3, 28, 28, 1)


def test_a_network_that_scales_images_itself_gets_them_unscaled() -> None:
    large = np.repeat(IMAGES, 2, axis=1).repeat(2, axis=2)
    assert to_network(large, tp.plan("efficientnetb0", input_shape=(56, 56, 1))).numpy().max() == IMAGES.max()


@pytest.mark.parametrize("name", ["squeezenet", "resnet50", "resnet50v2", "efficientnetb0"])
def test_imagenets_weights_get_what_they_were_trained_on(name: str) -> None:
    colors = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
    values = to_network(colors, tp.plan(name, input_shape=(64, 64, 3)), "imagenet")
    np.testing.assert_allclose(values, tp.preprocess_input(name, colors), atol=1e-4)
