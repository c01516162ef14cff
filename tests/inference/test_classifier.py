"""Classifiers of runs, networks and files: input, class names and probabilities."""

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import tfpool as tp
from tests.data.conftest import filled
from tfpool import data, examples
from tfpool.anatomy.pixel_scale import scale_pixels
from tfpool.data.images import read_image
from tfpool.inference import classifier
from tfpool.inference.explain_files import Question, explain_files
from tfpool.models.pretrained.applications import BUNDLED
from tfpool.tracking.store import RunStore
from tfpool.training.queue import spec

CAT = str(BUNDLED / "photographs" / "cat.jpg")


@pytest.fixture(scope="module")
def squeezenet(tmp_path_factory: pytest.TempPathFactory) -> classifier.Classifier:
    """The bundled network, found on a machine without any run."""
    return classifier.find_classifier("squeezenet", RunStore(tmp_path_factory.mktemp("empty")))


def test_a_fresh_machine_names_a_real_photograph(squeezenet: classifier.Classifier) -> None:
    photograph = squeezenet.read(CAT)[np.newaxis]
    probabilities = squeezenet.probabilities(photograph)
    assert "cat" in squeezenet.class_names[probabilities[0].argmax()]
    assert probabilities.sum() == pytest.approx(1, rel=1e-5)
    model = tp.build(tp.plan("squeezenet"), activation="softmax", weights="imagenet")
    scores = model(tp.preprocess_input("squeezenet", photograph), training=False).numpy()
    np.testing.assert_allclose(scores, probabilities, rtol=1e-4)
    assert "cat" in tp.decode_predictions(scores)[0][0][0]


def test_paths_are_scaled_as_a_known_model_was_trained(squeezenet: classifier.Classifier) -> None:
    """Nothing in these models says which pixels they take."""
    example = classifier.of_run(examples.runs()["example-gap"])
    for known in (squeezenet, example):
        e = tp.explain(known.model, CAT, "saliency")
        images = known.to_input(known.read(CAT)[np.newaxis])
        np.testing.assert_array_equal(e.scores, tp.explain(known.model, images, "saliency").scores)
        assert "assumed" not in e.notes[0]


@pytest.mark.slow
def test_a_run_reads_images_as_it_was_trained_on_them(trained: Path) -> None:
    resnet8 = classifier.find_classifier("resnet8-gap-1", RunStore(trained))
    images = data.load("fashion_mnist").test.images[:3]
    assert resnet8.class_names == data.load("fashion_mnist").class_names
    np.testing.assert_array_equal(resnet8.to_input(images), images.astype(np.float32) / 255)
    assert resnet8.probabilities(images).shape == (3, 10)


def test_a_run_scales_deep_images_as_its_data_set_did(tmp_path: Path) -> None:
    dark, bright = np.arange(0, 1020, 102, np.uint16), np.arange(0, 4080, 408, np.uint16)
    for name in ("cat", "dog"):
        (tmp_path / "xray" / name).mkdir(parents=True)
        for number in range(5):
            values = np.tile((bright if number else dark) + number + (name == "dog") * 10, (10, 1))
            Image.fromarray(values.astype(np.uint16)).save(tmp_path / "xray" / name / f"{number}.png")
    xray = data.add(tmp_path / "xray", "xray", 10, channels=1, folder=tmp_path / "sets", near_duplicates=False)
    store = RunStore(tmp_path / "runs")
    plan = tp.plan("convnet", input_shape=(10, 10, 1), classes=2)
    run = classifier.find_classifier(store.add(spec(plan, xray, tp.Recipe())), store)
    Image.fromarray(np.full((10, 10), 1000, np.uint16)).save(tmp_path / "new.png")
    assert run.depth == 12
    assert (run.read(str(tmp_path / "new.png")) == 1000 * 255 // 4095).all()
    shutil.rmtree(tmp_path / "sets")
    # The run keeps how its images were read. One of an older version has only its data set to say so.
    assert classifier.of_run(store.get(run.name)).depth == 12
    old = {name: value for name, value in store.get(run.name).spec.items() if name != "reading"}
    assert classifier.of_run(store.get(store.add(old))).depth is None


def test_a_run_on_padded_images_pads_what_it_is_used_on(tmp_path: Path) -> None:
    filled(tmp_path / "photos", {"cat": 4, "dog": 4})
    store, plan = RunStore(tmp_path / "runs"), tp.plan("convnet", input_shape=(16, 16, 3), classes=2)
    found = {}
    for name, pads in (("padded", True), ("cropped", False)):
        images = data.add(
            tmp_path / "photos", name, 16, folder=tmp_path / "sets", pad_to_aspect_ratio=pads, split=(0.5, 0.25, 0.25)
        )
        made = spec(plan, images, tp.Recipe())
        # A run on cropped images is described as before there was a choice.
        assert ("reading" in made) == pads
        found[name] = run = classifier.find_classifier(store.add(made), store)
        of_files = {run.read(str(path)).tobytes() for path in (tmp_path / "photos").rglob("*.png")}
        assert of_files == {image.tobytes() for part in images.parts.values() for image in part.images}
    photograph = np.full((10, 20, 3), 255, np.uint8)
    rows = found["padded"].fit(photograph).any(axis=(1, 2))
    assert rows.tolist() == [False] * 4 + [True] * 8 + [False] * 4
    resized = keras.ops.image.resize(photograph.astype(np.float32), (16, 16), pad_to_aspect_ratio=True)
    assert np.array(resized).any(axis=(1, 2)).tolist() == rows.tolist()
    assert found["cropped"].fit(photograph).all()
    with pytest.raises(ValueError, match="convnet-gap-1 takes padded"):
        explain_files(list(found.values()), ["photo.png"], Question(["cam"]), "map.png")


def test_a_class_is_looked_up_by_name_or_number(squeezenet: classifier.Classifier) -> None:
    assert squeezenet.class_number("espresso") == squeezenet.class_number("967") == 967
    with pytest.raises(ValueError, match=r"tea.*999.*tench"):
        squeezenet.class_number("tea")


def test_a_name_that_is_neither_run_nor_network_says_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="squeezenet"):
        classifier.find_classifier("resnet8-gap-1", RunStore(tmp_path))


