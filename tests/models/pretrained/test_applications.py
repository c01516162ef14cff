"""keras.applications' weights, with a file of random weights in the place of the download."""

from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError, URLError

import h5py
import keras
import numpy as np
import pytest
from keras.src.utils import file_utils

import tfpool as tp
from tfpool.counting.plan import Plan
from tfpool.models.pretrained import load_weights, preprocess_input


def official(name: str, **settings: object) -> keras.Model:
    """keras.applications' model with weights that all differ, as its published files are: fresh biases are alike."""
    keras.utils.set_random_seed(3)
    model = getattr(keras.applications, name)(**settings)
    random = np.random.default_rng(0)
    values = [
        value + 0.1 * random.random(value.shape, np.float32) if np.ndim(value) == 1 else value
        for value in model.get_weights()
    ]
    model.set_weights(values)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.set_weights([np.float32((0.485, 0.456, 0.406)), np.float32((0.229, 0.224, 0.225)), np.float32(0)])
            layer.finalize_state()
    return model


def published(model: keras.Model, path: Path) -> Path:
    """A file as keras.applications publishes them: weights by the order of layers, at the root."""
    whole = path.with_name("whole.h5")
    model.save(whole)
    with h5py.File(whole) as source, h5py.File(path, "w") as target:
        for key in source["model_weights"]:
            source.copy(source["model_weights"][key], target, name=key)
        target.attrs.update(source["model_weights"].attrs)
    whole.unlink()
    return path


@pytest.fixture
def download(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], list[str]]:
    """Makes Keras find a file at whatever address it asks for, and tells which files it asked for."""

    def found(path: Path) -> list[str]:
        asked: list[str] = []

        def get_file(name: str, origin: str, **settings: object) -> str:
            assert origin.startswith("https://")
            assert settings["file_hash"]
            asked.append(name)
            return str(path)

        monkeypatch.setattr(file_utils, "get_file", get_file)
        return asked

    return found


def compared(plan: Plan, source: str, theirs: keras.Model, scale: float = 1) -> float:
    """Largest difference between their features or scores and ours with weights from `source`."""
    ours = tp.build(plan, activation="softmax", seed=1)
    load_weights(ours, plan, source)
    if len(theirs.output.shape) == 4:
        ours = keras.Model(ours.inputs[0], ours.get_layer(plan.features.name).output)
    images = scale * np.random.default_rng(1).random((2, 64, 64, 3), np.float32)
    expected = theirs(images, training=False).numpy()
    assert np.isfinite(expected).all()
    assert np.ptp(expected) > 0
    return float(np.abs(ours(images, training=False).numpy() - expected).max() / np.abs(expected).max())


@pytest.mark.slow
def test_resnet50_with_its_head_is_the_official_one(tmp_path: Path, download: Callable[[Path], list[str]]) -> None:
    theirs = official("ResNet50", weights=None)
    small = keras.applications.ResNet50(weights=None, input_shape=(64, 64, 3))
    small.set_weights(theirs.get_weights())
    file = published(theirs, tmp_path / "resnet50_weights_tf_dim_ordering_tf_kernels.h5")
    asked = download(file)
    plan = tp.plan("resnet50", input_shape=(64, 64, 3))
    assert compared(plan, "imagenet", small) == 0.0
    assert asked == ["resnet50_weights_tf_dim_ordering_tf_kernels.h5"]
    # The same file given by its path, whole and into another number of classes.
    assert compared(plan, str(file), small) == 0.0
    features = keras.Model(small.inputs[0], small.get_layer("conv5_block3_out").output)
    assert compared(tp.plan("resnet50", input_shape=(64, 64, 3), classes=5), str(file), features) == 0.0


@pytest.mark.slow
def test_resnet50_under_another_head_is_the_official_one_without_top(
    tmp_path: Path, download: Callable[[Path], list[str]]
) -> None:
    theirs = official("ResNet50", weights=None, include_top=False)
    file = published(theirs, tmp_path / "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5")
    asked = download(file)
    for plan in (
        tp.plan("resnet50", head="gmp", input_shape=(64, 64, 3)),
        tp.plan("resnet50", input_shape=(None, None, 3), classes=9),
    ):
        assert compared(plan, "imagenet", theirs) == 0.0
        assert compared(plan, str(file), theirs) == 0.0
    dilated = tp.plan("resnet50", head="nin", input_shape=(64, 64, 3), output_stride=8)
    load_weights(tp.build(dilated), dilated, "imagenet")
    assert asked == ["resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5"] * 3


