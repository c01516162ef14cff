"""ONNX and TFLite files take raw images, give the classifier's own scores, and say what they are."""

import json
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow as tf
from PIL import Image

import tfpool as tp
from tests.helpers.processes import tfpool
from tfpool import data, examples
from tfpool.anatomy.pixel_scale import PIXEL_MODES
from tfpool.cli import parser
from tfpool.inference.classifier import Classifier, of_model, of_network, of_run
from tfpool.inference.portable_model import FORMATS, write_model
from tfpool.models.pretrained.applications import BUNDLED
from tfpool.tracking.store import RunStore

pytestmark = pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
PHOTOGRAPHS = sorted((BUNDLED / "photographs").glob("*.jpg"))
Scores = dict[str, np.ndarray]


def photographs(height: int, width: int) -> np.ndarray:
    """The bundled photographs in RGB, uint8 (N, H, W, 3)."""
    return np.stack([np.asarray(Image.open(path).resize((width, height), 2)) for path in PHOTOGRAPHS])


def run_onnx(path: Path, images: np.ndarray) -> Scores:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {session.get_inputs()[0].name: images}), strict=True))


def run_tflite(path: Path, images: np.ndarray) -> Scores:
    interpreter = tf.lite.Interpreter(str(path))
    return dict(interpreter.get_signature_runner()(images=images))


RUNTIMES: dict[str, Callable[[Path, np.ndarray], Scores]] = {"onnx": run_onnx, "tflite": run_tflite}


def assert_equal_scores(scores: Scores, classifier: Classifier, images: np.ndarray) -> None:
    """The same five classes in the same order, with the same probabilities, as the classifier has of the images."""
    fitted = np.stack([classifier.fit(image) for image in images])
    expected = classifier.probabilities(fitted)
    np.testing.assert_allclose(scores["probabilities"], expected, atol=1e-5)
    np.testing.assert_array_equal(np.argsort(-scores["probabilities"])[:, :5], np.argsort(-expected)[:, :5])


def facts_of(path: Path) -> dict[str, str]:
    if path.suffix == ".onnx":
        return {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("tfpool.json"))


@pytest.mark.slow
@pytest.mark.parametrize("format", ["onnx", pytest.param("tflite", marks=pytest.mark.exhaustive)])
def test_squeezenet_names_photographs_in_another_runtime_from_raw_pixels(format: str, tmp_path: Path) -> None:
    squeezenet, path = of_network("squeezenet"), tmp_path / f"squeezenet.{format}"
    facts = write_model(squeezenet, path, format)
    images = photographs(227, 227)
    scores = RUNTIMES[format](path, images)
    assert list(scores) == ["logits", "probabilities"]
    assert_equal_scores(scores, squeezenet, images)
    np.testing.assert_allclose(tf.nn.softmax(scores["logits"]), scores["probabilities"], atol=1e-6)
    assert facts_of(path) == facts
    assert json.loads(facts["class_names"]) == list(squeezenet.class_names)
    assert (facts["data"], facts["input_range"], facts["task"]) == ("ImageNet", "0 to 255", "image classification")
    assert "BGR" in facts["preprocessing"]
    # GAP takes images of any size.
    assert facts["input_size"].startswith("any" if format == "onnx" else "227 x 227; any")
    wider = photographs(240, 260)
    anything = tp.build(tp.plan("squeezenet", input_shape=(None, None, 3)), weights="imagenet")
    expected = anything(tp.preprocess_input("squeezenet", wider))
    np.testing.assert_allclose(RUNTIMES[format](path, wider)["logits"], expected, atol=1e-4)


def small(channels: int = 3, activation: str | None = "softmax", classes: int = 7) -> keras.Model:
    plan = tp.plan("convnet", input_shape=(40, 48, channels), classes=classes)
    return tp.build(plan, activation=activation, seed=0)


@pytest.mark.parametrize(
    ("mode", "format"),
    [
        *((mode, "onnx") for mode in PIXEL_MODES),
        ("torch", "tflite"),
        *(pytest.param(mode, "tflite", marks=pytest.mark.exhaustive) for mode in PIXEL_MODES if mode != "torch"),
    ],
)
def test_each_way_to_scale_pixels_is_inside(mode: str, format: str, tmp_path: Path) -> None:
    model = small()
    # Scores that differ: random weights give nearly equal ones.
    model.layers[-1].kernel.assign(40 * model.layers[-1].kernel)
    mine, path = of_model(model, "mine.keras", mode), tmp_path / f"mine.{format}"
    facts = write_model(mine, path, format)
    images = photographs(40, 48)
    assert_equal_scores(RUNTIMES[format](path, images), mine, images)
    assert (PIXEL_MODES[mode] in facts["preprocessing"], facts["pixel_scale"]) == (True, "as chosen")
    assert facts["input"].startswith("uint8 RGB images (N, 40, 48, 3)")


