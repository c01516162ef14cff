"""Counts of Keras models of any origin, against published figures and our own plans."""

from collections.abc import Iterator

import keras
import numpy as np
import pytest

import tfpool as tp
from tfpool.counting.counts import Row


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    keras.backend.clear_session()


def by_name(rows: tuple[Row, ...]) -> dict[str, Row]:
    return {row.name: row for row in rows}


# Millions of multiply-adds from the papers; receptive fields from Araujo, Norris and Sim 2019, Computing Receptive
# Fields of Convolutional Neural Networks, Distill, table of networks.
PUBLISHED = [
    ("MobileNet", 569, 315),
    ("MobileNetV2", 300, 491),
    ("InceptionV3", 5700, 1311),
    ("DenseNet121", None, None),
    ("NASNetMobile", 564, None),
    ("Xception", None, None),
    ("ConvNeXtTiny", 4500, None),
    ("MobileNetV3Small", None, None),
    ("EfficientNetV2B0", None, None),
    ("InceptionResNetV2", None, 3039),
]
DEFAULT = ("MobileNet", "MobileNetV3Small", "InceptionV3", "ConvNeXtTiny")
"""One network of each kind: depthwise convolutions, gates, branches, layers without convolution or batch norm."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "macs", "receptive_field"),
    [case if case[0] in DEFAULT else pytest.param(*case, marks=pytest.mark.exhaustive) for case in PUBLISHED],
)
def test_any_network_of_keras_applications_is_counted(name: str, macs: int | None, receptive_field: int | None) -> None:
    with keras.StatelessScope(initialize_variables=False):
        model = getattr(keras.applications, name)(weights=None)
        counts = tp.plan(model)
    assert counts.params == model.count_params()
    assert counts.trainable_params == sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    layers = {layer.name for layer in model.layers if not isinstance(layer, keras.Sequential)}
    assert layers <= {row.name for row in counts.rows}
    if macs:
        assert counts.macs / 1e6 == pytest.approx(macs, rel=0.02)
    if receptive_field:
        assert max(row.receptive_field or 0 for row in counts.rows) == receptive_field


def nested(trainable: bool = True) -> keras.Model:
    inner = tp.build(tp.plan("resnet8", input_shape=(32, 32, 3)))
    backbone = keras.Model(inner.inputs[0], inner.layers[-3].output, name="backbone")
    backbone.trainable = trainable
    image = keras.Input((32, 32, 3))
    features = backbone(keras.layers.RandomFlip()(image))
    return keras.Model(image, keras.layers.Dense(4)(keras.layers.Flatten()(features)), name="nested")


def test_a_model_inside_a_model_is_counted_layer_by_layer() -> None:
    counts = tp.plan(nested())
    assert "backbone/conv1_conv" in by_name(counts.rows)
    assert counts.feature_shape == (8, 8, 64)
    assert counts.head_params == 8 * 8 * 64 * 4 + 4
    assert counts.backbone_params == tp.plan("resnet8").backbone_params


def test_frozen_layers_train_nothing() -> None:
    counts = tp.plan(nested(trainable=False))
    assert counts.trainable_params == counts.head_params
    assert counts.training_bytes(1, "sgd") == counts.weight_bytes + 8 * counts.head_params + counts.activation_bytes


def test_a_sequential_model_is_counted() -> None:
    layers = [keras.Input((28, 28, 1)), keras.layers.Conv2D(8, 3), keras.layers.Flatten(), keras.layers.Dense(3)]
    counts = tp.plan(keras.Sequential(layers))
    assert (counts.params, counts.macs) == (9 * 8 + 8 + 26 * 26 * 8 * 3 + 3, 26 * 26 * 8 * (9 + 3))
    assert [row.part for row in counts.rows] == ["backbone", "backbone", "head", "head"]


def test_a_layer_called_twice_has_its_weights_once_and_its_work_twice() -> None:
    image = keras.Input((8, 8, 4))
    conv = keras.layers.Conv2D(4, 3, padding="same", name="conv")
    counts = tp.plan(keras.Model(image, keras.layers.GlobalMaxPooling2D()(conv(conv(image)))))
    rows = [row for row in counts.rows if row.name == "conv"]
    assert [row.params for row in rows] == [148, 0]
    assert [row.macs for row in rows] == [8 * 8 * 144] * 2
    assert [row.receptive_field for row in rows] == [3, 5]


def test_half_precision_halves_the_memory_of_activations() -> None:
    image = keras.Input((8, 8, 4))
    conv = keras.layers.Conv2D(4, 3, dtype="mixed_bfloat16", name="conv")
    row = by_name(tp.plan(keras.Model(image, conv(image))).rows)["conv"]
    assert (row.activation_bytes, row.weight_bytes) == (6 * 6 * 4 * 2, 148 * 4)


def test_a_model_without_a_head_has_none() -> None:
    counts = tp.plan(keras.applications.MobileNet(weights=None, include_top=False, input_shape=(64, 64, 3), alpha=0.25))
    assert counts.feature_shape is None
    assert counts.head_params == 0
    assert "features none" in str(counts)


def test_upsampling_brings_positions_closer() -> None:
    image = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(4, 3, strides=4, padding="same", name="coarse")(image)
    x = keras.layers.UpSampling2D(8, name="up")(x)
    rows = by_name(tp.plan(keras.Model(image, keras.layers.Conv2D(2, 3, padding="same", name="fine")(x))).rows)
    assert [(rows[name].receptive_field, rows[name].stride) for name in ("coarse", "up", "fine")] == [
        (3, 4),
        (3, 0.5),
        (4, 0.5),
    ]


def test_several_inputs_and_outputs_are_counted() -> None:
    first, second = keras.Input((8, 8, 3), name="first"), keras.Input((8, 8, 3), name="second")
    both = keras.layers.Conv2D(2, 1)(keras.layers.Subtract()([first, second]))
    counts = tp.plan(keras.Model([first, second], [both, keras.layers.Dense(2)(keras.layers.Flatten()(both))]))
    assert [row.name for row in counts.rows[:2]] == ["first", "second"]
    assert counts.params == 8 + 8 * 8 * 2 * 2 + 2


class Unknown(keras.layers.Layer):
    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return x * 2


def unknown() -> keras.Model:
    image = keras.Input((8, 8, 3))
    return keras.Model(image, Unknown(name="mystery")(image))


def test_a_layer_without_a_rule_is_unknown_never_a_silent_zero() -> None:
    counts = tp.plan(unknown())
    row = by_name(counts.rows)["mystery"]
    assert (row.macs, row.has_rule) == (None, False)
    assert counts.unknown == ("mystery",)
    assert "at least" in str(counts)


def test_a_model_without_a_graph_is_refused() -> None:
    with pytest.raises(ValueError, match="build"):
        tp.plan(keras.Sequential([keras.layers.Dense(2)]))


def test_a_model_takes_no_other_argument() -> None:
    with pytest.raises(ValueError, match="head"):
        tp.plan(nested(), head="gap")  # type: ignore[call-overload]
