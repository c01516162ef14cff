"""Files that others bring: of Keras 2, of any stock layers, of other programs."""

import io
import json
import operator
import re
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops
from PIL import Image

from tests.helpers import keras_2_files as k2
from tests.helpers.processes import ROOT
from tfpool.cli import parser
from tfpool.inference.classifier import find_classifier
from tfpool.models.loading import config as loading_config
from tfpool.models.loading.load import load_model
from tfpool.models.loading.tensorflow_ops import FUNCTIONS
from tfpool.system.error_text import LONGEST, cause
from tfpool.tracking.store import RunStore

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.uniform(0, 255, (2, 8, 8, 3)).astype("float32")


def numbers(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype("float32")


def opened(path: Path, expected: Any, images: np.ndarray = IMAGES) -> keras.Model:
    model = load_model(path)
    np.testing.assert_allclose(model.predict(images, verbose=0), expected, rtol=1e-4, atol=1e-4)
    return model


# === Keras 2: arguments and weights ===

CONV = {"filters": 2, "kernel_size": [3, 3], "strides": [1, 1], "padding": "same", "activation": "linear"}
OLD_INITIALIZER = {"class_name": "VarianceScaling", "config": {"scale": 1, "mode": "fan_in", "distribution": "normal"}}


def test_an_efficientnet_of_keras_2_opens(tmp_path: Path) -> None:
    mean, variance = np.float32([10, 20, 30]), np.float32([4, 9, 16])
    kernel, gate = numbers(3, 3, 3, 1), numbers(1, 1, 3, 3)
    config = k2.functional(
        k2.image(),
        k2.layer("Rescaling", "rescaling", "image", scale=2.0, offset=0.0),
        k2.layer("Normalization", "normalization", "rescaling", axis=[3], mean=None, variance=None, invert=False),
        k2.layer("DepthwiseConv2D", "dw", "normalization", kernel_size=[3, 3], padding="same", groups=1, use_bias=False,
                 depth_multiplier=1, depthwise_initializer=OLD_INITIALIZER, kernel_initializer=OLD_INITIALIZER),
        k2.layer("Activation", "swish", "dw", activation="swish"),
        k2.layer("GlobalAveragePooling2D", "squeeze", "swish", data_format="channels_last", keepdims=False),
        k2.layer("Reshape", "se_reshape", "squeeze", target_shape=[1, 1, 3]),
        k2.layer("Conv2D", "gate", "se_reshape", **{**CONV, "filters": 3, "kernel_size": [1, 1]}, use_bias=False),
        k2.layer("Multiply", "excite", "swish", "gate"),
        k2.layer("Dropout", "drop", "excite", rate=0.2, noise_shape=None, seed=None, rng_type="legacy_stateful"),
        k2.layer("GlobalMaxPooling2D", "end", "drop", data_format="channels_last", keepdims=False),
    )  # fmt: skip
    weights = {
        "normalization": {"mean:0": mean, "variance:0": variance, "count:0": np.int64(7)},
        "dw": {"dw/depthwise_kernel:0": kernel},
        "gate": {"gate/kernel:0": gate},
    }
    x = ops.silu(ops.depthwise_conv((2 * IMAGES - mean) / np.sqrt(variance), kernel, padding="same"))
    expected = ops.max(x * ops.conv(ops.mean(x, (1, 2), keepdims=True), gate), (1, 2))
    opened(k2.write(tmp_path / "efficientnet.h5", config, weights), expected)


def test_a_teachable_machine_of_keras_2_opens(tmp_path: Path) -> None:
    kernel, hidden, last = numbers(3, 3, 3, 2), numbers(2, 4), numbers(4, 3)
    backbone = k2.functional(k2.image(), k2.layer("Conv2D", "conv", "image", **CONV, use_bias=False), name="mobilenet")
    backbone["class_name"] = "Model"
    first = k2.sequential(backbone, k2.layer("GlobalAveragePooling2D", "pool"), name="features")
    dense = {"use_bias": False, "kernel_initializer": OLD_INITIALIZER}
    second = k2.sequential(
        k2.layer("Dense", "dense_1", units=4, activation="relu", batch_input_shape=[None, 2], **dense),
        k2.layer("Dense", "dense_2", units=3, activation="softmax", **dense),
        name="head",
    )
    weights = {
        "features": {"conv/kernel:0": kernel},
        "head": {"dense_1/kernel:0": hidden, "dense_2/kernel:0": last},
    }
    x = ops.mean(ops.conv(IMAGES, kernel, padding="same"), (1, 2))
    expected = ops.softmax(ops.relu(x @ hidden) @ last)
    opened(k2.write(tmp_path / "keras_model.h5", k2.sequential(first, second), weights), expected)


def test_a_backbone_inside_a_model_of_keras_2_opens(tmp_path: Path) -> None:
    """Keras 2 counts the calls of an inner model from 1."""
    kernel = numbers(3, 3, 3, 2)
    inner = k2.functional(k2.image(name="inner"), k2.layer("Conv2D", "conv", "inner", **CONV, use_bias=False), name="b")
    inner["inbound_nodes"] = [[["image", 0, 0, {"training": False}]]]
    config = k2.functional(k2.image(), inner, k2.layer("GlobalAveragePooling2D", "pool", "b", call=1))
    path = k2.write(tmp_path / "transfer.h5", config, {"b": {"conv/kernel:0": kernel}})
    opened(path, ops.mean(ops.conv(IMAGES, kernel, padding="same"), (1, 2)))


def test_branches_of_equal_shapes_get_their_weights_by_name(tmp_path: Path) -> None:
    left, right = numbers(3, 3, 3, 2), numbers(3, 3, 3, 2)
    config = k2.functional(
        k2.image(),
        *(k2.layer("Conv2D", name, "image", **CONV, use_bias=False) for name in ("left/conv", "right/conv")),
        k2.layer("Subtract", "end", "left/conv", "right/conv"),
    )
    weights = {"left/conv": {"left/conv/kernel:0": left}, "right/conv": {"right/conv/kernel:0": right}}
    expected = ops.conv(IMAGES, left, padding="same") - ops.conv(IMAGES, right, padding="same")
    for order in (("left/conv", "right/conv"), ("right/conv", "left/conv")):
        opened(k2.write(tmp_path / "densenet.h5", config, weights, order), expected)


def test_a_list_of_layers_and_mixed_precision_of_early_keras_2_open(tmp_path: Path) -> None:
    kernel = numbers(3, 3, 3, 2)
    policy = {"class_name": "Policy", "config": {"name": "mixed_float16"}}
    config = k2.sequential(
        k2.layer("Conv2D", "conv", **CONV, use_bias=False, batch_input_shape=[None, 8, 8, 3]),
        k2.layer("LeakyReLU", "leaky", alpha={"type": "ndarray", "value": 0.25}),
        k2.layer("ThresholdedReLU", "thresholded", theta=1.0),
        k2.layer("GlobalMaxPooling2D", "end") | {},
    )
    config["config"]["layers"][-1]["config"]["dtype"] = policy
    config["config"] = config["config"]["layers"]
    x = ops.conv(IMAGES / 255, kernel, padding="same")
    x = ops.where(x > 0, x, 0.25 * x)
    expected = ops.max(ops.where(x > 1, x, 0), (1, 2))
    path = k2.write(tmp_path / "old.h5", config, {"conv": {"conv/kernel:0": kernel}})
    np.testing.assert_allclose(load_model(path).predict(IMAGES / 255, verbose=0), expected, rtol=2e-3)


def test_a_keras_file_of_keras_2_opens_with_arithmetic(tmp_path: Path) -> None:
    config = k2.functional(
        k2.image(),
        k2.operation("__operators__.getitem", "bgr", "image", slice_spec=[
            {"class_name": "__ellipsis__"}, {"start": None, "stop": None, "step": -1}
        ]),
        k2.operation("nn.bias_add", "center", "bgr", bias=[-104.0, -117.0, -124.0], data_format="NHWC"),
        k2.layer("GlobalAveragePooling2D", "pool", "center"),
        k2.layer("Dense", "dense", "pool", units=2, activation="linear"),
    )  # fmt: skip
    config["module"] = "keras.src.engine.functional"
    for layer in config["config"]["layers"]:
        layer["module"] = "keras.layers"
    reference = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    reference.save_weights(tmp_path / "weights.weights.h5")
    path = tmp_path / "vgg.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", json.dumps({"keras_version": "2.13.1"}))
        archive.write(tmp_path / "weights.weights.h5", "model.weights.h5")
    centered = IMAGES[..., ::-1] - np.float32([104, 117, 124])
    opened(path, reference(centered.mean((1, 2))))