@pytest.mark.slow
def test_vgg16_without_its_large_head_is_the_official_one(
    tmp_path: Path, download: Callable[[Path], list[str]]
) -> None:
    theirs = official("VGG16", weights=None, include_top=False)
    file = published(theirs, tmp_path / "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5")
    asked = download(file)
    # Its published head is for 7×7 features: at another size it is another head.
    plan = tp.plan("vgg16", head=tp.FC((8, 8)), input_shape=(64, 64, 3))
    assert compared(plan, "imagenet", theirs) == 0.0
    assert compared(plan, str(file), theirs) == 0.0
    assert asked == ["vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"]


@pytest.mark.slow
@pytest.mark.parametrize("top", [True, False])
def test_efficientnet_normalises_as_the_official_one_with_imagenet_weights(
    tmp_path: Path, download: Callable[[Path], list[str]], top: bool
) -> None:
    file = published(official("EfficientNetB0", weights=None, include_top=top), tmp_path / "efficientnetb0.h5")
    asked = download(file)
    theirs = keras.applications.EfficientNetB0(weights="imagenet", include_top=top)
    if top:
        theirs = keras.Model(theirs.inputs[0], theirs.get_layer("predictions").output)
    # With ImageNet's weights, and only then, Keras adds a layer that divides by the root of the deviation.
    assert sum(isinstance(layer, keras.layers.Rescaling) for layer in theirs.layers) == 2
    # 224, since Keras takes no other size with a head; any size without.
    plan = tp.plan("efficientnetb0", input_shape=(None, None, 3) if top else (64, 64, 3), classes=1000 if top else 4)
    ours = [tp.build(plan, activation="softmax") for _ in range(2)]
    for model, source in zip(ours, ("imagenet", str(file)), strict=True):
        load_weights(model, plan, source)
    side = 224 if top else 64
    images = preprocess_input("efficientnetb0", np.random.default_rng(1).integers(0, 256, (2, side, side, 3), np.uint8))
    expected = theirs(images, training=False).numpy()
    assert np.ptp(expected) > 0
    for model in ours:
        last = model.layers[-1] if top else model.get_layer(plan.features.name)
        made = keras.Model(model.inputs[0], last.output)(images, training=False).numpy()
        # Their two factors are one of ours, rounded once instead of twice.
        np.testing.assert_allclose(made, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    assert len(asked) == 2


@pytest.mark.slow
def test_efficientnets_trained_from_scratch_keep_their_normalisation(tmp_path: Path) -> None:
    plan = tp.plan("efficientnetb0", input_shape=(64, 64, 3), classes=3)
    model, again = tp.build(plan, seed=1), tp.build(plan, seed=2)
    mean, variance = np.float32((0.3, 0.4, 0.5)), np.float32((0.05, 0.06, 0.07))
    model.get_layer("normalization").set_weights([mean, variance, np.float32(9)])
    model.get_layer("normalization").finalize_state()
    model.save(tmp_path / "mine.keras")
    load_weights(again, plan, tmp_path / "mine.keras")
    images = 255 * np.random.default_rng(1).random((2, 64, 64, 3), np.float32)
    np.testing.assert_array_equal(again(images, training=False), model(images, training=False))


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (URLError(OSError(-2, "Name or service not known")), r"_notop\.h5: \[Errno -2\] Name or service not known\."),
        (HTTPError("https://", 404, "Not Found", {}, None), r"_notop\.h5: Not Found\."),  # type: ignore[arg-type]
    ],
)
def test_without_a_network_the_address_and_the_way_out_are_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failure: Exception, reason: str
) -> None:
    def unreachable(*_: object) -> None:
        raise failure

    monkeypatch.setattr(file_utils, "urlretrieve", unreachable)
    monkeypatch.setattr(file_utils.config, "keras_home", lambda: str(tmp_path))
    plan = tp.plan("efficientnetb0", head="gmp", input_shape=(64, 64, 3), classes=5)
    address = r"The ImageNet weights of efficientnetb0 could not be downloaded from https://\S+/efficientnetb0"
    ending = r' Try again with a network, or give a file: weights="path/to/file"\.$'
    with pytest.raises(ValueError, match=address + reason + ending):
        load_weights(tp.build(plan), plan, "imagenet")


def test_a_download_that_differs_from_its_hash_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(file_utils, "urlretrieve", lambda _, path, *__: Path(path).write_bytes(b"cut off"))
    monkeypatch.setattr(file_utils.config, "keras_home", lambda: str(tmp_path))
    plan = tp.plan("vgg16", head="gap", input_shape=(32, 32, 3), classes=5)
    with pytest.raises(ValueError, match=r"of vgg16 could not be downloaded and checked: Incomplete or corrupted file"):
        load_weights(tp.build(plan), plan, "imagenet")
