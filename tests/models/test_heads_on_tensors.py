"""A head after a Keras tensor is what `tp.build` makes, in a model that is counted, explained, trained and saved."""

import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import tfpool as tp
from tfpool.anatomy.split import split_model
from tfpool.networks import heads, ops
from tfpool.networks.graph import Tensor
from tfpool.networks.heads import HEADS

IMAGES = np.random.default_rng(0).random((4, 16, 16, 3), np.float32)


@dataclass(frozen=True)
class Halves(heads.Head):
    """A user's own head: its layers depend on the shape of the features, and two branches meet."""

    name = "halves"

    def __call__(self, features: Tensor, classes: int) -> Tensor:
        half = ops.Conv2D(features.channels // 2, 1)(features, name="half")
        both = ops.Concatenate()(half, features, name="both")
        return ops.Dense(classes)(ops.GlobalAveragePooling2D()(both, name="avg_pool"), name="predictions")


ALL = [*(heads.get(name) for name in HEADS if name != "fc"), tp.FC((8,)), tp.GAP(dropout=0.5), Halves()]
each_head = pytest.mark.parametrize("head", ALL, ids=str)


@pytest.fixture(autouse=True)
def _fresh_names() -> None:
    keras.backend.clear_session()


def small(side: int | None = 16, channels: int = 3) -> tuple[Any, Any]:
    """The image and the features of a plain Keras model."""
    inputs = keras.Input((side, side, channels))
    x = layers.Conv2D(6, 3, strides=2, activation="relu", name="first")(inputs)
    return inputs, layers.Conv2D(8, 3, activation="relu", name="features")(x)


@each_head
def test_it_computes_and_counts_what_the_plan_of_that_head_says(head: heads.Head) -> None:
    plan = tp.plan("convnet", head, (16, 16, 3), classes=7)
    built = tp.build(plan, seed=0)
    features = built.get_layer(plan.features.name).output
    model = keras.Model(built.inputs[0], head(features, classes=7))
    model.set_weights(built.get_weights())
    np.testing.assert_array_equal(model(IMAGES), built(IMAGES))
    assert np.ptp(model(IMAGES)) > 0
    counts = tp.plan(model)
    facts, expected = (
        sorted((row.op, str(row.output_shape), row.params, row.macs) for row in one.rows) for one in (counts, plan)
    )
    assert facts == expected
    assert (counts.params, counts.macs) == (plan.params, plan.macs)
    assert [type(layer) for layer in model.layers] == [type(layer) for layer in built.layers]
    # What is explained is the same too.
    theirs, ours = split_model(built), split_model(model)
    assert ours.layer.removesuffix("_1") == theirs.layer
    assert [type(operation) for operation in ours.chain] == [type(operation) for operation in theirs.chain]


@each_head
def test_the_first_head_of_a_session_names_its_layers_as_with_head_does(head: heads.Head) -> None:
    inputs, x = small()
    named = [layer.name for layer in keras.Model(inputs, head(x, 5)).layers]
    assert named == [layer.name for layer in tp.with_head(keras.Model(inputs, x), head, 5).layers]


def test_the_mean_of_cam_plus_bias_is_the_logit_in_a_plain_script() -> None:
    inputs, x = small()
    model = keras.Model(inputs, layers.Softmax()(tp.GAP()(x, classes=10)))
    model.compile("adam", "sparse_categorical_crossentropy", run_eagerly=True)
    model.fit(IMAGES, np.arange(4), epochs=1, verbose=0)
    e = tp.explain(model, IMAGES, method="cam")
    assert e.layer == "features"
    bias = model.get_layer("predictions").bias.numpy()[e.targets]
    np.testing.assert_allclose(e.heatmaps.mean(axis=(1, 2)) + bias, e.scores, rtol=1e-5)
    logits = keras.Model(inputs, model.get_layer("predictions").output)(IMAGES).numpy()
    np.testing.assert_allclose(e.scores, logits.max(axis=1), rtol=1e-5)


@each_head
def test_a_saved_model_names_no_class_of_ours_but_for_gem(head: heads.Head, tmp_path: Path) -> None:
    inputs, x = small()
    model = keras.Model(inputs, head(x, classes=3))
    model.save(tmp_path / "model.keras")
    config = zipfile.ZipFile(tmp_path / "model.keras").read("config.json").decode()
    assert ("tfpool" in config) == (head.name == "gem")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(IMAGES), model(IMAGES))