def test_an_assumed_scale_is_said_in_the_file(tmp_path: Path) -> None:
    write_model(of_model(small(), "mine.keras"), tmp_path / "mine.onnx")
    assert "assumed" in facts_of(tmp_path / "mine.onnx")["pixel_scale"]


@pytest.mark.parametrize("format", FORMATS)
def test_a_gray_run_takes_colors_and_gives_the_scores_of_gray(format: str, tmp_path: Path) -> None:
    gap, path = of_run(examples.runs()["example-gap"]), tmp_path / f"gap.{format}"
    facts = write_model(gap, path, format)
    images = photographs(32, 32)
    assert_equal_scores(RUNTIMES[format](path, images), gap, images)
    # An image that is gray already stays as it is.
    gray = np.stack([gap.fit(image) for image in examples.maps().images.images[:4]])
    scores = RUNTIMES[format](path, np.repeat(gray, 3, axis=-1))
    np.testing.assert_allclose(scores["probabilities"], gap.probabilities(gray), atol=1e-5)
    assert "gray" in facts["preprocessing"]
    assert facts["data"] == "scattered"


def test_what_ends_a_model_decides_what_comes_out(tmp_path: Path) -> None:
    images, path = photographs(40, 48), tmp_path / "mine.onnx"
    yes = of_model(small(activation="sigmoid", classes=1), "yes.keras")
    assert "sigmoid" in write_model(yes, path)["outputs"]
    assert run_onnx(path, images)["logits"].shape == (2, 2)
    np.testing.assert_allclose(run_onnx(path, images)["probabilities"], yes.probabilities(images), atol=1e-6)
    angle = small(activation="tanh", classes=1)
    write_model(of_model(angle, "angle.keras"), path)
    np.testing.assert_allclose(run_onnx(path, images)["numbers"], angle(images / np.float32(255)), atol=1e-5)


def test_half_precision_is_written_as_float32_and_the_model_stays_as_it_is(tmp_path: Path) -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3), keras.layers.GlobalAvgPool2D()])
        model.add(keras.layers.Dense(3))
    finally:
        keras.config.set_dtype_policy("float32")
    write_model(of_model(model, "half.keras"), tmp_path / "half.onnx")
    images = photographs(8, 8)
    scores = run_onnx(tmp_path / "half.onnx", images)["logits"]
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, np.asarray(model(images / np.float32(255)), np.float32), atol=0.05)
    assert model.layers[0].compute_dtype == "bfloat16"


@pytest.mark.slow
def test_a_bare_onnx_takes_scaled_images_and_gives_the_models_scores(trained: Path, tmp_path: Path) -> None:
    run = RunStore(trained).get("resnet8-gap-1")
    out = tmp_path / "model.onnx"
    # In a process of its own, as on the page.
    ended = tfpool("export", run.id, "--out", str(out), "--bare", "--json", "--store", str(trained))
    assert ended.returncode == 0, ended.stderr
    images = run.to_input(data.load("fashion_mnist").test.images[:5])
    (scores,) = run_onnx(out, images).values()
    np.testing.assert_allclose(scores, run.load_model()(images, training=False), atol=1e-4)
    assert json.loads(ended.stdout)["facts"]["input_range"] == "0 to 1"


def test_a_model_that_cannot_be_converted_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def export(self: keras.Model, *_: object, **__: object) -> None:
        raise RuntimeError("no rule for\nmany lines")

    monkeypatch.setattr(keras.Model, "export", export)
    with pytest.raises(ValueError, match=r"^mine.keras cannot be written as onnx: no rule for. Use another --format.$"):
        write_model(of_model(small(), "mine.keras"), tmp_path / "mine.onnx")
    assert not list(tmp_path.iterdir())


def test_export_refuses_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    export = partial(parser.main)
    store = ["--store", str(tmp_path)]
    assert export(["export", "resnet8-gap-1", "--out", "x.onnx", *store]) == 2
    assert "train" in capsys.readouterr().err
    assert export(["export", "squeezenet", "--out", str(tmp_path / "x.keras"), *store]) == 2
    assert "onnx" in capsys.readouterr().err
    assert export(["export", "example-gap", "--out", str(tmp_path / "x.csv"), "--format", "classes", "--bare"]) == 2
    assert "--bare" in capsys.readouterr().err


def test_the_suffix_says_the_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parser.main(["export", "example-gap", "--out", str(tmp_path / "mine.keras")]) == 0
    assert zipfile.is_zipfile(tmp_path / "mine.keras")
    capsys.readouterr()
