"""Opening saved models: every model of stock layers opens and gives equal scores, a broken file is one error."""

import gc
import json
import weakref
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras import layers
from keras.src.applications.convnext import LayerScale
from keras.src.applications.densenet import DenseNet
from keras.src.applications.efficientnet import EfficientNet

import tfpool as tp
from tfpool.models.loading.load import load_model
from tfpool.networks.heads import HEADS


def same(model: keras.Model, path: Path) -> keras.Model:
    """Open a file and compare the scores with those of the model that was saved."""
    opened = load_model(path)
    sizes = [[size or 32 for size in tensor.shape[1:]] for tensor in model.inputs]
    images = [np.random.default_rng(0).random((2, *size), np.float32) for size in sizes]
    images = images if len(images) > 1 else images[0]
    np.testing.assert_allclose(model(images, training=False), opened(images, training=False), atol=1e-6)
    assert not opened.compiled
    return opened


@pytest.mark.parametrize(("name", "head"), [("resnet8", "gap"), *(("convnet", head) for head in HEADS)])
def test_a_model_of_ours_opens_with_any_head(name: str, head: str, tmp_path: Path) -> None:
    plan = tp.plan(name, head=tp.FC(units=(8,)) if head == "fc" else head, input_shape=(16, 16, 3))
    model = tp.build(plan, seed=1)
    model.compile("adam", "mse")
    model.save(tmp_path / "model.keras")
    same(model, tmp_path / "model.keras")


SMALL = {"weights": None, "input_shape": (32, 32, 3), "classes": 3}


def nested(backbone: keras.Model | None = None) -> keras.Model:
    backbone = backbone or DenseNet([1, 1, 1, 1], **SMALL, include_top=False)
    backbone.compile(keras.optimizers.Adam(), keras.losses.MeanSquaredError())
    image = keras.Input((32, 32, 3))
    x = layers.Rescaling(2.0, -1.0)(layers.RandomRotation(0.1)(layers.RandomFlip()(image)))
    x = layers.GlobalAveragePooling2D()(backbone(x, training=False))
    return keras.Model(image, layers.Dense(3, activation="softmax")(layers.Dropout(0.2)(x)))


def with_arithmetic() -> keras.Model:
    image = keras.Input((8, 8, 3))
    x = keras.ops.mean(layers.Conv2D(4, 3)(image) * 2.0, axis=(1, 2)) + image[:, 0, 0, :1]
    return keras.Model(image, keras.ops.relu(x) + np.ones((1, 4), "float32"))


def with_settings() -> keras.Model:
    conv = layers.Conv2D(
        4,
        3,
        activation=layers.LeakyReLU(0.2),
        kernel_initializer=keras.initializers.HeNormal(seed=keras.random.SeedGenerator(3)),
        kernel_regularizer="l2",
        bias_constraint=keras.constraints.MaxNorm(1.0),
        dtype="mixed_bfloat16",
    )
    ends = [
        LayerScale(0.5, 4),
        layers.Normalization(mean=[1.0] * 4, variance=[2.0] * 4),
        layers.Dense(2, dtype="bfloat16"),
    ]
    return keras.Sequential([keras.Input((8, 8, 3)), conv, *ends])


def attending() -> keras.Model:
    image = keras.Input((8, 8, 3))
    x = layers.Reshape((4, 16))(layers.Conv2D(4, 2, strides=2, groups=1)(image))
    x = layers.LayerNormalization()(layers.MultiHeadAttention(2, 4)(x, x))
    return keras.Model(image, layers.Dense(2)(layers.GlobalAveragePooling1D()(x)))


def two_inputs() -> keras.Model:
    first, second = keras.Input((4, 4, 3), name="first"), keras.Input((4, 4, 3), name="second")
    conv = layers.Conv2D(2, 1)
    return keras.Model([first, second], layers.Flatten()(layers.Subtract()([conv(first), conv(second)])))


EXHAUSTIVE = ("efficientnet", "mobilenetv2", "mobilenetv3")
STOCK = {
    "any-size": lambda: tp.build(tp.plan("convnet", input_shape=(None, None, 3))),
    "nested": nested,
    "mobilenetv2": lambda: nested(keras.applications.MobileNetV2(**SMALL, alpha=0.35, include_top=False)),
    "arithmetic": with_arithmetic,
    "settings": with_settings,
    "attention": attending,
    "two-inputs": two_inputs,
    "efficientnet": lambda: EfficientNet(0.25, 0.1, 32, **SMALL),
    "densenet": lambda: DenseNet([1, 1, 1, 1], **SMALL),
    "mobilenetv3": lambda: keras.applications.MobileNetV3Small(**SMALL, minimalistic=True),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.exhaustive) if name in EXHAUSTIVE else name for name in STOCK]
)
def test_any_model_of_stock_layers_opens(name: str, tmp_path: Path) -> None:
    model = STOCK[name]()
    model.save(tmp_path / "model.keras")
    same(model, tmp_path / "model.keras")


@pytest.mark.parametrize("make", [lambda: tp.build(tp.plan("convnet", head="gem")), nested], ids=["ours", "nested"])
def test_a_whole_models_h5_opens(make: Callable[[], keras.Model], tmp_path: Path) -> None:
    model = make()
    model.compile("adam", "mse")
    model.save(tmp_path / "model.h5")
    same(model, tmp_path / "model.h5")


