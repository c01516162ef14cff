"""keras.applications' weights, with a file of random weights in place of the download."""

from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError, URLError

import h5py
import keras
import numpy as np
import pytest
from keras.src.utils import file_utils

import tfpool as tp
from tests.helpers.built_models import with_distinct_weights
from tfpool.counting.plan import Plan
from tfpool.models.pretrained import load_weights, preprocess_input, weights


def official(name: str, **settings: object) -> keras.Model:
    """keras.applications' model with weights that all differ, and a Normalization as in the published files."""
    keras.utils.set_random_seed(3)
    model = with_distinct_weights(getattr(keras.applications, name)(**settings))
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.set_weights([np.float32((0.485, 0.456, 0.406)), np.float32((0.229, 0.224, 0.225)), np.float32(0)])
            layer.finalize_state()
    return model


def published(model: keras.Model, path: Path) -> Path:
    """A file in the format of keras.applications' downloads: weights in the order of the layers, at the root."""
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
    """Replaces Keras's download: every request gets the given file; returns the list of requested names."""

    def serve(path: Path) -> list[str]:
        requested: list[str] = []

        def get_file(name: str, origin: str, **settings: object) -> str:
            assert origin.startswith("https://")
            assert settings["file_hash"]
            requested.append(name)
            return str(path)

        monkeypatch.setattr(file_utils, "get_file", get_file)
        return requested

    return serve


def relative_difference(plan: Plan, source: str, theirs: keras.Model, scale: float = 1) -> float:
    """Largest relative difference between their features or scores and ours with weights from `source`."""
    ours = tp.build(plan, activation="softmax", seed=1)
    load_weights(ours, plan, source)
    if len(theirs.output.shape) == 4:
        ours = keras.Model(ours.inputs[0], ours.get_layer(plan.features.name).output)
    images = scale * np.random.default_rng(1).random((2, 64, 64, 3), np.float32)
    expected = theirs(images, training=False).numpy()
    assert np.isfinite(expected).all()
    assert np.ptp(expected) > 0
    return float(np.abs(ours(images, training=False).numpy() - expected).max() / np.abs(expected).max())


@pytest.mark.exhaustive
def test_resnet50_with_its_head_is_the_official_one(tmp_path: Path, download: Callable[[Path], list[str]]) -> None:
    theirs = official("ResNet50", weights=None)
    small = keras.applications.ResNet50(weights=None, input_shape=(64, 64, 3))
    small.set_weights(theirs.get_weights())
    file = published(theirs, tmp_path / "resnet50_weights_tf_dim_ordering_tf_kernels.h5")
    requested = download(file)
    plan = tp.plan("resnet50", input_shape=(64, 64, 3))
    assert relative_difference(plan, "imagenet", small) == 0.0
    assert requested == ["resnet50_weights_tf_dim_ordering_tf_kernels.h5"]
    # The same file given by its path, whole and into another number of classes.
    assert relative_difference(plan, str(file), small) == 0.0
    features = keras.Model(small.inputs[0], small.get_layer("conv5_block3_out").output)
    assert relative_difference(tp.plan("resnet50", input_shape=(64, 64, 3), classes=5), str(file), features) == 0.0


@pytest.mark.exhaustive
def test_resnet50_with_another_head_is_the_official_one_without_top(
    tmp_path: Path, download: Callable[[Path], list[str]]
) -> None:
    theirs = official("ResNet50", weights=None, include_top=False)
    file = published(theirs, tmp_path / "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5")
    requested = download(file)
    for plan in (
        tp.plan("resnet50", head="gmp", input_shape=(64, 64, 3)),
        tp.plan("resnet50", input_shape=(None, None, 3), classes=9),
    ):
        assert relative_difference(plan, "imagenet", theirs) == 0.0
        assert relative_difference(plan, str(file), theirs) == 0.0
    dilated = tp.plan("resnet50", head="nin", input_shape=(64, 64, 3), output_stride=8)
    load_weights(tp.build(dilated), dilated, "imagenet")
    assert requested == ["resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5"] * 3


