"""Counts of models that others bring: layers of every kind, by numbers derived by hand, and what has no rule."""

from collections.abc import Callable, Iterator

import keras
import numpy as np
import pytest
from keras import layers, ops

import tfpool as tp
from tfpool.counting import rules
from tfpool.counting.counts import Counts, Row


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    keras.backend.clear_session()


def counted(shape: tuple[int | None, ...], *operations: Callable[..., object], dtype: str = "float32") -> Counts:
    """The counts of a chain of layers or functions on an input of this shape."""
    x = image = keras.Input(shape, dtype=dtype)
    for operation in operations:
        x = operation(x)
    model = keras.Model(image, x)
    counts = tp.plan(model)
    assert counts.params == model.count_params()
    assert counts.weight_bytes >= 0
    return counts


def rows(counts: Counts, op: str) -> list[Row]:
    return [row for row in counts.rows if row.op == op]


FIRST = {"data_format": "channels_first"}

# (layer, shape of the input, multiply-adds): positions of the output times what one of them multiplies.
CHAINS: dict[str, tuple[Callable[[], keras.Layer], tuple[int, ...], int]] = {
    "a convolution over time": (lambda: layers.Conv1D(8, 3), (50, 4), 48 * 3 * 4 * 8),
    "a causal, dilated one": (lambda: layers.Conv1D(8, 3, padding="causal", dilation_rate=4), (50, 4), 50 * 3 * 4 * 8),
    "one over volumes": (lambda: layers.Conv3D(4, (1, 2, 3), strides=2), (8, 8, 8, 2), 4 * 4 * 3 * 6 * 2 * 4),
    "grouped over volumes": (lambda: layers.Conv3D(6, 2, groups=2), (4, 4, 4, 4), 27 * 8 * 2 * 6),
    "a transposed one over time": (lambda: layers.Conv1DTranspose(5, 4, strides=2), (10, 3), 10 * 4 * 3 * 5),
    "a transposed one over volumes": (lambda: layers.Conv3DTranspose(2, 3), (4, 4, 4, 3), 64 * 27 * 3 * 2),
    "depthwise over time": (lambda: layers.DepthwiseConv1D(3, depth_multiplier=2), (12, 5), 10 * 3 * 5 * 2),
    "separable over time": (lambda: layers.SeparableConv1D(7, 3, depth_multiplier=2), (12, 5), 10 * 10 * (3 + 7)),
    "channels first": (lambda: layers.Conv2D(8, 3, strides=2, **FIRST), (3, 9, 11), 4 * 5 * 27 * 8),
    "separable, channels first": (lambda: layers.SeparableConv2D(8, 3, **FIRST), (3, 9, 11), 7 * 9 * 3 * (9 + 8)),
    "transposed, channels first": (lambda: layers.Conv2DTranspose(2, 3, **FIRST), (4, 5, 6), 5 * 6 * 9 * 4 * 2),
    "dense over tokens": (lambda: layers.Dense(7), (10, 5), 10 * 5 * 7),
    "dense over a map": (lambda: layers.Dense(7), (4, 4, 5), 16 * 5 * 7),
    "a product by equation": (lambda: layers.EinsumDense("abc,cde->abde", (10, 2, 3)), (10, 5), 10 * 5 * 6),
    "one with dots": (lambda: layers.EinsumDense("...x,xy->...y", 6), (4, 3, 5), 12 * 5 * 6),
    "one over the first axis": (lambda: layers.EinsumDense("abc,bd->adc", (7, 5)), (10, 5), 7 * 5 * 10),
    "a simple recurrent layer": (lambda: layers.SimpleRNN(6), (9, 5), 9 * 6 * (5 + 6)),
    "a GRU": (lambda: layers.GRU(6, return_sequences=True), (9, 5), 9 * 3 * 6 * (5 + 6)),
    "a GRU of the older kind": (lambda: layers.GRU(6, reset_after=False), (9, 5), 9 * 3 * 6 * (5 + 6)),
    "an LSTM": (lambda: layers.LSTM(6), (9, 5), 9 * 4 * 6 * (5 + 6)),
    "an LSTM in both directions": (lambda: layers.Bidirectional(layers.LSTM(6)), (9, 5), 2 * 9 * 4 * 6 * (5 + 6)),
    "a cell": (lambda: layers.RNN(layers.GRUCell(6)), (9, 5), 9 * 3 * 6 * (5 + 6)),
    "two cells": (
        lambda: layers.RNN([layers.LSTMCell(6), layers.SimpleRNNCell(7)]),
        (9, 5),
        9 * (4 * 6 * (5 + 6) + 7 * (6 + 7)),
    ),
    "a convolutional LSTM": (
        lambda: layers.ConvLSTM2D(3, 3, strides=2, return_sequences=True),
        (4, 9, 9, 2),
        4 * 16 * 9 * 4 * 3 * (2 + 3),
    ),
    "one over time, channels first": (lambda: layers.ConvLSTM1D(3, 2, **FIRST), (4, 2, 9), 4 * 8 * 2 * 4 * 3 * (2 + 3)),
    "a layer per frame": (lambda: layers.TimeDistributed(layers.Conv2D(4, 3)), (5, 8, 8, 3), 5 * 36 * 27 * 4),
    "a model per frame": (
        lambda: layers.TimeDistributed(keras.Sequential([layers.Input((8, 8, 3)), layers.Conv2D(4, 3)])),
        (5, 8, 8, 3),
        5 * 36 * 27 * 4,
    ),
    "a layer per frame of each video": (
        lambda: layers.TimeDistributed(layers.TimeDistributed(layers.Dense(4))),
        (2, 5, 3),
        2 * 5 * 3 * 4,
    ),
    "spectral normalization": (lambda: layers.SpectralNormalization(layers.Conv2D(4, 3)), (8, 8, 3), 36 * 27 * 4),
    "an embedding": (lambda: layers.Embedding(100, 8), (10,), 0),
    "an embedding in reverse": (lambda: layers.ReversibleEmbedding(100, 8), (10,), 0),
    "pooling over time": (lambda: layers.MaxPooling1D(2), (10, 3), 0),
    "pooling over volumes": (lambda: layers.AveragePooling3D(2), (4, 4, 4, 3), 0),
}


