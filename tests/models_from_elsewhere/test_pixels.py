"""Which pixels a model takes: found from what its arithmetic computes, or assumed, and always said."""

import json
import re
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops
from PIL import Image

import tfpool as tp
from tests.helpers.processes import ROOT
from tfpool.anatomy.input_arithmetic import find_pixel_scale
from tfpool.anatomy.pixel_scale import PIXEL_MODES, PixelScale, scale_pixels
from tfpool.cli import parser
from tfpool.inference.classifier import Classifier, of_file
from tfpool.inference.pixel_check import better_mode, pixel_record

Arithmetic = Callable[[Any], Any]
applications = keras.applications
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.beta(0.5, 1.0, (40, 16, 16, 3)).astype("float32")
MEANS, DEVIATIONS = np.array([0.485, 0.456, 0.406], "float32"), np.array([0.229, 0.224, 0.225], "float32")
PREPROCESSING = {
    name: module.preprocess_input
    for name, module in vars(applications).items()
    if hasattr(module, "preprocess_input") and name != "imagenet_utils"
}


def network(arithmetic: Arithmetic, shape: tuple[int | None, ...] = (16, 16, 3), dtype: str = "float32") -> keras.Model:
    image = keras.Input(shape, dtype=dtype)
    x = arithmetic(image)
    if len(x.shape) == 4:
        x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, padding="same")(x))
    return keras.Model(image, layers.Dense(3, activation="softmax")(x))


def adapted(images: np.ndarray, **settings: Any) -> keras.Layer:
    layer = layers.Normalization(**settings)
    layer.adapt(images)
    return layer


def normalized(images: np.ndarray) -> keras.Layer:
    """A batch normalization that has been trained on images."""
    layer = layers.BatchNormalization()
    layer.build((None, *images.shape[1:]))
    statistics = images.mean((0, 1, 2)), images.var((0, 1, 2))
    layer.set_weights([RANDOM.uniform(0.2, 1.5, 3), RANDOM.normal(size=3), *statistics])
    return layer


def gray(x: Any) -> Any:
    return 0.299 * x[..., 0:1] + 0.587 * x[..., 1:2] + 0.114 * x[..., 2:3]


def nested(*inside: keras.Layer) -> Arithmetic:
    return keras.Sequential([keras.Sequential(list(inside)), layers.ZeroPadding2D(2)])


def branches(x: Any) -> Any:
    scaled = x / 127.5 - 1
    pooled = layers.AveragePooling2D(3, 1, padding="same")(scaled)
    return layers.Concatenate()([layers.Conv2D(2, 3, padding="same")(scaled), layers.Conv2D(2, 1)(pooled), scaled])