@pytest.mark.exhaustive
def test_vgg16_without_its_large_head_is_the_official_one(
    tmp_path: Path, download: Callable[[Path], list[str]]
) -> None:
    theirs = official("VGG16", weights=None, include_top=False)
    file = published(theirs, tmp_path / "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5")
    requested = download(file)
    # The published head is for 7×7 features, so at another image size it is another head.
    plan = tp.plan("vgg16", head=tp.FC((8, 8)), input_shape=(64, 64, 3))
    assert relative_difference(plan, "imagenet", theirs) == 0.0
    assert relative_difference(plan, str(file), theirs) == 0.0
    assert requested == ["vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"]


@pytest.mark.slow
@pytest.mark.parametrize("top", [False, pytest.param(True, marks=pytest.mark.exhaustive)])
def test_efficientnet_normalizes_as_the_official_one_with_imagenet_weights(
    tmp_path: Path, download: Callable[[Path], list[str]], top: bool
) -> None:
    file = published(official("EfficientNetB0", weights=None, include_top=top), tmp_path / "efficientnetb0.h5")
    requested = download(file)
    theirs = keras.applications.EfficientNetB0(weights="imagenet", include_top=top)
    if top:
        theirs = keras.Model(theirs.inputs[0], theirs.get_layer("predictions").output)
    # Only with ImageNet weights Keras adds a layer that divides by the root of the deviation.
    assert sum(isinstance(layer, keras.layers.Rescaling) for layer in theirs.layers) == 2
    # With a head Keras takes no other size than 224.
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
        outputs = keras.Model(model.inputs[0], last.output)(images, training=False).numpy()
        # We multiply by one factor where they use two, so ours are rounded once instead of twice.
        np.testing.assert_allclose(outputs, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    assert len(requested) == 2


@pytest.mark.parametrize(
    ("saved", "squared"), [((0.229, 0.224, 0.225), True), ((0.05, 0.06, 0.07), False)], ids=["imagenet", "scratch"]
)
def test_only_the_deviations_of_imagenet_are_squared_to_variances(saved: tuple[float, ...], squared: bool) -> None:
    layer = keras.layers.Normalization()
    model = keras.Sequential([keras.Input((8, 8, 3)), layer])
    mean, variance = np.float32((0.3, 0.4, 0.5)), np.float32(saved)
    layer.set_weights([mean, variance, np.float32(9)])
    weights._finish_normalization(model)
    deviation = variance if squared else np.sqrt(variance)
    images = np.random.default_rng(1).random((2, 8, 8, 3), np.float32)
    np.testing.assert_allclose(model(images), (images - mean) / deviation, rtol=1e-5)


@pytest.mark.exhaustive
def test_efficientnets_trained_from_scratch_keep_their_normalization(tmp_path: Path) -> None:
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
    "failure",
    [
        URLError(OSError(-2, "Name or service not known")),
        HTTPError("https://", 404, "Not Found", {}, None),  # type: ignore[arg-type]
    ],
    ids=["no network", "not found"],
)
def test_a_failed_download_names_the_address_and_the_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failure: Exception
) -> None:
    def unreachable(*_: object) -> None:
        raise failure

    monkeypatch.setattr(file_utils, "urlretrieve", unreachable)
    monkeypatch.setattr(file_utils.config, "keras_home", lambda: str(tmp_path))
    plan = tp.plan("vgg16", head="gap", input_shape=(32, 32, 3), classes=5)
    with pytest.raises(ValueError, match=r"https://\S+/vgg16\S+_notop\.h5: .*(not known|Not Found)") as caught:
        load_weights(tp.build(plan), plan, "imagenet")
    assert "\n" not in str(caught.value)


def test_a_download_that_differs_from_its_hash_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(file_utils, "urlretrieve", lambda _, path, *__: Path(path).write_bytes(b"cut off"))
    monkeypatch.setattr(file_utils.config, "keras_home", lambda: str(tmp_path))
    plan = tp.plan("vgg16", head="gap", input_shape=(32, 32, 3), classes=5)
    with pytest.raises(ValueError, match="corrupted"):
        load_weights(tp.build(plan), plan, "imagenet")