def keras_2(path: Path, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Write a convolution and a mean as Keras 2.11 did, and return kernel and bias."""
    kernel, bias = np.random.default_rng(1).random((3, 3, 3, 2), np.float32), np.float32([0.5, -0.5])
    initializer = {"class_name": "GlorotUniform", "config": {"seed": None}}
    conv = {"name": "conv", "trainable": True, "dtype": "float32", "filters": 2}
    conv |= {"kernel_size": [3, 3], "activation": "linear", "use_bias": True, "kernel_initializer": initializer}
    conv |= {"kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.01}}, "groups": 1}
    image = {
        "batch_input_shape": [None, 8, 8, 3],
        "dtype": "float32",
        "sparse": False,
        "ragged": False,
        "name": "image",
    }
    pool = {"name": "pool", "trainable": True, "dtype": "float32", "data_format": "channels_last", "keepdims": False}
    configs = {"InputLayer": image, "Conv2D": conv, "GlobalAveragePooling2D": pool}
    described = [{"class_name": name, "config": config} for name, config in configs.items()]
    if kind == "Sequential":
        conv["batch_input_shape"] = [None, 8, 8, 3]
        shape = {"class_name": "TensorShape", "items": [None, 8, 8, 3]}
        config = {"name": "model", "layers": described, "build_input_shape": shape}
    else:
        sources = [[], [[["image", 0, 0, {}]]], [[["conv", 0, 0, {}]]]]
        for layer, nodes in zip(described, sources, strict=True):
            layer |= {"name": layer["config"]["name"], "inbound_nodes": nodes}
        ends = {"input_layers": [["image", 0, 0]], "output_layers": [["pool", 0, 0]]}
        config = {"name": "model", "trainable": True, "layers": described, **ends}
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = "2.11.0", "tensorflow"
        file.attrs["model_config"] = json.dumps({"class_name": kind, "config": config})
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [b"image", b"conv", b"pool"]
        for name in ("image", "pool"):
            weights.create_group(name).attrs["weight_names"] = np.zeros(0)
        weights.create_group("conv").attrs["weight_names"] = [b"conv/kernel:0", b"conv/bias:0"]
        weights["conv/conv/kernel:0"], weights["conv/conv/bias:0"] = kernel, bias
    return kernel, bias


@pytest.mark.parametrize("kind", ["Functional", "Model", "Sequential"])
def test_an_h5_of_keras_2_opens(kind: str, tmp_path: Path) -> None:
    kernel, bias = keras_2(tmp_path / "model.h5", kind)
    images = np.ones((1, 8, 8, 3), np.float32)
    scores = load_model(tmp_path / "model.h5")(images)
    np.testing.assert_allclose(scores, [kernel.sum(axis=(0, 1, 2)) + bias], rtol=1e-5)


def test_other_models_live_on_and_nothing_is_left_behind(tmp_path: Path) -> None:
    model = tp.build(tp.plan("convnet", input_shape=(16, 16, 3)), seed=1)
    model.save(tmp_path / "model.keras")
    first = load_model(tmp_path / "model.keras")
    before = first(np.ones((1, 16, 16, 3), np.float32)).numpy()
    second = load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(first(np.ones((1, 16, 16, 3), np.float32)), before)
    # Weights that were only counted must not be created afterwards.
    assert not keras.src.backend.common.global_state.get_global_attribute("uninitialized_variables")
    gone = weakref.ref(second)
    del second
    gc.collect()
    assert gone() is None


BROKEN = {
    "empty.keras": b"",
    "empty.h5": b"",
    "text.keras": b"a model",
    "text.h5": b"a model",
    "model.pkl": b"\x80\x04.",
}


@pytest.mark.parametrize("name", [*BROKEN, "folder.keras", "missing.keras"])
def test_a_file_that_is_no_model_is_one_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder.keras").mkdir()
    if name in BROKEN:
        (tmp_path / name).write_bytes(BROKEN[name])
    with pytest.raises(ValueError, match=name) as caught:
        load_model(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["keras", "h5"])
@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.99])
def test_a_cut_file_is_one_error(kind: str, fraction: float, tmp_path: Path) -> None:
    path = tmp_path / f"model.{kind}"
    two_inputs().save(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * fraction)])
    with pytest.raises(ValueError, match=path.name) as caught:
        load_model(path)
    assert "\n" not in str(caught.value)


def test_weights_alone_are_no_model(tmp_path: Path) -> None:
    two_inputs().save_weights(tmp_path / "only.weights.h5")
    with pytest.raises(ValueError, match="weights"):
        load_model(tmp_path / "only.weights.h5")


@pytest.mark.filterwarnings("ignore:You are saving a model that has not yet been built:UserWarning")
def test_a_model_that_was_never_built_is_no_model_yet(tmp_path: Path) -> None:
    keras.Sequential([layers.Dense(2)]).save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="built"):
        load_model(tmp_path / "model.keras")


def test_weights_of_another_model_are_one_error(tmp_path: Path) -> None:
    for name, units in (("one", 2), ("other", 3)):
        keras.Sequential([keras.Input((4,)), layers.Dense(units)]).save(tmp_path / f"{name}.keras")
    mixed = tmp_path / "mixed.keras"
    with zipfile.ZipFile(mixed, "w") as archive:
        for name, entry in (("one", "config.json"), ("other", "model.weights.h5")):
            with zipfile.ZipFile(tmp_path / f"{name}.keras") as source:
                archive.writestr(entry, source.read(entry))
    with pytest.raises(ValueError, match="1 objects"):
        load_model(mixed)