RAW: dict[str, Arithmetic] = {
    "a Rescaling": layers.Rescaling(1 / 255),
    "a division": lambda x: x / 255.0,
    "an inversion": lambda x: 255.0 - x,
    "means": lambda x: x[..., ::-1] - np.array([104.0, 117.0, 123.0], "float32"),
    "means and deviations": lambda x: (x / 255.0 - MEANS) / DEVIATIONS,
    "gray": lambda x: ops.image.rgb_to_grayscale(x) / 255.0,
    "a gamma": lambda x: (x / 255.0) ** 2.2,
    "a clip": lambda x: ops.clip(x, 0, 255),
    "a cast": lambda x: ops.cast(ops.cast(x, "uint8"), "float32"),
    "a Lambda": layers.Lambda(lambda x: x / 255.0),
    "a matrix": lambda x: ops.matmul(x / 255.0, np.eye(3, dtype="float32")),
    "a Pipeline": layers.Pipeline([layers.RandomFlip(), layers.Rescaling(1 / 255)]),
    "a Normalization": adapted(IMAGES * 255),
    "one for all channels": adapted(IMAGES * 255, axis=None),
    "one of dark images": adapted(IMAGES**8 * 30),
    "one with given numbers": layers.Normalization(mean=[120.0] * 3, variance=[3600.0] * 3),
    "a batch normalization": normalized(IMAGES * 255),
    "a model in a model": nested(layers.RandomFlip(), layers.Rescaling(1 / 127.5, -1)),
    "EfficientNet's own": nested(layers.Rescaling(1 / 255), layers.Normalization(), layers.Rescaling([2.0, 2.1, 2.2])),
    "several branches": branches,
    "both": lambda x: layers.Concatenate()([x / 255.0, x]),
    "a logarithm": lambda x: ops.log1p(x) / np.log(256.0),
    "levels": lambda x: x // 16,
    "one number per level": lambda x: ops.one_hot(ops.cast(x[..., 0], "int32"), 256),
    "patches": lambda x: layers.Flatten()(layers.Dense(4)(ops.reshape(x / 255.0, (-1, 16, 48)))),
}
UNIT: dict[str, Arithmetic] = {
    "to −1 and 1": lambda x: 2 * x - 1,
    "a Rescaling": layers.Rescaling(2.0, -1.0),
    "an inversion": lambda x: 1 - x,
    "a shift": lambda x: x - 0.5,
    "means and deviations": lambda x: (x - MEANS) / DEVIATIONS,
    "a factor of 255": lambda x: x * 255.0,
    "a factor, then means": lambda x: applications.resnet50.preprocess_input(x * 255.0),
    "a clip": lambda x: ops.clip(x, 0, 1),
    "a Normalization": adapted(IMAGES),
    "a batch normalization": normalized(IMAGES),
    "both": lambda x: layers.Concatenate()([1 - x, x]),
}
SIGNED: dict[str, Arithmetic] = {
    "to 0 and 1": lambda x: (x + 1) / 2,
    "to 0 and 255": lambda x: (x + 1) * 127.5,
    "then means": lambda x: applications.vgg16.preprocess_input((x + 1) * 127.5),
    "a clip": lambda x: ops.clip(x, -1, 1),
}
NOTHING: dict[str, Arithmetic] = {
    "nothing": lambda x: x,
    "a factor of one": layers.Rescaling(1.0),
    "there and back": lambda x: x / 255.0 * 255.0,
    "channels flipped": lambda x: x[..., ::-1],
    "gray": gray,
    "padding and pooling": lambda x: layers.AveragePooling2D(2)(layers.ZeroPadding2D(1)(x)),
    "resizing": lambda x: layers.CenterCrop(8, 8)(layers.Resizing(20, 20)(x)),
    "augmentation": lambda x: layers.RandomContrast(0.2)(layers.RandomRotation(0.2)(layers.RandomBrightness(0.2)(x))),
    "a new Normalization": layers.Normalization(),
    "a new batch normalization": layers.BatchNormalization(),
    "a root": ops.sqrt,
    "a factor after a convolution": lambda x: layers.Rescaling(1 / 255)(layers.Conv2D(3, 1)(x)),
}
CASES = [
    pytest.param(arithmetic, mode, id=f"{mode}, {name}")
    for mode, group in {"raw": RAW, "unit": UNIT, "tf": SIGNED, None: NOTHING}.items()
    for name, arithmetic in group.items()
]


@pytest.mark.parametrize(("arithmetic", "mode"), CASES)
def test_the_scale_is_what_the_arithmetic_at_the_input_is_made_for(arithmetic: Arithmetic, mode: str | None) -> None:
    scale = find_pixel_scale(network(arithmetic))
    assert (scale.mode, scale.own, scale.assumed) == (mode or "unit", mode, mode is None)


@pytest.mark.parametrize("name", PREPROCESSING)
def test_preprocess_input_of_every_application_is_found(name: str) -> None:
    image = keras.KerasTensor((None, 16, 16, 3))
    is_empty = PREPROCESSING[name](image) is image
    scale = find_pixel_scale(network(PREPROCESSING[name]))
    assert (scale.mode, scale.assumed) == (("unit", True) if is_empty else ("raw", False))


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_low_precision_changes_nothing(mode: str, policy: str) -> None:
    with_policy = keras.DTypePolicy(policy)
    image = keras.Input((16, 16, 3))
    scaled = applications.imagenet_utils.preprocess_input(ops.cast(image, with_policy.compute_dtype), mode=mode)
    pooled = layers.GlobalAveragePooling2D()(layers.Conv2D(2, 3, dtype=with_policy)(scaled))
    assert find_pixel_scale(keras.Model(image, layers.Dense(2)(pooled))).own == "raw"


@pytest.mark.parametrize(
    ("shape", "dtype"), [((None, None, 3), "float32"), ((28, 28, 1), "float32"), ((16, 16, 3), "float16")]
)
def test_images_of_any_size_color_and_precision_are_taken(shape: tuple[int | None, ...], dtype: str) -> None:
    assert find_pixel_scale(network(lambda x: x / 255.0, shape, dtype)).own == "raw"