# === Keras 2: TensorFlow's functions ===

OPERATIONS: dict[str, tuple[list[k2.Layer], Any]] = {
    "hard swish": (
        [
            k2.operation("__operators__.add", "a", "image", y=3.0),
            k2.layer("ReLU", "r", "a", max_value=6.0, negative_slope=0.0, threshold=0.0),
            k2.operation("math.multiply", "m", "r", y=0.5),
            k2.layer("Multiply", "end", "image", "m"),
        ],
        lambda x: x * np.clip(x + 3, 0, 6) * 0.5,
    ),
    "constant first": (
        [
            {
                **k2.operation("math.subtract", "end", "image"),
                "inbound_nodes": [["_CONSTANT_VALUE", -1, 255.0, {"y": ["image", 0, 0], "name": None}]],
            }
        ],
        lambda x: 255 - x,
    ),
    "two tensors": (
        [
            k2.operation("math.square", "s", "image"),
            k2.operation("math.maximum", "end", "image", y=["s", 0, 0]),
        ],
        lambda x: np.maximum(x, x * x),
    ),
    "shapes": (
        [
            k2.operation("compat.v1.transpose", "t", "image", perm=[0, 2, 1, 3]),
            k2.operation("concat", "c", ["t", "image"], axis=-1),
            k2.operation("reshape", "r", "c", shape=[-1, 64, 6]),
            k2.operation("math.reduce_mean", "end", "r", axis=1, keepdims=True),
        ],
        lambda x: np.concatenate([x.swapaxes(1, 2), x], -1).reshape(-1, 64, 6).mean(1, keepdims=True),
    ),
    "slices": (
        [
            k2.operation(
                "__operators__.getitem",
                "end",
                "image",
                slice_spec=[{"start": None, "stop": None, "step": None}, 3, {"start": 1, "stop": 7, "step": 2}, None],
            )
        ],
        lambda x: x[:, 3, 1:7:2, None],
    ),
    "images": (
        [
            k2.operation("image.resize", "i", "image", size=[4, 4]),
            k2.operation("cast", "d", "i", dtype="float32"),
            k2.operation("pad", "p", "d", paddings=[[0, 0], [1, 1], [0, 2], [0, 0]], mode="CONSTANT"),
            k2.operation("clip_by_value", "c", "p", clip_value_min=10.0, clip_value_max=200.0),
            k2.operation("nn.gelu", "end", "c"),
        ],
        lambda x: np.clip(np.pad(ops.image.resize(x, (4, 4)), [(0, 0), (1, 1), (0, 2), (0, 0)]), 10, 200),
    ),
    "before TensorFlow 2.4": (
        [
            {
                "class_name": "TensorFlowOpLayer",
                "config": {
                    "name": "truediv",
                    "node_def": {"name": "truediv", "op": "RealDiv", "input": ["image", "truediv/y"]},
                    "constants": {"1": 127.5},
                },
                "name": "tf_op_layer_truediv",
                "inbound_nodes": [[["image", 0, 0, {}]]],
            }
        ],
        lambda x: x / 127.5,
    ),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_functions_of_tensorflow_compute_what_they_did(name: str, tmp_path: Path) -> None:
    steps, compute = OPERATIONS[name]
    opened(k2.write(tmp_path / "model.h5", k2.functional(k2.image(), *steps), {}), compute(IMAGES))


ARGUMENTS: dict[str, dict[str, Any]] = {
    "linalg.matmul": {"b": np.eye(3, dtype="float32").tolist()},
    "nn.bias_add": {"bias": [1.0, 2.0, 3.0], "data_format": "NHWC"},
    "nn.leaky_relu": {"alpha": 0.3},
    "nn.softmax": {"axis": 1},
    "math.l2_normalize": {"axis": -1, "epsilon": 1e-12},
    "math.reduce_mean": {"axis": [1, 2], "keepdims": True},
    "math.argmax": {"axis": -1},
    "cast": {"dtype": "int32"},
    "clip_by_value": {"clip_value_min": -1.0, "clip_value_max": 0.5},
    "reshape": {"shape": [-1, 4, 48]},
    "expand_dims": {"axis": 1},
    "transpose": {"perm": [0, 3, 1, 2]},
    "compat.v1.transpose": {"perm": [0, 3, 1, 2]},
    "tile": {"multiples": [1, 2, 1, 3]},
    "reverse": {"axis": [1]},
    "pad": {"paddings": [[0, 0], [1, 2], [3, 0], [0, 0]], "mode": "REFLECT"},
    "compat.v1.pad": {"paddings": [[0, 0], [1, 2], [3, 0], [0, 0]], "mode": "SYMMETRIC"},
    "nn.depth_to_space": {"block_size": 2},
    "nn.space_to_depth": {"block_size": 2},
    "image.resize": {"size": [5, 11], "method": "nearest"},
    "concat": {"axis": 2},
    "stack": {"axis": 1},
    "math.divide_no_nan": {"y": 0.0},
    "math.floordiv": {"y": 0.3},
    "math.floormod": {"y": 0.3},
    "math.pow": {"y": 2.0},
}
"""What a function is called with; others of two arguments get `y`."""
FEW = np.random.default_rng(1).normal(size=(2, 8, 8, 3)).astype("float32")
POSITIVE = ("math.log", "math.log1p", "math.sqrt", "math.rsqrt")
ODD = {"__operators__.getitem", "squeeze", "compat.v1.squeeze", "nn.depth_to_space", "image.grayscale_to_rgb"}
"""Functions that need other inputs."""


def test_every_function_of_the_table_computes_what_tensorflow_does(tmp_path: Path) -> None:
    steps, expected = [k2.operation("math.abs", "absolute", "image")], {}
    for function in sorted(set(FUNCTIONS) - ODD):
        binary = len(FUNCTIONS[function].tensors) > 1
        arguments = ARGUMENTS.get(function, {"y": 0.7} if binary else {})
        takes_list = function in ("concat", "stack")
        source = "absolute" if function in POSITIVE else "image"
        steps.append(k2.operation(function, f"tf.{function}", [source, source] if takes_list else source, **arguments))
        images = tf.constant(np.abs(FEW) if function in POSITIVE else FEW)
        computed = operator.attrgetter(function)(tf)([images, images] if takes_list else images, **arguments)
        expected[f"tf.{function}"] = computed.numpy()
    config = k2.functional(k2.image(), *steps)
    config["config"]["output_layers"] = [[name, 0, 0] for name in expected]
    outputs = load_model(k2.write(tmp_path / "model.h5", config, {})).predict(FEW, verbose=0)
    for (name, values), output in zip(expected.items(), outputs, strict=True):
        assert values.shape == output.shape, name
        np.testing.assert_allclose(output, values, rtol=1e-4, atol=1e-5, err_msg=name)


REFUSED = {
    "groups": k2.layer("DepthwiseConv2D", "dw", "image", kernel_size=[3, 3], groups=3),
    "renorm|virtual_batch_size": k2.layer("BatchNormalization", "bn", "image", axis=[3], virtual_batch_size=4),
    "hard_sigmoid": k2.layer("Activation", "gate", "image", activation="hard_sigmoid"),
    "LocallyConnected2D": k2.layer("LocallyConnected2D", "local", "image", filters=2, kernel_size=[3, 3]),
    r"tf\.image\.non_max": k2.operation("image.non_max_suppression", "boxes", "image"),
    "transpose_b": k2.operation("linalg.matmul", "product", "image", b=["image", 0, 0], transpose_b=True),
    "NCHW": k2.operation("nn.bias_add", "bias", "image", bias=[1.0], data_format="NCHW"),
    "Lambda": k2.layer("Lambda", "code", "image", function=["4wEAAAA=", None, None], function_type="lambda"),
    "Mine": k2.layer("Mine", "own", "image"),
}


@pytest.mark.parametrize("word", REFUSED)
def test_what_keras_3_lacks_is_named(word: str, tmp_path: Path) -> None:
    path = k2.write(tmp_path / "model.h5", k2.functional(k2.image(), REFUSED[word]), {})
    with pytest.raises(ValueError, match=word) as caught:
        load_model(path)
    assert REFUSED[word]["name"] in str(caught.value)


@pytest.mark.parametrize("damage", ["layers", "input_layers", "name", "inbound_nodes"])
def test_a_config_of_keras_2_with_a_part_missing_is_one_error(damage: str, tmp_path: Path) -> None:
    config = k2.functional(k2.image(), k2.layer("Flatten", "end", "image"))
    (config["config"] if damage in config["config"] else config["config"]["layers"][1]).pop(damage)
    with pytest.raises(ValueError, match=r"model\.h5"):
        load_model(k2.write(tmp_path / "model.h5", config, {}))


# === Any stock layer ===


def saved(model: keras.Model, path: Path) -> Path:
    model.save(path)
    return path


def sequential(*parts: Any, shape: tuple[int | None, ...] = (8, 8, 3)) -> keras.Model:
    return keras.Sequential([keras.Input(shape), *parts])


def quantized(mode: str) -> keras.Model:
    model = sequential(layers.Conv2D(2, 3), layers.GlobalAveragePooling2D(), layers.Dense(8), layers.Dense(3))
    for layer in model.layers[2:]:
        layer.quantize(mode)
    return model


STOCK = {
    "frames.keras": lambda: sequential(
        layers.TimeDistributed(layers.Conv2D(2, 3)), layers.ConvLSTM2D(2, 3), layers.Flatten(), shape=(2, 8, 8, 3)
    ),
    "rows.h5": lambda: sequential(
        layers.Reshape((8, 24)), layers.Bidirectional(layers.LSTM(3, return_sequences=True)), layers.GRU(2)
    ),
    "cells.keras": lambda: sequential(layers.Reshape((8, 24)), layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)])),
    "spectral.keras": lambda: sequential(layers.SpectralNormalization(layers.Conv2D(2, 3)), layers.Flatten()),
    "float8.keras": lambda: quantized("float8"),
    "int4.keras": lambda: quantized("int4"),
    "mixed.keras": lambda: sequential(layers.Conv2D(2, 3, dtype="mixed_float16"), layers.Dense(2, activation="mish")),
    "crossing.keras": lambda: sequential(layers.Flatten(), layers.Discretization([9.0, 99.0]), layers.Rescaling(2.0)),
    "tokens.h5": lambda: sequential(
        layers.Reshape((64, 3)), layers.RMSNormalization(), layers.Masking(), layers.SimpleRNN(2)
    ),
    "adapted.h5": lambda: sequential(adapted(), layers.GlobalAveragePooling2D()),
}  # fmt: skip


