"""Counts of models that others bring: layers without a rule, registered rules, any inputs, every published network."""

import inspect
import warnings
from collections.abc import Callable, Iterator

import keras
import numpy as np
import pytest
from keras import layers, ops

import tfpool as tp
from tests.helpers.counted_models import counted, rows
from tfpool.counting import rules


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    keras.backend.clear_session()


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
    "attention over a batch": (lambda: lambda x: layers.Attention()([x, x]), (5,)),
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
    assert counts.unknown[0] in str(counts).splitlines()[-2]
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


@pytest.mark.parametrize("arguments", [("Dense", max), (layers.Dense, 3), (layers.Dense, len)], ids=str)
def test_what_is_no_class_or_no_rule_is_refused(arguments: tuple[object, object]) -> None:
    with pytest.raises(ValueError, match=r"Expected (layer_class|rule)"):
        tp.counting.register(*arguments)  # type: ignore[arg-type]


# === Models of any form ===


def test_every_input_stands_in_the_text() -> None:
    words, image = keras.Input((20,), dtype="int32", name="words"), keras.Input((8, 8, 3), name="image")
    both = layers.Concatenate()([layers.Flatten()(layers.Embedding(50, 2)(words)), layers.Flatten()(image)])
    counts = tp.plan(keras.Model({"words": words, "image": image}, layers.Dense(2)(both)))
    assert counts.params == 100 + (40 + 192) * 2 + 2
    assert "input 20 and 8×8×3," in str(counts).splitlines()[-4].replace("8×8×3 and 20", "20 and 8×8×3")
    assert all(size in str(tp.compare([counts])) for size in ("20", "8×8×3"))


def test_a_model_for_any_size_inside_another_has_the_outer_ones_sizes() -> None:
    def inner(shape: tuple[int | None, ...]) -> keras.Model:
        image = keras.Input(shape)
        x = layers.Conv2D(4, 3, strides=2)(image)
        gate = layers.Dense(4)(layers.GlobalAveragePooling2D(keepdims=True)(x))
        x = ops.transpose(x * gate, (0, 2, 1, 3))
        return keras.Model(image, keras.Sequential([layers.ZeroPadding2D(1), layers.DepthwiseConv2D(3)])(x))

    image, video = keras.Input((17, 21, 3)), keras.Input((5, 17, 21, 3))
    fixed = keras.Model(image, layers.Flatten()(inner((17, 21, 3))(image)))
    free = keras.Model(image, layers.GlobalAveragePooling2D()(inner((None, None, 3))(image)))
    frames = keras.Model(video, layers.TimeDistributed(inner((None, None, 3)))(video))
    macs = 8 * 10 * 27 * 4 + 4 * 4 + 8 * 10 * 9 * 4
    assert [tp.plan(model).macs for model in (fixed, free, frames)] == [macs, macs, 5 * macs]
    assert tp.plan(free).feature_shape == (10, 8, 4)
    assert tp.plan(free).activation_bytes is not None


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
    assert [row.params for row in rows(counts, "Variable")] == [7]


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


NETWORKS = [name for name, value in vars(keras.applications).items() if inspect.isfunction(value) and name[0].isupper()]
SAMPLE = ("MobileNetV3Small", "EfficientNetV2B0", "NASNetMobile")


@pytest.mark.parametrize(
    "name", [name if name in SAMPLE else pytest.param(name, marks=pytest.mark.exhaustive) for name in NETWORKS]
)
def test_the_parameters_of_every_network_are_those_that_keras_counts(name: str) -> None:
    with keras.StatelessScope(initialize_variables=False):
        model = getattr(keras.applications, name)(weights=None)
        counts = tp.plan(model)
    assert counts.params == model.count_params()
    assert counts.unknown == ()