@pytest.mark.parametrize("name", CHAINS)
def test_a_layer_of_keras_is_counted_by_its_formula(name: str) -> None:
    make, shape, macs = CHAINS[name]
    counts = counted(shape, make())
    assert counts.macs == macs
    assert counts.unknown == ()


@pytest.mark.parametrize(
    ("make", "lengths", "macs"),
    [
        # Projections of query, key and value, the scores of all pairs, their weighted sums, the projection back.
        (lambda: layers.MultiHeadAttention(2, 3), (7, 5), 6 * 6 * (7 + 5 + 5 + 7) + 7 * 5 * 6 * 2),
        (
            lambda: layers.MultiHeadAttention(2, 3, value_dim=4),
            (7, 5, 5),
            36 * (7 + 5) + 48 * (5 + 7) + 7 * 5 * 2 * (3 + 4),
        ),
        (lambda: layers.MultiHeadAttention(2, 3, output_shape=9), (7, 5), 36 * (7 + 5 + 5) + 7 * 6 * 9 + 7 * 5 * 6 * 2),
        (lambda: layers.MultiHeadAttention(2, 3, use_gate=True), (7, 5), 36 * (7 + 5 + 5 + 7 + 7) + 7 * 5 * 6 * 2),
        (lambda: layers.GroupQueryAttention(3, 4, 2), (7, 5), 6 * 12 * (7 + 7) + 6 * 6 * (5 + 5) + 7 * 5 * 12 * 2),
        (lambda: layers.Attention(), (7, 5), 7 * 5 * 6 * 2),
        (lambda: layers.Attention(score_mode="concat"), (7, 5, 5), 7 * 5 * 6),
        (lambda: layers.AdditiveAttention(), (7, 5), 7 * 5 * 6 * 2),
        (lambda: layers.AdditiveAttention(use_scale=False), (7, 5), 7 * 5 * 6),
        (lambda: layers.Dot(axes=2), (7, 5), 7 * 5 * 6),
        (lambda: layers.Dot(axes=(-1, -1)), (7, 5), 7 * 5 * 6),
    ],
)
def test_attention_is_counted_by_its_formula(
    make: Callable[[], keras.Layer], lengths: tuple[int, ...], macs: int
) -> None:
    layer, inputs = make(), [keras.Input((length, 6)) for length in lengths]
    takes_list = isinstance(layer, layers.Attention | layers.Dot)
    model = keras.Model(inputs, layer(inputs) if takes_list else layer(*inputs))
    counts = tp.plan(model)
    assert (counts.params, counts.macs) == (model.count_params(), macs)
