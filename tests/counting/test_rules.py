"""Rules of Keras's layers and operations, by numbers derived by hand; and the page that lists them."""

import inspect
import re
from collections.abc import Callable, Iterator

import keras
import numpy as np
import pytest
from keras import layers, ops

import tfpool as tp
from tests.helpers.counted_models import counted
from tests.helpers.processes import ROOT
from tfpool.counting import rules


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    keras.backend.clear_session()


FIRST = {"data_format": "channels_first"}

# (layer, shape of the input, multiply-adds): positions of the output times what one of them multiplies.
CHAINS: dict[str, tuple[Callable[[], Callable[..., object]], tuple[int, ...], int]] = {
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
    "attention along one of two axes": (
        lambda: lambda x: layers.MultiHeadAttention(2, 3, attention_axes=2)(x, x),
        (4, 7, 6),
        4 * 28 * 6 * 6 + 4 * 7 * 7 * 12,
    ),
    "attention along both": (
        lambda: lambda x: layers.MultiHeadAttention(2, 3)(x, x),
        (4, 7, 6),
        4 * 28 * 6 * 6 + 28 * 28 * 12,
    ),
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
    "layers in a pipeline": (
        lambda: layers.Pipeline([layers.CenterCrop(6, 6), layers.Rescaling(2.0), layers.RandomFlip()]),
        (8, 8, 3),
        0,
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


KERNEL = np.zeros((3, 3, 4, 2), "float32")
FUNCTIONS: dict[str, tuple[Callable[[keras.KerasTensor], keras.KerasTensor], tuple[int, ...], int]] = {
    "tokens times themselves": (lambda x: ops.matmul(x, ops.transpose(x, (0, 2, 1))), (7, 6), 7 * 7 * 6),
    "a constant on the left": (lambda x: ops.matmul(np.zeros((4, 7), "float32"), x), (7, 6), 4 * 7 * 6),
    "a vector on the right": (lambda x: ops.matmul(x, np.zeros(6, "float32")), (7, 6), 7 * 6),
    "tensordot": (lambda x: ops.tensordot(x, np.zeros((7, 6, 5), "float32"), axes=2), (7, 6), 42 * 5),
    "dot": (lambda x: ops.dot(x, np.zeros((6, 5), "float32")), (7, 6), 7 * 6 * 5),
    "an equation": (lambda x: ops.einsum("bij,bkj->bik", x, x), (7, 6), 7 * 7 * 6),
    "one with a constant": (lambda x: ops.einsum("bij,jk->bik", x, np.zeros((6, 5), "float32")), (7, 6), 7 * 6 * 5),
    "an outer product sums nothing": (lambda x: ops.einsum("bi,bj->bij", x, x), (6,), 0),
    "a sum multiplies nothing": (lambda x: ops.einsum("bij->bi", x), (7, 6), 0),
    "attention": (lambda x: ops.dot_product_attention(x, x, x), (7, 2, 6), 2 * 2 * 7 * 7 * 6),
    "convolution": (lambda x: ops.conv(x, KERNEL, padding="same"), (9, 9, 4), 81 * 9 * 4 * 2),
    "depthwise": (lambda x: ops.depthwise_conv(x, KERNEL), (9, 9, 4), 49 * 9 * 4 * 2),
    "separable": (
        lambda x: ops.separable_conv(x, KERNEL, np.zeros((1, 1, 8, 5), "float32")),
        (9, 9, 4),
        49 * (9 * 4 * 2 + 8 * 5),
    ),
    "gray": (ops.image.rgb_to_grayscale, (9, 9, 3), 81 * 3),
    "scaled and flipped": (lambda x: ops.flip(ops.sqrt(ops.abs(x) / 255.0), axis=1), (9, 9, 3), 0),
    "moments": (lambda x: ops.moments(x, axes=[1])[1], (9, 3), 0),
    "words of a window": (lambda x: ops.concatenate([x[:, 1:], ops.roll(x[:, :1], 1)], axis=1), (9, 3), 0),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_operation_of_keras_is_counted_by_its_formula(name: str) -> None:
    function, shape, macs = FUNCTIONS[name]
    counts = counted(shape, function)
    assert (counts.macs, counts.unknown) == (macs, ())


# === The page says what is counted ===


def names_in(page: str, table: str) -> dict[str, set[str]]:
    """The names in the first column of a table of a page, by the second column."""
    text = (ROOT / "docs" / page).read_text()
    lines = text[text.index(table) :].split("\n\n")[0].splitlines()[2:]
    cells = [line.strip("| ").split(" | ") for line in lines]
    kinds = {"zero", "unknown"}
    found: dict[str, set[str]] = {"zero": set(), "unknown": set(), "formula": set()}
    for first, second in cells:
        found[second if second in kinds else "formula"] |= set(re.findall(r"`(\w+)`", first))
    return found


def test_the_page_lists_the_layers_with_a_formula_and_those_that_are_unknown() -> None:
    abstract = {layers.Layer, layers.Wrapper, layers.InputLayer}
    classes = {
        name: value
        for name, value in vars(layers).items()
        if inspect.isclass(value) and issubclass(value, layers.Layer) and value not in abstract
    }
    listed = names_in("count.md", "| layers of `keras.layers` |")
    found = {name: rules._rule_of_keras(kind) for name, kind in classes.items()}
    assert listed["unknown"] == {name for name, rule in found.items() if rule is None}
    formula = {kind for name, kind in classes.items() if (rule := found[name]) and rule.macs is not rules._nothing}
    assert {classes[name] for name in listed["formula"]} == formula
    assert all(found[name].macs is rules._nothing for name in listed["zero"])  # type: ignore[union-attr]


def test_the_page_lists_the_operations_with_a_formula_and_those_that_are_unknown() -> None:
    modules = (ops, ops.image, ops.linalg, ops.nn, ops.numpy)
    public = {name.replace("_", "").lower() for module in modules for name in vars(module)}
    classes = {
        value.__name__.lower(): value
        for module in {
            inspect.getmodule(f) for module in modules for f in vars(module).values() if inspect.isfunction(f)
        }
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, keras.Operation) and value.__name__.lower() in public
    }
    listed = names_in("count.md", "| operations of `keras.ops` |")
    found = {name: rules._rule_of_keras(kind) for name, kind in classes.items()}
    plain = {kind: {name.replace("_", "") for name in names} for kind, names in listed.items()}
    assert len(found) > 250
    assert plain["unknown"] == {name for name, rule in found.items() if rule is None}
    assert plain["formula"] == {name for name, rule in found.items() if rule and rule.macs is not rules._nothing}