def adapted() -> layers.Layer:
    layer = layers.Normalization()
    layer.adapt(IMAGES)
    return layer


@pytest.mark.filterwarnings("ignore:.*quantize.*:UserWarning")
@pytest.mark.parametrize("name", STOCK)
def test_a_model_of_any_stock_layers_opens(name: str, tmp_path: Path) -> None:
    model = STOCK[name]()
    shape = (2, *model.input_shape[1:])
    images = np.random.default_rng(1).uniform(0, 255, shape).astype("float32")
    expected = model.predict(images, verbose=0)
    np.testing.assert_allclose(
        load_model(saved(model, tmp_path / name)).predict(images, verbose=0), expected, atol=1e-4
    )


TENSORFLOW = {"softmax": tf.nn.softmax, "swish": tf.nn.swish, "log": tf.nn.log_softmax, "leaky": tf.nn.leaky_relu}


@pytest.mark.parametrize("kind", ["keras", "h5"])
@pytest.mark.parametrize("name", TENSORFLOW)
def test_activations_of_tensorflow_open_by_name(name: str, kind: str, tmp_path: Path) -> None:
    model = sequential(layers.Flatten(), layers.Dense(3, activation=TENSORFLOW[name]))
    expected = model.predict(IMAGES / 255, verbose=0)
    path = saved(model, tmp_path / f"model.{kind}")
    np.testing.assert_allclose(load_model(path).predict(IMAGES / 255, verbose=0), expected, atol=1e-5)


