"""Counts of models that others bring: layers of every kind, by numbers derived by hand, and what has no rule."""

import warnings
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


# === What has no rule ===


class Own(layers.Dense):
    """A dense layer that computes something else."""

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return super().call(ops.sqrt(x))


class Hooked(layers.Conv2D):
    """A convolution that standardizes its kernel in a method that `call` uses."""

    def convolution_op(self, x: keras.KerasTensor, kernel: keras.KerasTensor) -> keras.KerasTensor:
        return super().convolution_op(x, kernel - ops.mean(kernel))


class Named(layers.Dense):
    """A dense layer with arguments of its own that computes the same."""

    def __init__(self, width: int = 4, **settings: object) -> None:
        super().__init__(width, **settings)

    def build(self, shape: tuple[int | None, ...]) -> None:
        super().build(shape)


class Block(layers.Layer):
    """A layer that holds layers."""

    def __init__(self, **settings: object) -> None:
        super().__init__(**settings)
        self.dense, self.gate = layers.Dense(4), layers.Dense(4)

    def build(self, shape: tuple[int | None, ...]) -> None:
        self.dense.build(shape)
        self.gate.build(shape)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*shape[:-1], 4)

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return self.dense(x) * self.gate(x)


class Cell(layers.Layer):
    """A recurrent cell."""

    state_size = 3

    def build(self, shape: tuple[int | None, ...]) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], 3))

    def call(self, x: keras.KerasTensor, states: list) -> tuple[keras.KerasTensor, list]:
        state = ops.matmul(x, self.kernel) + states[0]
        return state, [state]