def test_an_input_of_integers_takes_0_to_255() -> None:
    assert find_pixel_scale(network(lambda x: ops.cast(x, "float32"), dtype="uint8")).own == "raw"


@pytest.mark.parametrize(
    "arithmetic",
    [
        lambda x: (x - ops.mean(x, (1, 2, 3), keepdims=True)) / ops.std(x, (1, 2, 3), keepdims=True),
        lambda x: x / ops.max(x, axis=(1, 2, 3), keepdims=True),
        lambda x: layers.UnitNormalization()(layers.Flatten()(x)),
        lambda x: ops.where(ops.max(x, axis=(1, 2, 3), keepdims=True) > 1.5, x / 255.0, x),
    ],
)
def test_a_model_that_scales_each_image_by_its_own_values_takes_both(arithmetic: Arithmetic) -> None:
    scale = find_pixel_scale(network(arithmetic))
    assert (scale.mode, scale.assumed, scale.own) == ("raw", False, None)


def test_a_frozen_layer_still_ends_the_arithmetic() -> None:
    convolution = layers.Conv2D(3, 1, trainable=False, kernel_initializer=keras.initializers.Constant(0.001))
    assert find_pixel_scale(network(convolution)).assumed


def test_a_chosen_scale_against_the_models_own_is_warned_of() -> None:
    scale = find_pixel_scale(network(lambda x: x / 255.0))
    assert scale.warning("mine", "--pixels") is None
    chosen = scale.chosen("unit")
    assert "--pixels" in (chosen.warning("mine", "--pixels") or "")
    assert scale.chosen("raw").warning("mine", "--pixels") is None
    with pytest.raises(ValueError, match="half"):
        scale.chosen("half")


def seen_by(scale: str, statistics: bool) -> keras.Model:
    """A classifier whose weights fit images of a scale, as those of a trained one do."""
    image = keras.Input((16, 16, 3))
    white = {"unit": 1.0, "raw": 255.0}[scale]
    convolution = layers.Conv2D(
        8, 3, use_bias=not statistics, kernel_initializer=keras.initializers.RandomNormal(0, 0.3 / white)
    )
    x = convolution(image)
    if statistics:
        normalization = layers.BatchNormalization()
        x = normalization(x)
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
    dense = layers.Dense(
        5, kernel_initializer=keras.initializers.RandomNormal(0, 8.0), bias_initializer="random_normal"
    )
    model = keras.Model(image, dense(x))
    if statistics:
        features = np.asarray(convolution(IMAGES * white))
        state = features.mean((0, 1, 2)), features.var((0, 1, 2))
        normalization.set_weights([np.ones(8), np.zeros(8), *state])
    return model


@pytest.mark.parametrize("statistics", [True, False], ids=["batch normalization", "without"])
@pytest.mark.parametrize("fits", ["unit", "raw"])
@pytest.mark.parametrize("used", ["unit", "raw"])
@pytest.mark.parametrize("count", [1, 8])
def test_a_scale_that_fits_far_better_is_named(statistics: bool, fits: str, used: str, count: int) -> None:
    model = seen_by(fits, statistics)
    pixels = PixelScale("unit", "assumed").chosen(used)
    classifier = Classifier("mine", (16, 16, 3), tuple("abcde"), lambda: model, np.asarray, pixels=pixels)
    photos = list((IMAGES[:count] * 255).astype(np.uint8))
    assert better_mode(classifier, photos) == (None if used == fits else fits)
    record = pixel_record(classifier, photos) or {}
    assert (record["mode"], bool(record["warning"])) == (used, used != fits)


@pytest.mark.parametrize("statistics", [True, False], ids=["batch normalization", "without"])
@pytest.mark.parametrize("used", list(PIXEL_MODES))
def test_an_untrained_model_is_not_warned_of(statistics: bool, used: str) -> None:
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(8, 3)(image)
    x = layers.ReLU()(layers.BatchNormalization()(x) if statistics else x)
    model = keras.Model(image, layers.Dense(5)(layers.GlobalAveragePooling2D()(x)))
    pixels = PixelScale(used, "assumed")
    classifier = Classifier("mine", (16, 16, 3), tuple("abcde"), lambda: model, np.asarray, pixels=pixels)
    assert better_mode(classifier, list((IMAGES[:2] * 255).astype(np.uint8))) is None