def test_a_model_with_lora_opens(tmp_path: Path) -> None:
    model = sequential(layers.Flatten(), layers.Dense(4))
    model.layers[1].enable_lora(2)
    expected = model.predict(IMAGES, verbose=0)
    opened(saved(model, tmp_path / "model.keras"), expected)


@pytest.mark.parametrize("make", [lambda x: x / 2.0, lambda x: x + 3.0, lambda x: ops.relu6(x)])
def test_an_operation_in_an_h5_of_keras_3_has_a_way_out(make: Callable[[Any], Any], tmp_path: Path) -> None:
    image = keras.Input((8, 8, 3))
    model = keras.Model(image, layers.Flatten()(make(image)))
    with pytest.raises(ValueError, match=r"operation.*\.keras"):
        load_model(saved(model, tmp_path / "model.h5"))
    opened(saved(model, tmp_path / "model.keras"), model.predict(IMAGES, verbose=0))


def test_a_layer_that_remembers_earlier_images_is_refused(tmp_path: Path) -> None:
    image = keras.Input(batch_shape=(1, 8, 24))
    path = saved(keras.Model(image, layers.GRU(2, stateful=True)(image)), tmp_path / "model.keras")
    with pytest.raises(ValueError, match="stateful"):
        load_model(path)


def test_more_layers_than_open_in_a_minute_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(sequential(*(layers.ReLU() for _ in range(9))), tmp_path / "model.keras")
    monkeypatch.setattr(loading_config, "MOST_CALLS", 10)
    assert len(load_model(path).layers) == 9
    monkeypatch.setattr(loading_config, "MOST_CALLS", 9)
    with pytest.raises(ValueError, match="10 layers"):
        load_model(path)


