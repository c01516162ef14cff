"""Opening saved models: all that is made of stock layers opens to equal scores, what is broken is one sentence."""

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

HEADS = ("gap", "gmp", "flatten", "fc", "nin", "avgmax", "gem", "spp", "adaptiveavg")


def same(model: keras.Model, path: Path) -> keras.Model:
    """Open a file and compare its scores with those of the model that it was saved from."""
    opened = load_model(path)
    sizes = [[size or 32 for size in tensor.shape[1:]] for tensor in model.inputs]
    images = [np.random.default_rng(0).random((2, *size), np.float32) for size in sizes]
    images = images if len(images) > 1 else images[0]
    np.testing.assert_allclose(model(images, training=False), opened(images, training=False), atol=1e-6)
    assert not opened.compiled
    return opened


@pytest.mark.parametrize("head", HEADS)
def test_a_model_of_ours_opens_with_any_head(head: str, tmp_path: Path) -> None:
    plan = tp.plan("resnet8", head=tp.FC(units=(8,)) if head == "fc" else head, input_shape=(16, 16, 3))
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


STOCK = {
    "any-size": lambda: tp.build(tp.plan("resnet8", input_shape=(None, None, 3))),
    "nested": lambda: nested(keras.applications.MobileNetV2(**SMALL, alpha=0.35, include_top=False)),
    "arithmetic": with_arithmetic,
    "settings": with_settings,
    "attention": attending,
    "two-inputs": two_inputs,
    "efficientnet": lambda: EfficientNet(0.25, 0.1, 32, **SMALL),
    "densenet": lambda: DenseNet([1, 1, 1, 1], **SMALL),
    "mobilenetv3": lambda: keras.applications.MobileNetV3Small(**SMALL, minimalistic=True),
}


@pytest.mark.parametrize("made", STOCK)
def test_any_model_of_stock_layers_opens(made: str, tmp_path: Path) -> None:
    model = STOCK[made]()
    model.save(tmp_path / "model.keras")
    same(model, tmp_path / "model.keras")


@pytest.mark.parametrize("make", [lambda: tp.build(tp.plan("resnet8", head="gem")), nested], ids=["ours", "nested"])
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
    made = [("InputLayer", image), ("Conv2D", conv), ("GlobalAveragePooling2D", pool)]
    described = [{"class_name": name, "config": config} for name, config in made]
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


@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`:UserWarning")
@pytest.mark.parametrize("kind", ["Functional", "Model", "Sequential"])
def test_an_h5_of_keras_2_opens(kind: str, tmp_path: Path) -> None:
    kernel, bias = keras_2(tmp_path / "model.h5", kind)
    images = np.ones((1, 8, 8, 3), np.float32)
    scores = load_model(tmp_path / "model.h5")(images if kind == "Sequential" else [images])
    np.testing.assert_allclose(scores, [kernel.sum(axis=(0, 1, 2)) + bias], rtol=1e-5)


def test_other_models_live_on_and_nothing_is_left_behind(tmp_path: Path) -> None:
    model = tp.build(tp.plan("resnet8", input_shape=(16, 16, 3)), seed=1)
    model.save(tmp_path / "model.keras")
    first = load_model(tmp_path / "model.keras")
    before = first(np.ones((1, 16, 16, 3), np.float32)).numpy()
    second = load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(first(np.ones((1, 16, 16, 3), np.float32)), before)
    # Weights that were only counted must not be made afterwards.
    assert not keras.src.backend.common.global_state.get_global_attribute("uninitialized_variables")
    gone = weakref.ref(second)
    del second
    gc.collect()
    assert gone() is None


def made(folder: Path, name: str, content: bytes | None) -> Path:
    path = folder / name
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    return path


BROKEN = [
    ("folder.keras", None, r"folder\.keras is a folder\. A model is one file that ends in"),
    ("empty.keras", b"", r"empty\.keras is no model that Keras can open: a \.keras file is a zip archive\."),
    ("empty.h5", b"", r"empty\.h5 is no model that Keras can open: "),
    ("text.keras", b"a model", r"text\.keras is no model that Keras can open: a \.keras file is a zip archive\."),
    ("text.h5", b"a model", r"text\.h5 is no model that Keras can open: "),
    ("model.pkl", b"\x80\x04.", r"model\.pkl is not opened: a model's file ends in \.keras or \.h5\."),
]


@pytest.mark.parametrize(("name", "content", "message"), BROKEN, ids=[name for name, *_ in BROKEN])
def test_what_is_no_model_is_one_sentence(name: str, content: bytes | None, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        load_model(made(tmp_path, name, content))
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"There is no file .*model\.keras\."):
        load_model(tmp_path / "model.keras")


@pytest.mark.parametrize("kind", ["keras", "h5"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_cut_file_is_one_sentence(kind: str, share: float, tmp_path: Path) -> None:
    path = tmp_path / f"model.{kind}"
    two_inputs().save(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(ValueError, match="is no model that Keras can open: ") as caught:
        load_model(path)
    assert "\n" not in str(caught.value)


def test_weights_alone_are_no_model(tmp_path: Path) -> None:
    two_inputs().save_weights(tmp_path / "only.weights.h5")
    with pytest.raises(ValueError, match="it holds no model, at most weights"):
        load_model(tmp_path / "only.weights.h5")


@pytest.mark.filterwarnings("ignore:You are saving a model that has not yet been built:UserWarning")
def test_a_model_that_was_never_built_is_no_model_yet(tmp_path: Path) -> None:
    keras.Sequential([layers.Dense(2)]).save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="its model was saved before it was built"):
        load_model(tmp_path / "model.keras")


def test_weights_of_another_model_are_one_sentence(tmp_path: Path) -> None:
    for name, units in (("one", 2), ("other", 3)):
        keras.Sequential([keras.Input((4,)), layers.Dense(units)]).save(tmp_path / f"{name}.keras")
    mixed = tmp_path / "mixed.keras"
    with zipfile.ZipFile(mixed, "w") as archive:
        for name, entry in (("one", "config.json"), ("other", "model.weights.h5")):
            with zipfile.ZipFile(tmp_path / f"{name}.keras") as source:
                archive.writestr(entry, source.read(entry))
    with pytest.raises(ValueError, match=r"mixed\.keras is no model that Keras can open: A total of 1 objects"):
        load_model(mixed)
