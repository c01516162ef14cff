"""Maps that say little, and transformers, whose tokens keep a grid."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

import tfpool as tp

IMAGES = np.random.default_rng(0).standard_normal((2, 16, 16, 3), np.float32)


class Prepended(layers.Layer):
    """Learned tokens before those of the image: a class token and registers."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def build(self, shape: Any) -> None:
        self.tokens = self.add_weight(shape=(1, self.number, shape[-1]), initializer="random_normal")

    def call(self, x: Any) -> Any:
        return ops.concatenate([ops.tile(self.tokens, (ops.shape(x)[0], 1, 1)), x], axis=1)


def attention(x: Any) -> Any:
    y = layers.LayerNormalization()(x)
    return layers.MultiHeadAttention(2, 8)(y, y)


def mixer(x: Any) -> Any:
    y = layers.Permute((2, 1))(layers.LayerNormalization()(x))
    return layers.Permute((2, 1))(layers.Dense(16, activation="gelu")(y))


def transformer(mix: Any, extra: int = 0) -> tuple[Any, Any]:
    """The image, and the normalized tokens after two blocks: 4 × 4 of the image."""
    x = keras.Input((16, 16, 3))
    tokens = layers.Reshape((-1, 12))(layers.Conv2D(12, 4, strides=4, name="patches")(x))
    tokens = Prepended(extra)(tokens) if extra else tokens
    for number in range(2):
        tokens = layers.Add()([tokens, mix(tokens)])
        tokens = layers.Add(name=f"block{number}")([tokens, layers.Dense(12, activation="gelu")(tokens)])
    return x, layers.LayerNormalization(name="last")(tokens)


@pytest.mark.parametrize("mix", [attention, mixer])
@pytest.mark.parametrize("method", ["gradcam", "hirescam", "eigencam", "cam"])
def test_tokens_are_explained_on_their_grid_after_the_last_block(mix: Any, method: str) -> None:
    x, tokens = transformer(mix)
    model = keras.Model(x, layers.Dense(3)(layers.GlobalAveragePooling1D()(tokens)))
    with pytest.warns(UserWarning, match="4 × 4"):
        e = tp.explain(model, IMAGES, method)
    assert e.layer == "last"
    features = keras.Model(x, tokens)(IMAGES).numpy().reshape(2, 4, 4, 12)
    if method in ("hirescam", "cam"):
        expected = np.einsum("nhwc,cn->nhw", features, model.layers[-1].kernel.numpy()[:, e.targets])
        np.testing.assert_allclose(e.heatmaps, expected / (16 if method == "hirescam" else 1), rtol=1e-4, atol=1e-6)
    if method != "cam":
        with pytest.warns(UserWarning, match="4 × 4"):
            named = tp.explain(model, IMAGES, method, layer="block0")
        assert named.heatmaps.shape == (2, 4, 4)


@pytest.mark.parametrize("extra", [1, 3], ids=["class token", "class token and registers"])
def test_of_a_class_token_the_last_attention_is_explained(extra: int) -> None:
    x, tokens = transformer(attention, extra)
    model = keras.Model(x, layers.Dense(3)(tokens[:, 0]))
    with pytest.warns(UserWarning, match="class token"):
        e = tp.explain(model, IMAGES, "hirescam")
    assert e.layer == "block0"
    assert np.abs(e.heatmaps).max() > 0
    np.testing.assert_allclose(e.scores, model(IMAGES).numpy().max(axis=1), rtol=1e-4)


def test_positions_that_a_layer_mixes_without_a_grid_are_said() -> None:
    x = keras.Input((16, 16, 3))
    columns = layers.Reshape((4, -1))(layers.Conv2D(12, 4, strides=4, name="patches")(x))
    for recurrent in (layers.LSTM(5), layers.Bidirectional(layers.GRU(5)), layers.SimpleRNN(5)):
        model = keras.Model(x, layers.Dense(3)(recurrent(columns)))
        with pytest.warns(UserWarning, match=recurrent.name):
            assert tp.explain(model, IMAGES).layer == "patches"


@pytest.mark.parametrize("size", [(1, 1), (1, 3), (2, 1)])
def test_a_map_of_few_positions_is_said_with_larger_ones(size: tuple[int, int]) -> None:
    x = keras.Input((16, 16, 3))
    first = layers.Conv2D(4, 3, padding="same", name="first")(x)
    kernel = tuple(16 - side + 1 for side in size)
    model = keras.Model(x, layers.Dense(3)(layers.Flatten()(layers.Conv2D(4, kernel, name="second")(first))))
    with pytest.warns(UserWarning, match="'first'"):
        assert tp.explain(model, IMAGES).heatmaps.shape[1:] == size