def test_a_layer_called_often_counts_as_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image, inner = keras.Input((8, 8, 3)), sequential(layers.ReLU(), layers.ReLU())
    path = saved(keras.Model(image, inner(inner(inner(image)))), tmp_path / "model.keras")
    monkeypatch.setattr(loading_config, "MOST_CALLS", 12)
    with pytest.raises(ValueError, match="13 layers"):
        load_model(path)


def test_a_layer_called_on_constants_is_refused_before_it_runs(tmp_path: Path) -> None:
    image = keras.Input((8, 8, 3))
    path = saved(keras.Model(image, ops.tile(image, (1, 2, 2, 1))), tmp_path / "model.keras")
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(entries["config.json"])
    config["config"]["layers"][1]["inbound_nodes"][0]["args"] = [[[1.0]]]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**entries, "config.json": json.dumps(config)}.items():
            archive.writestr(name, content)
    with pytest.raises(ValueError, match="constants"):
        load_model(path)


# === Files of other programs ===


def zipped(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return content.getvalue()


def hdf5(*groups: str) -> bytes:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        for group in groups:
            file.create_group(group)
    return content.getvalue()


OTHERS = {
    "model.tflite": (b"\x1c\0\0\0TFL3" + bytes(8), "TensorFlow Lite"),
    "renamed.keras": (b"\x1c\0\0\0TFL3" + bytes(8), "TensorFlow Lite"),
    "saved_model.pb": (b"\x08\x01\x12\x80", "SavedModel"),
    "frozen.pb": (b"\x0a\x20", "graph of TensorFlow"),
    "model.onnx": (b"\x08\x08\x12\x07pytorch", "ONNX"),
    "onnx.h5": (b"\x08\x08\x12\x07pytorch", "ONNX"),
    "model.pt": (zipped("archive/data.pkl", "archive/data/0"), "PyTorch"),
    "old.pth": (b"\x80\x02\x8a\nl", "PyTorch"),
    "model.weights.h5": (hdf5("layers", "vars"), "weights"),
    "other.h5": (hdf5("reads"), "HDF5"),
    "model.json": (b'{"class_name": "Sequential", "config": {}}', "without weights"),
    "tfjs.json": (b'{"format": "layers-model", "modelTopology": {}}', "js"),
    "model.ckpt.index": (b"\0\0", "checkpoint"),
    "model.ckpt-5.data-00000-of-00001": (b"\0", "checkpoint"),
    "teachable.zip": (zipped("keras_model.h5", "labels.txt"), "keras_model"),
    "saved.zip": (zipped("m/saved_model.pb", "m/variables/variables.index"), "SavedModel"),
    "weights.npz": (zipped("arr_0.npy"), "NumPy"),
    "model.pkl": (b"\x80\x04\x95", "pickle"),
    "model.safetensors": (struct.pack("<Q", 2) + b"{}", "weights"),
    "photo.h5": (b"\x89PNG\r\n\x1a\n", "image"),
    "lfs.keras": (b"version https://git-lfs.github.com/spec/v1\noid", "LFS"),
    "page.h5": (b"<!DOCTYPE html><html>", "web page"),
    "empty.keras": (b"", "empty"),
    "cut.keras": (zipped("config.json")[:-30], "end"),
    "unknown": (b"\1\2\3", "no model"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_of_another_program_is_called_what_it_is(name: str, tmp_path: Path) -> None:
    content, word = OTHERS[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=word) as caught:
        load_model(tmp_path / name)
    assert "\n" not in str(caught.value)


FOLDERS = {
    "SavedModel": ["saved_model.pb", "variables/variables.index"],
    "js": ["model.json", "group1-shard1of1.bin"],
    "unpacked": ["config.json", "model.weights.h5", "metadata.json"],
    "run": ["run.json", "model.keras"],
    "checkpoint": ["checkpoint", "model.index"],
    "keras_model": ["keras_model.h5", "labels.txt"],
}


@pytest.mark.parametrize("word", FOLDERS)
@pytest.mark.parametrize("command", ["classify", "explain", "plan"])
def test_a_path_that_exists_is_no_runs_name(
    command: str, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in FOLDERS[word]:
        (tmp_path / "mine" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / name).write_bytes(b"x")
    Image.new("RGB", (8, 8)).save("photo.png")
    assert parser.main([command, "mine", *([] if command == "plan" else ["photo.png"])]) == 2
    error = capsys.readouterr().err
    assert word in error
    assert ".keras" in error
    assert "run 'mine'" not in error


def test_a_models_file_opens_whatever_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = sequential(layers.Conv2D(2, 3), layers.GlobalAveragePooling2D())
    saved(model, tmp_path / "model.keras").rename("from_a_colleague")
    saved(model, tmp_path / "model.h5").rename("model.keras")
    for name in ("from_a_colleague", "model.keras"):
        np.testing.assert_allclose(load_model(name)(IMAGES), model(IMAGES), rtol=1e-5)
    classifier = find_classifier("from_a_colleague", RunStore("saved_models"))
    assert classifier.class_names == ("class 0", "class 1")


# === What Keras says ===

WRAPPED = {
    "Unrecognized keyword arguments": TypeError(
        "<class 'keras.src.layers.Dense'> could not be deserialized properly. Please ensure that components are.\n\n"
        "config={'class_name': 'Dense', 'config': {'units': 2}}.\n\nException encountered: Error when deserializing "
        "class 'Dense' using config={'units': 2}.\n\nException encountered: Unrecognized keyword arguments: {'a': 1}"
    ),
    "incompatible": ValueError(
        "Exception encountered when calling Conv2D.call().\n\n\x1b[1mThe shapes are incompatible.\x1b[0m\n\n"
        "Arguments received by Conv2D.call():\n  • inputs=tf.Tensor(shape=(1, 2))"
    ),
    "weights.h5": OSError("Unable to open file '/srv/www/app/secret/model.weights.h5' (errno = 2)"),
    "ValueError": ValueError('Traceback (most recent call last):\n  File "/srv/www/app/secret/x.py"\n'),
    "KeyError": KeyError(),
}


@pytest.mark.parametrize("word", WRAPPED)
def test_the_cause_of_an_error_of_keras_is_told_without_what_is_around_it(word: str) -> None:
    told = cause(WRAPPED[word])
    assert word in told
    for left_out in ("\n", "\x1b", "/srv", "config=", "Arguments received", "Exception encountered"):
        assert left_out not in told
    assert len(cause(ValueError("x " * 9999))) <= LONGEST


def test_weights_of_another_layer_are_told_by_the_layers_name(tmp_path: Path) -> None:
    one, other = (sequential(layers.Flatten(), layers.Dense(units, name="end")) for units in (2, 3))
    paths = [saved(one, tmp_path / "one.keras"), saved(other, tmp_path / "other.keras")]
    with zipfile.ZipFile(paths[0]) as archive, zipfile.ZipFile(paths[1]) as weights:
        contents = {"config.json": archive.read("config.json"), "model.weights.h5": weights.read("model.weights.h5")}
    with zipfile.ZipFile(tmp_path / "mixed.keras", "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    with pytest.raises(ValueError, match=r"'end'.*\(192, 2\)"):
        load_model(tmp_path / "mixed.keras")


# === The table in docs/explain.md ===


def of_keras_2(*steps: k2.Layer) -> Callable[[Path], Path]:
    return lambda folder: k2.write(folder / "model.h5", k2.functional(k2.image(), *steps), {})


def of_keras(*parts: Callable[[], Any], name: str = "model.keras") -> Callable[[Path], Path]:
    return lambda folder: saved(sequential(*(make() for make in parts)), folder / name)


def of_others(*names: str) -> Callable[[Path], Iterator[Path]]:
    def make(folder: Path) -> Iterator[Path]:
        for name in names:
            (folder / name).write_bytes(OTHERS[name][0])
            yield folder / name

    return make


def saved_by_a_program(folder: Path) -> Iterator[Path]:
    names = (
        "saved_model.pb",
        "frozen.pb",
        "model.tflite",
        "tfjs.json",
        "model.onnx",
        "model.pt",
        "old.pth",
        "model.pkl",
    )
    yield from of_others(*names)(folder)
    (folder / "saved").mkdir()
    yield (folder / "saved_model.pb").rename(folder / "saved" / "saved_model.pb").parent


def many(folder: Path) -> Path:
    path = saved(sequential(layers.ReLU()), folder / "model.h5")
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        config["config"]["layers"] += 2000 * config["config"]["layers"][-1:]
        file.attrs["model_config"] = json.dumps(config)
    return path


def arithmetic(folder: Path) -> Path:
    image = keras.Input((8, 8, 3))
    return saved(keras.Model(image, image / 2.0), folder / "model.h5")


def recurrent(folder: Path) -> Path:
    image = keras.Input(batch_shape=(1, 8, 24))
    return saved(keras.Model(image, layers.GRU(2, stateful=True)(image)), folder / "model.keras")


FILES: dict[str, tuple[Callable[[Path], Any], bool]] = {
    "`.keras` or `.h5`, saved by Keras 3": (of_keras(lambda: layers.Conv2D(2, 3), name="model.h5"), True),
    "the same with activations": (of_keras(lambda: layers.Dense(2, activation=tf.nn.softmax)), True),
    "an `.h5`, saved by Keras 3, with operations": (arithmetic, False),
    "`.h5` or `.keras`, saved by Keras 2": (of_keras_2(k2.layer("Flatten", "end", "image")), True),
    "the same with TensorFlow's": (of_keras_2(k2.operation("math.square", "end", "image")), True),
    "the same with another function": (of_keras_2(k2.operation("signal.fft2d", "end", "image")), False),
    "a model with a Lambda": (of_keras(lambda: layers.Lambda(lambda x: x, output_shape=(8, 8, 3))), False),
    "a model with a stateful": (recurrent, False),
    "a model that calls more": (many, False),
    "weights alone": (of_others("model.weights.h5", "model.ckpt.index", "weights.npz", "model.json"), False),
    "a SavedModel": (saved_by_a_program, False),
    "a zip archive": (of_others("teachable.zip"), False),
}


def marked(name: str) -> str:
    text = (ROOT / "docs/explain.md").read_text()
    return text.split(f"<!-- {name}: begin -->")[1].split(f"<!-- {name}: end -->")[0].strip()


def test_the_table_of_files_says_which_open(tmp_path: Path) -> None:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in marked("files").splitlines()[2:]]
    assert len(rows) == len(FILES)
    for number, ((kind, opens, _), (start, (make, expected))) in enumerate(zip(rows, FILES.items(), strict=True)):
        assert kind.startswith(start)
        assert opens == ("yes" if expected else "no")
        (tmp_path / str(number)).mkdir()
        made = make(tmp_path / str(number))
        for path in [made] if isinstance(made, Path) else made:
            if expected:
                assert load_model(path).built
            else:
                with pytest.raises(ValueError, match=path.name):
                    load_model(path)


def test_the_list_of_tensorflows_functions_is_that_of_the_code() -> None:
    assert re.findall(r"`(.*?)`", marked("functions")) == sorted(FUNCTIONS)
    assert f"{loading_config.MOST_CALLS:,} layers" in marked("files")
