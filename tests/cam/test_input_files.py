"""Images come as paths, folders, zips and datasets, and all mean the same."""

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import tfpool as tp
from tfpool.cam import input_files
from tfpool.data import dataset_elements

from_tensor_slices = tf.data.Dataset.from_tensor_slices


@pytest.fixture(scope="module")
def explainer() -> tp.Explainer:
    """Of a model that scales pixels itself, so that nothing has to be assumed."""
    image = keras.Input((8, 8, 3))
    first, last = (keras.initializers.GlorotUniform(seed) for seed in (1, 2))
    x = keras.layers.Conv2D(4, 3, activation="relu", kernel_initializer=first)(image / 255)
    x = keras.layers.Dense(3, kernel_initializer=last)(keras.layers.GlobalAveragePooling2D()(x))
    return tp.Explainer(keras.Model(image, x), method="hirescam")


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def folder(pixels: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    (folder / "deep").mkdir()
    for name, image in zip(("2.png", "10.png", "deep/1.png"), pixels, strict=True):
        Image.fromarray(image).save(folder / name)
    (folder / "notes.txt").write_text("nobody's image")
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as archive:
        for path in files(folder):
            archive.write(path, path.relative_to(folder))
    return folder


def files(folder: Path) -> list[Path]:
    return [folder / "2.png", folder / "10.png", folder / "deep" / "1.png"]


def texts(folder: Path) -> list[str]:
    return [str(path) for path in files(folder)]


WAYS: dict[str, Callable[[Path], Any]] = {
    "paths": files,
    "an iterator": lambda folder: iter(files(folder)),
    "an array of texts": lambda folder: np.array(texts(folder)),
    "a tensor of texts": lambda folder: tf.constant(texts(folder)),
    "a folder": lambda folder: folder,
    "a zip": lambda folder: folder.with_suffix(".zip"),
    "a folder and a file": lambda folder: [folder / "2.png", str(folder / "10.png"), folder / "deep"],
    "a dataset of texts": lambda folder: from_tensor_slices(texts(folder)),
    "a dataset of batches of texts": lambda folder: from_tensor_slices(texts(folder)).batch(2),
}


@pytest.mark.parametrize("way", WAYS)
def test_files_are_explained_as_their_pixels(
    way: str, explainer: tp.Explainer, pixels: np.ndarray, folder: Path
) -> None:
    e = explainer(WAYS[way](folder))
    np.testing.assert_array_equal(e.heatmaps, explainer(pixels).heatmaps)
    np.testing.assert_array_equal(e.images, pixels)
    assert [Path(name).name for name in e.files] == ["2.png", "10.png", "1.png"]
    assert len(e.notes) == 1
    assert "0 to 255" in e.notes[0]


def test_what_a_folder_holds_besides_is_said(explainer: tp.Explainer, pixels: np.ndarray, tmp_path: Path) -> None:
    Image.fromarray(pixels[0]).save(tmp_path / "good.png")
    (tmp_path / "empty.jpg").touch()
    with pytest.warns(UserWarning, match=r"empty\.jpg"):
        e = explainer(tmp_path)
    assert len(e.heatmaps) == len(e.files) == 1
    assert "empty.jpg" in e.notes[-1]


@pytest.mark.parametrize(
    ("names", "given", "word"),
    [
        (["empty.jpg"], ".", "empty.jpg"),
        (["notes.txt"], ".", "holds no image"),
        ([], "missing.png", "no image"),
        ([], "missing.zip", "nothing to read"),
        (["empty.jpg"], "empty.jpg", "is empty"),
    ],
)
def test_files_that_cannot_be_read_are_refused(
    names: list[str], given: str, word: str, explainer: tp.Explainer, tmp_path: Path
) -> None:
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(ValueError, match=word):
        explainer(tmp_path / given)


def test_too_many_files_are_refused_after_the_first(
    explainer: tp.Explainer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(input_files, "MOST_BYTES", 2 * 8 * 8 * 3 * 4)
    with pytest.raises(ValueError, match=r"at most 2 images of 8 x 8 pixels.* 3"):
        explainer(folder)


ONE_HOT = np.eye(3)[[2, 0, 1]]
SMOOTHED = 0.9 * ONE_HOT + 0.1 / 3


@pytest.mark.parametrize("labels", [[2, 0, 1], [[2], [0], [1]], [[2.0], [0.0], [1.0]], ONE_HOT, SMOOTHED])
@pytest.mark.parametrize("batch", [0, 2])
def test_a_dataset_brings_its_labels_in_any_form(
    batch: int, labels: Any, explainer: tp.Explainer, pixels: np.ndarray
) -> None:
    dataset = from_tensor_slices((pixels, labels))
    e = explainer(dataset.batch(batch) if batch else dataset, "true")
    assert e.targets.tolist() == [2, 0, 1]
    np.testing.assert_array_equal(e.heatmaps, explainer(pixels, [2, 0, 1]).heatmaps)
    assert explainer(pixels, "true", labels=labels).targets.tolist() == [2, 0, 1]


@pytest.mark.parametrize("row", [[1, 1, 0], [0, 0, 0], [0.5, 0.5, 0], [2.5, 0.1, -1.6]])
def test_labels_of_several_classes_are_no_true_class(
    row: list[float], explainer: tp.Explainer, pixels: np.ndarray
) -> None:
    with pytest.raises(ValueError, match="single one"):
        explainer(pixels, "true", labels=[row, [1, 0, 0], [0, 1, 0]])


def test_labels_that_are_no_classes_matter_only_if_they_are_asked_for(
    explainer: tp.Explainer, pixels: np.ndarray
) -> None:
    masks = from_tensor_slices((pixels, np.zeros((3, 8, 8)))).batch(2)
    boxes = from_tensor_slices((pixels, {"box": np.zeros((3, 4))})).batch(2)
    for dataset in (masks, boxes):
        assert len(explainer(dataset).heatmaps) == 3
        with pytest.raises(ValueError, match="labels"):
            explainer(dataset, "true")


def test_batches_of_gray_images_need_no_axis_for_channels() -> None:
    image = keras.Input((8, 8, 1))
    model = keras.Sequential([image, keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2)])
    scorer, gray = tp.Explainer(model, "saliency"), np.random.default_rng(0).random((5, 8, 8), np.float32)
    expected = scorer.scores(gray[..., np.newaxis])
    for dataset in (from_tensor_slices(gray).batch(2), from_tensor_slices(gray)):
        np.testing.assert_allclose(scorer.scores(dataset), expected, rtol=1e-6)


def endless() -> Iterator[np.ndarray]:
    while True:
        yield np.zeros((2, 8, 8, 3), np.float32)


def odd_sizes() -> Iterator[np.ndarray]:
    yield from (np.zeros((1, side, side, 3), np.float32) for side in (8, 9))


def generated(function: Callable[[], Iterator[np.ndarray]]) -> tf.data.Dataset:
    return tf.data.Dataset.from_generator(function, output_signature=tf.TensorSpec((None, None, None, 3)))


def failing(image: tf.Tensor) -> tf.Tensor:
    return tf.io.decode_image(tf.io.read_file("/nowhere/missing.png"))


@pytest.mark.parametrize(
    ("dataset", "word"),
    [
        (lambda pixels: from_tensor_slices(pixels).repeat(), "without end"),
        (lambda pixels: generated(endless), "Received more"),
        (lambda pixels: generated(odd_sizes), "one size"),
        (lambda pixels: from_tensor_slices(pixels).take(0), "without any"),
        (lambda pixels: from_tensor_slices(pixels).map(failing), "cannot be computed.*missing"),
        (lambda pixels: from_tensor_slices(pixels[..., 0]).batch(2), "8, 8, 3"),
        (lambda pixels: from_tensor_slices([b"\x89PNG\0\1"]), "decode_image"),
        (lambda pixels: iter(pixels), "an iterator of something else"),
    ],
)
def test_a_dataset_that_cannot_be_explained_is_refused(
    dataset: Callable[[np.ndarray], Any],
    word: str,
    explainer: tp.Explainer,
    pixels: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dataset_elements, "MOST_BYTES", 10_000)
    with pytest.raises(ValueError, match=word) as error:
        explainer(dataset(pixels))
    assert "\n" not in str(error.value)