def saved(model: keras.Model, path: Path) -> str:
    model.save(path)
    return str(path)


def test_a_file_is_a_classifier_with_names_beside_it(tmp_path: Path) -> None:
    model = tp.build(tp.plan("convnet", input_shape=(28, 28, 1), classes=3), activation="softmax", seed=0)
    path = saved(model, tmp_path / "mine.keras")
    mine = classifier.find_classifier(path, RunStore(tmp_path))
    assert (mine.name, mine.input_shape) == ("mine.keras", (28, 28, 1))
    assert mine.class_names == ("class 0", "class 1", "class 2")
    images = data.load("fashion_mnist").test.images[:2]
    np.testing.assert_allclose(mine.to_input(images), images / np.float32(255))
    np.testing.assert_allclose(mine.probabilities(images), model(images / np.float32(255)), atol=1e-6)
    (tmp_path / "mine.txt").write_text("boot\nbag\ncoat\n")
    assert classifier.find_classifier(path, RunStore(tmp_path)).class_names == ("boot", "bag", "coat")
    (tmp_path / "mine.txt").write_text("boot\nbag\n")
    with pytest.raises(ValueError, match=r"2 lines.*3 classes"):
        classifier.find_classifier(path, RunStore(tmp_path))


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("unit", [1.0, 0.5, 0.0]),
        ("raw", [255.0, 127.5, 0.0]),
        ("tf", [1.0, 0.0, -1.0]),
        ("torch", [(1 - 0.485) / 0.229, (0.5 - 0.456) / 0.224, -0.406 / 0.225]),
        ("caffe", [0 - 103.939, 127.5 - 116.779, 255 - 123.68]),
    ],
)
def test_pixels_are_scaled_by_the_requested_mode(mode: str, expected: list[float]) -> None:
    pixels = np.array([255, 127.5, 0], np.float32).reshape(1, 1, 1, 3)
    np.testing.assert_allclose(scale_pixels(pixels, mode)[0, 0, 0], expected, atol=1e-4)


def test_a_model_that_scales_pixels_itself_gets_them_as_they_are(tmp_path: Path) -> None:
    image = keras.Input((None, None, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(image))
    path = saved(keras.Model(image, keras.layers.Dense(2)(pooled)), tmp_path / "any.keras")
    any_size = classifier.find_classifier(path, RunStore(tmp_path))
    pixels = np.full((1, 4, 4, 3), 200, np.uint8)
    np.testing.assert_array_equal(any_size.to_input(pixels), np.full((1, 4, 4, 3), 200.0))
    assert classifier.find_classifier(path, RunStore(tmp_path), "unit").to_input(pixels).max() == np.float32(200 / 255)
    with pytest.raises(ValueError, match=r"half.*unit"):
        classifier.find_classifier(path, RunStore(tmp_path), "half").to_input(pixels)
    # A model that takes any size reads an image at the image's own size.
    assert any_size.read(CAT).shape == (300, 451, 3)
    assert any_size.read(CAT, (64, 64)).shape == (64, 64, 3)
    assert any_size.fit(np.zeros((30, 20, 1), np.uint8)).shape == (30, 20, 3)


def test_an_image_is_fitted_to_the_size_of_a_network(squeezenet: classifier.Classifier) -> None:
    photograph = read_image(CAT, (None, None, 3))
    np.testing.assert_array_equal(squeezenet.fit(photograph), squeezenet.read(CAT))