UNKNOWN: dict[str, tuple[Callable[[], Callable[..., object]], tuple[int, ...]]] = {
    "a call of its own": (lambda: Own(4), (5,)),
    "a step of call of its own": (lambda: Hooked(4, 3), (8, 8, 3)),
    "layers inside": (Block, (5,)),
    "a cell": (lambda: layers.RNN(Cell()), (9, 5)),
    "in a wrapper": (lambda: layers.TimeDistributed(Own(4)), (9, 5)),
    "a cell after one of Keras's": (lambda: layers.RNN([layers.SimpleRNNCell(4), Cell()]), (9, 5)),
    "a function in a Lambda": (lambda: layers.Lambda(lambda x: x * 2, output_shape=(5,)), (5,)),
    "three operands": (lambda: lambda x: ops.einsum("bi,ij,jk->bk", x, np.eye(5), np.eye(5)), (5,)),
    "a decomposition": (lambda: ops.linalg.inv, (5, 5)),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_layer_without_a_rule_has_its_parameters_and_the_total_is_a_lower_bound(name: str) -> None:
    make, shape = UNKNOWN[name]
    unknown = make()
    counts = counted(shape, layers.Dense(shape[-1]), unknown)
    assert counts.macs == int(np.prod(shape)) * shape[-1]
    assert len(counts.unknown) == 1
    assert [row.macs for row in counts.rows if not row.has_rule] == [None]
    assert "at least" in str(counts)
    assert counts.record()["unknown"] == list(counts.unknown)
    assert "at least" in str(tp.compare([counts]))


def test_a_subclass_that_computes_the_same_is_counted_as_its_base() -> None:
    assert counted((5,), Named()).macs == 20


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    monkeypatch.setattr(rules, "_REGISTERED", {})
    return tp.counting.register


def test_a_registered_rule_counts_a_layer_of_ones_own_and_its_subclasses(registered: Callable[..., None]) -> None:
    class Finer(Block):
        pass

    class Other(Block):
        def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
            return self.dense(x) + self.gate(x)

    registered(Block, lambda layer, inputs, output: 2 * inputs[0][-1] * output[-1])
    assert counted((5,), Block()).macs == counted((5,), Finer()).macs == 40
    assert len(counted((5,), Other()).unknown) == 1
    assert counted((9, 5), layers.TimeDistributed(Block())).macs == 9 * 40


def test_a_registered_rule_counts_a_cell_and_a_class_of_keras(registered: Callable[..., None]) -> None:
    registered(Cell, lambda cell, inputs, output: inputs[0][-1] * output[-1])
    registered(layers.Lambda, lambda layer, inputs, output: 0)
    counts = counted((9, 5), layers.RNN(Cell()), layers.Lambda(lambda x: x * 2, output_shape=(3,)))
    assert (counts.macs, counts.unknown) == (9 * 5 * 3, ())


@pytest.mark.parametrize("result", [2.5, -1, "many", None])
def test_a_rule_that_returns_no_count_is_refused(result: object, registered: Callable[..., None]) -> None:
    registered(Block, lambda layer, inputs, output: result)
    with pytest.raises(ValueError, match="Block"):
        counted((5,), Block())


@pytest.mark.parametrize("arguments", [("Dense", len), (layers.Dense, 3)], ids=str)
def test_what_is_no_class_or_no_rule_is_refused(arguments: tuple[object, object]) -> None:
    with pytest.raises(ValueError, match="is a"):
        tp.counting.register(*arguments)  # type: ignore[arg-type]


# === Models of any form ===


def test_every_input_stands_in_the_text() -> None:
    words, image = keras.Input((20,), dtype="int32", name="words"), keras.Input((8, 8, 3), name="image")
    both = layers.Concatenate()([layers.Flatten()(layers.Embedding(50, 2)(words)), layers.Flatten()(image)])
    counts = tp.plan(keras.Model({"words": words, "image": image}, layers.Dense(2)(both)))
    assert counts.params == 100 + (40 + 192) * 2 + 2
    assert "8×8×3" in str(counts).splitlines()[-4]
    assert "20 " in str(counts).splitlines()[-4]


def test_layers_that_share_a_layer_have_its_weights_once() -> None:
    dense = layers.Dense(4)
    image = keras.Input((9, 4))
    model = keras.Model(image, layers.Add()([dense(image), layers.TimeDistributed(dense)(image)]))
    counts = tp.plan(model)
    assert [row.params for row in counts.rows if row.params] == [20]
    assert counts.macs == 2 * 9 * 16


def test_weights_outside_of_layers_have_a_row() -> None:
    class Scaled(keras.Model):
        pass

    image = keras.Input((4,))
    model = Scaled(image, layers.Dense(2)(image))
    model.scale = model.add_weight(shape=(7,), trainable=False)
    counts = tp.plan(model)
    assert (counts.params, counts.trainable_params) == (model.count_params(), 10)
    assert counts.rows[-1].params == 7


@pytest.mark.parametrize("mode", ["int8", "int4", "float8"])
def test_a_quantized_model_has_the_parameters_that_keras_counts_and_the_products_of_the_original(mode: str) -> None:
    def build() -> keras.Model:
        image = keras.Input((8, 6))
        x = layers.EinsumDense("abc,cd->abd", (8, 6))(layers.Dense(6)(image))
        return keras.Model(image, layers.MultiHeadAttention(2, 3)(x, x))

    plain, quantized = build(), build()
    with warnings.catch_warnings(action="ignore"):
        quantized.quantize(mode)
    counts = tp.plan(quantized)
    assert counts.params == quantized.count_params()
    assert (counts.macs, counts.unknown) == (tp.plan(plain).macs, ())


def test_masks_are_no_factors() -> None:
    words = keras.Input((9,), dtype="int32")
    x = layers.Embedding(50, 6, mask_zero=True)(words)
    counts = tp.plan(keras.Model(words, layers.LSTM(4)(layers.MultiHeadAttention(2, 3)(x, x))))
    assert counts.macs == 4 * 9 * 36 + 9 * 9 * 12 + 9 * 4 * 4 * (6 + 4)
    assert counts.unknown == ()


def test_a_sequence_of_unknown_length_is_counted_but_for_the_arithmetic() -> None:
    counts = counted((None, 5), layers.LSTM(4), layers.Dense(2))
    assert counts.params == 4 * 4 * (5 + 4 + 1) + 10
    assert (counts.macs, counts.unknown) == (None, ())


# === Receptive fields ===


@pytest.mark.parametrize(
    ("shape", "operations", "receptive_field", "stride"),
    [
        ((50, 4), [lambda: layers.Conv1D(8, 3, strides=2), lambda: layers.Conv1D(8, 3)], 7, 2),
        ((50, 4), [lambda: layers.MaxPooling1D(2), lambda: layers.UpSampling1D(2)], 2, 1),
        ((8, 8, 8, 1), [lambda: layers.Conv3D(2, (1, 3, 5)), lambda: layers.AveragePooling3D(2)], 6, 2),
        ((3, 16, 16), [lambda: layers.Conv2D(2, 5, strides=2, data_format="channels_first")], 5, 2),
        ((4, 16, 16, 3), [lambda: layers.TimeDistributed(layers.Conv2D(2, 3)), lambda: layers.ReLU()], 3, 1),
        ((16, 16, 3), [lambda: layers.SpectralNormalization(layers.Conv2D(2, 3))], 3, 1),
        ((50, 4), [lambda: layers.Conv1D(4, 3), lambda: layers.LSTM(4, return_sequences=True)], None, None),
        ((16, 16, 3), [lambda: layers.Conv2D(4, 3), Block, lambda: layers.Conv2D(4, 3)], None, None),
    ],
)
def test_the_receptive_field_is_that_of_the_widest_axis(
    shape: tuple[int, ...], operations: list, receptive_field: int | None, stride: int | None
) -> None:
    last = counted(shape, *(make() for make in operations)).rows[-1]
    assert (last.receptive_field, last.stride) == (receptive_field, stride)


def test_a_sum_with_what_sees_everything_sees_everything() -> None:
    image = keras.Input((16, 16, 4))
    x = layers.Conv2D(4, 3, padding="same")(image)
    gate = layers.Dense(4)(layers.GlobalAveragePooling2D(keepdims=True)(x))
    for other, receptive_field in ((gate, 3), (layers.MultiHeadAttention(2, 3)(x, x), None), (ops.flip(x, 1), None)):
        assert tp.plan(keras.Model(image, layers.Multiply()([x, other]))).rows[-1].receptive_field == receptive_field