@pytest.fixture
def photo(tmp_path: Path) -> str:
    Image.fromarray((IMAGES[0] * 255).astype(np.uint8)).save(tmp_path / "photo.png")
    return str(tmp_path / "photo.png")


ARITHMETIC = pytest.mark.parametrize(
    ("arithmetic", "mode", "assumed"),
    [(lambda x: x / 127.5 - 1, "raw", False), (lambda x: 2 * x - 1, "unit", False), (lambda x: x, "unit", True)],
)


@ARITHMETIC
def test_a_file_is_explained_with_the_pixels_that_its_model_takes(
    arithmetic: Arithmetic, mode: str, assumed: bool, photo: str
) -> None:
    model = network(arithmetic)
    explainer = tp.Explainer(model, "hirescam")
    stored = np.asarray(Image.open(photo))[np.newaxis]
    with pytest.warns(UserWarning, match=PIXEL_MODES[mode]) if assumed else nullcontext():
        e = explainer([photo, Path(photo)], target=1)
    np.testing.assert_allclose(e.heatmaps[[1]], explainer(scale_pixels(stored, mode), target=1).heatmaps, atol=1e-6)
    assert e.heatmaps.shape == (2, 16, 16)
    assert PIXEL_MODES[mode] in e.notes[0]


def test_files_that_a_model_cannot_take_are_refused(photo: str, tmp_path: Path) -> None:
    Image.new("RGB", (20, 30)).save(other := tmp_path / "other.png")
    (broken := tmp_path / "broken.png").write_bytes(b"no image")
    of_any_size = tp.Explainer(network(lambda x: x / 255, (None, None, 3)))
    of_five_channels = tp.Explainer(network(lambda x: x / 255, (16, 16, 5)))
    for explainer, files, word in [
        (of_any_size, [photo, other], "30 x 20"),
        (of_any_size, [photo, tmp_path / "none.png"], "none.png"),
        (of_any_size, broken, "broken.png"),
        (of_five_channels, photo, "5 channels"),
    ]:
        with pytest.raises(ValueError, match=word):
            explainer(files)


@ARITHMETIC
def test_the_command_line_always_says_how_pixels_are_taken(
    arithmetic: Arithmetic,
    mode: str,
    assumed: bool,
    photo: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = str(tmp_path / "mine.keras")
    network(arithmetic).save(file)
    assert parser.main(["classify", file, photo]) == 0
    note = capsys.readouterr().err
    assert PIXEL_MODES[mode] in note
    assert ("assumed" in note) == ("--pixels" in note) == assumed
    assert parser.main(["classify", file, photo, "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert (record["pixels"]["mode"], record["pixels"]["assumed"]) == (mode, assumed)
    options = ["--method", "saliency", "--out", str(tmp_path / "map.png"), "--pixels", "tf", "--json"]
    assert parser.main(["explain", file, photo, *options]) == 0
    captured = capsys.readouterr()
    (record,) = json.loads(captured.out)["maps"]
    assert (record["pixels"]["mode"], record["pixels"]["assumed"]) == ("tf", False)
    assert PIXEL_MODES["tf"] in captured.err
    assert bool(record["pixels"]["warning"]) != assumed


def test_modes_of_three_colors_are_refused_for_gray_images(tmp_path: Path) -> None:
    network(lambda x: x, (16, 16, 1)).save(tmp_path / "gray.keras")
    with pytest.raises(ValueError, match="gray"):
        of_file(tmp_path / "gray.keras", "caffe").to_input(np.zeros((1, 16, 16, 1), np.uint8))


def test_the_table_of_the_page_says_what_is_found() -> None:
    page = (ROOT / "docs/explain.md").read_text()
    table = page[page.index("| at the input | pixels |") :].split("\n\n")[0]
    names = {"layers": layers, "ops": ops, "preprocess_input": applications.vgg16.preprocess_input}
    rows = re.findall(r"^\| `(.+)` \| (.+) \|$", table, re.MULTILINE)
    assert len(rows) == table.count("\n") - 1
    for code, pixels in rows:
        scale = find_pixel_scale(network(eval(f"lambda x: {code}", dict(names))))
        assert pixels == ("assumed: " if scale.assumed else "") + PIXEL_MODES[scale.mode], code