@pytest.mark.exhaustive
def test_saved_models_open_where_tfpool_is_not(tmp_path: Path) -> None:
    expected = {}
    for head in [head for head in ALL if head.name != "gem"]:
        inputs, x = small()
        model = keras.Model(inputs, head(x, classes=3))
        expected[str(head)] = model(IMAGES).numpy()
        model.save(tmp_path / f"{head}.keras")
    np.save(tmp_path / "images.npy", IMAGES)
    script = (
        "import sys, keras, numpy as np; from pathlib import Path\n"
        "for path in Path().glob('*.keras'):\n"
        "    np.save(path.with_suffix('.npy'), keras.models.load_model(path)(np.load('images.npy')))\n"
        "assert not [name for name in sys.modules if name.startswith('tfpool')]\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, capture_output=True)
    for name, outputs in expected.items():
        np.testing.assert_allclose(np.load(tmp_path / f"{name}.npy"), outputs, rtol=1e-5, atol=1e-6)


def two_heads_on_one_map() -> tuple[Any, Any]:
    inputs, x = small()
    return inputs, [tp.GAP()(x, 5), tp.GAP()(x, 5)]


def a_head_beside_that_of_a_built_model() -> tuple[Any, Any]:
    built = tp.build(tp.plan("convnet"))
    return built.inputs, [built.output, tp.GAP()(built.get_layer("conv3").output, 5)]


def a_layer_of_that_name_before() -> tuple[Any, Any]:
    inputs, x = small()
    return inputs, tp.GAP()(layers.ReLU(name="avg_pool")(x), 5)


def a_head_on_a_map_of_a_model_that_is_one_layer() -> tuple[Any, Any]:
    inputs = keras.Input((16, 16, 3))
    return inputs, tp.GAP()(keras.Model(*small(), name="predictions")(inputs), 5)


@pytest.mark.parametrize(
    "make",
    [
        two_heads_on_one_map,
        a_head_beside_that_of_a_built_model,
        a_layer_of_that_name_before,
        a_head_on_a_map_of_a_model_that_is_one_layer,
    ],
)
def test_names_of_layers_do_not_collide(make: Callable[[], tuple[Any, Any]]) -> None:
    model = keras.Model(*make())
    names = [layer.name for layer in model.layers]
    assert len(set(names)) == len(names)
    assert {"predictions_1", "avg_pool_1"} & set(names)


def test_two_networks_of_one_model_have_a_head_each() -> None:
    inputs = [keras.Input((16, 16, 3)) for _ in range(2)]
    scores = [tp.GAP()(layers.Conv2D(8, 3)(image), 5) for image in inputs]
    model = keras.Model(inputs, layers.Average()(scores))
    assert {"avg_pool", "avg_pool_1", "predictions", "predictions_1"} <= {layer.name for layer in model.layers}


def test_with_head_finds_a_name_beside_those_of_the_backbone() -> None:
    inputs, x = small()
    backbone = keras.Model(inputs, layers.ReLU(name="avg_pool")(x))
    for _ in range(2):
        assert [layer.name for layer in tp.with_head(backbone, "gap", 5).layers[-2:]] == ["avg_pool_1", "predictions"]


def test_a_head_as_one_layer_is_a_model_of_its_own_and_is_seen_through() -> None:
    maps = keras.Input((None, None, 8))
    head = keras.Model(maps, tp.GAP()(maps, classes=10), name="head")
    inputs, x = small()
    features = keras.Model(inputs, x)
    model = keras.Sequential([*features.layers, head])
    e = tp.explain(model, IMAGES, method="cam")
    assert e.layer == "features"
    bias = head.get_layer("predictions").bias.numpy()[e.targets]
    np.testing.assert_allclose(e.heatmaps.mean(axis=(1, 2)) + bias, e.scores, rtol=1e-5)
    counts = tp.plan(model)
    assert (counts.params, counts.head_params) == (model.count_params(), 8 * 10 + 10)
    assert counts.macs == tp.plan(keras.Model(inputs, tp.GAP()(x, 10))).macs


def test_a_map_of_unknown_size_can_be_pooled_and_not_flattened() -> None:
    inputs, x = small(side=None)
    model = keras.Model(inputs, tp.GAP()(x, 5))
    assert model(IMAGES).shape == model(IMAGES[:, :11, :9]).shape == (4, 5)
    with pytest.raises(ValueError, match=r"Flatten.* \?×\?×8.* GAP"):
        tp.Flatten()(x, 5)


def channels_first(x: Any) -> Any:
    return layers.Conv2D(4, 3, data_format="channels_first", name="first")(x)


@pytest.mark.parametrize(
    "make",
    [
        channels_first,
        lambda x: layers.ReLU()(layers.BatchNormalization(axis=1)(channels_first(x))),
        lambda x: layers.Add()([channels_first(x), channels_first(x)]),
        lambda x: keras.Model(x, layers.ReLU()(channels_first(x)))(keras.Input((3, 16, 16))),
        lambda x: keras.Sequential([keras.Input((4, 14, 14)), layers.ReLU()])(channels_first(x)),
    ],
    ids=["convolution", "normalized", "added", "nested", "before a model"],
)
def test_channels_first_are_refused_until_they_are_last(make: Callable[[Any], Any]) -> None:
    inputs = keras.Input((3, 16, 16))
    x = make(inputs)
    with pytest.raises(ValueError, match=r"'first'.*Permute\(\(2, 3, 1\)\)"):
        tp.GAP()(x, 5)
    assert tp.GAP()(layers.Permute((2, 3, 1))(x), 5).shape == (None, 5)


def test_with_head_refuses_channels_first_too_and_padding_of_channels_is_none_of_that() -> None:
    inputs = keras.Input((3, 16, 16))
    with pytest.raises(ValueError, match="channels_first"):
        tp.with_head(keras.Model(inputs, channels_first(inputs)), "gap", 5)
    resnet = tp.build(tp.plan("resnet8"))
    assert any(getattr(layer, "data_format", "") == "channels_first" for layer in resnet.layers)
    assert tp.GAP()(resnet.layers[-3].output, 5).shape == (None, 5)


@pytest.fixture
def _channels_first_by_default() -> Iterator[None]:
    keras.config.set_image_data_format("channels_first")
    yield
    keras.config.set_image_data_format("channels_last")


@pytest.mark.usefixtures("_channels_first_by_default")
def test_nothing_is_built_where_channels_come_first_by_default() -> None:
    with pytest.raises(ValueError, match="set_image_data_format"):
        tp.build(tp.plan("convnet"))
    with pytest.raises(ValueError, match="set_image_data_format"):
        tp.GAP()(keras.Input((4, 4, 8)), 5)


def test_precision_is_that_of_the_session() -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        inputs, x = small()
        model = keras.Model(inputs, tp.GAP()(x, 5))
        built = tp.build(tp.plan("convnet", input_shape=(16, 16, 3)))
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.output.dtype == built.output.dtype == "float16"
    assert {weight.dtype for weight in model.weights} == {"float32"}


@pytest.mark.parametrize(
    ("features", "word"),
    [
        (IMAGES, "ndarray"),
        (tf.constant(IMAGES), "EagerTensor"),
        ([1, 2], "list"),
        (None, "NoneType"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_tensor_of_a_model_is_refused(features: Any, word: str) -> None:
    with pytest.raises(ValueError, match=f"keras.Input.* {word}.* tp.with_head"):
        tp.GAP()(features, 5)


@pytest.mark.parametrize("shape", [(7, 8), (7, 7, None), (2, 7, 7, 8), (8,)], ids=str)
def test_what_is_no_map_is_refused(shape: tuple[int | None, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(N, H, W, C\)"):
        tp.GAP()(keras.Input(shape), 5)


def test_a_map_of_integers_is_refused() -> None:
    with pytest.raises(ValueError, match=r"uint8.*Rescaling"):
        tp.GeM()(keras.Input((7, 7, 8), dtype="uint8"), 5)


@pytest.mark.parametrize("classes", [0, 2.5, "ten"])
def test_classes_are_a_number(classes: Any) -> None:
    with pytest.raises(ValueError, match="classes"):
        tp.GAP()(keras.Input((7, 7, 8)), classes)
