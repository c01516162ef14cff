"""Image files, folders and zips are classified: each readable image is answered, all others are named."""

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfpool.inference.classifier import Classifier
from tfpool.inference.classify_files import BATCH, NONE, Upload, _folder_names, classify_files, write_csv

NAMES = ("red", "../green", "bl/ue")
COLORS = {"red": (200, 20, 20), "green": (20, 200, 20), "blue": (20, 20, 200)}


class ByColor(Classifier):
    """The probability of a class is the fraction of its color."""

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        assert len(images) <= BATCH
        sums = images.astype(np.float32).sum(axis=(1, 2))
        return sums / sums.sum(axis=1, keepdims=True)


def classifier(size: int | None = 8) -> Classifier:
    return ByColor("by color", (size, size, 3), NAMES, lambda: pytest.fail("the model is not needed"), lambda x: x)


def paint(path: Path, color: str, size: tuple[int, int] = (8, 8)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, COLORS[color]).save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three images, with others that cannot be read."""
    paint(tmp_path / "new/10.png", "green")
    paint(tmp_path / "new/9.png", "red")
    paint(tmp_path / "new/deep/9.png", "red", (30, 20))
    (tmp_path / "new/empty.jpg").touch()
    (tmp_path / "new/notes.txt").write_text("nobody's image")
    return tmp_path / "new"


def test_a_folder_is_answered_in_natural_order_and_what_cannot_be_read_is_named(folder: Path) -> None:
    progress: list[tuple[int, int]] = []
    answers = classify_files(classifier(), [str(folder)], 2, progress=lambda *done: progress.append(done))
    assert [(Path(each.image).relative_to(folder).as_posix(), each.class_name) for each in answers.predictions] == [
        ("9.png", "red"),
        ("10.png", "../green"),
        ("deep/9.png", "red"),
    ]
    assert all(each.classes[0][0] == each.class_name for each in answers.predictions)
    assert [len(each.classes) for each in answers.predictions] == [2, 2, 2]
    assert answers.left_out == [(f"{folder}/empty.jpg", "is empty")]
    assert len(answers.samples) == 3
    assert progress[-1] == (4, 4)


def test_a_zip_is_answered_as_its_folder(folder: Path, tmp_path: Path) -> None:
    packed = tmp_path / "new.ZIP"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in folder.rglob("*.*"):
            archive.write(path, path.relative_to(folder))
    of_folder, of_zip = (classify_files(classifier(), [str(source)], 3) for source in (folder, packed))
    assert [each.classes for each in of_zip.predictions] == [each.classes for each in of_folder.predictions]
    assert [name.rpartition("/")[2] for name, _ in of_zip.left_out] == ["empty.jpg"]


def test_more_images_than_a_batch_of_any_sizes_keep_their_order(tmp_path: Path) -> None:
    colors = [list(COLORS)[number % 3] for number in range(2 * BATCH + 1)]
    for number, color in enumerate(colors):
        paint(tmp_path / "new" / f"{number}.png", color, (8, 8) if number < 40 else (9 + number, 8))
    expected = [NAMES[list(COLORS).index(color)] for color in colors]
    for size in (8, None):
        answers = classify_files(classifier(size), [str(tmp_path / "new")], 1)
        assert [each.class_name for each in answers.predictions] == expected


def test_below_the_threshold_it_is_none_of_these(folder: Path) -> None:
    likeliest = 200 / 240
    for threshold, expected in ((likeliest - 0.01, "red"), (likeliest + 0.01, NONE)):
        (prediction,) = classify_files(classifier(), [str(folder / "9.png")], 1, threshold).predictions
        assert prediction.class_name == expected
        assert prediction.classes == (("red", pytest.approx(likeliest)),)
    for threshold in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="0 to 1"):
            classify_files(classifier(), [str(folder)], 1, threshold)


def test_images_are_sorted_into_a_folder_per_class_and_never_outside(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "sorted"
    paint(target / "red" / "9.png", "blue")
    before = (target / "red" / "9.png").read_bytes()
    paint(folder / "0.png", "blue")
    classify_files(classifier(), [str(folder)], 1, sorted_folder=target)
    copied = {path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*.*") if path.is_file()}
    assert copied == {
        "red/9.png": before,
        "red/9 (2).png": (folder / "9.png").read_bytes(),
        "red/9 (3).png": (folder / "deep/9.png").read_bytes(),
        "-green/10.png": (folder / "10.png").read_bytes(),
        "bl-ue/0.png": (folder / "0.png").read_bytes(),
    }
    assert {path.name for path in tmp_path.iterdir()} == {"new", "sorted"}


def test_the_table_has_the_next_classes_beside_the_likeliest(folder: Path, tmp_path: Path) -> None:
    answers = classify_files(classifier(), [str(folder)], 3, threshold=0.9)
    write_csv(answers.predictions, tmp_path / "out" / "predictions.csv")
    with (tmp_path / "out" / "predictions.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    next_classes = ["class_2", "probability_2", "class_3", "probability_3"]
    assert list(rows[0]) == ["file", "class", "probability", "likeliest", *next_classes]
    assert [row["file"] for row in rows] == [each.image for each in answers.predictions]
    assert {row["class"] for row in rows} == {NONE}
    # The likeliest class is not lost below the threshold.
    assert [row["likeliest"] for row in rows] == ["red", "../green", "red"]
    assert [float(row["probability"]) for row in rows] == pytest.approx([200 / 240] * 3, abs=1e-6)


def test_one_image_that_cannot_be_read_is_an_error_and_beside_others_is_named(folder: Path) -> None:
    empty, good = str(folder / "empty.jpg"), str(folder / "9.png")
    with pytest.raises(ValueError, match="is empty"):
        classify_files(classifier(), [empty], 1)
    answers = classify_files(classifier(), [empty, good], 1)
    assert [each.image for each in answers.predictions] == [good]
    assert answers.left_out == [(empty, "is empty")]
    with pytest.raises(ValueError, match="no image"):
        classify_files(classifier(), [good, str(folder / "missing.png")], 1)


def test_a_folder_without_an_image_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no image"):
        classify_files(classifier(), [str(tmp_path)], 1)
    (tmp_path / "a.png").touch()
    (tmp_path / "b.png").touch()
    with pytest.raises(ValueError, match="2 are empty"):
        classify_files(classifier(), [str(tmp_path)], 1)


def test_uploads_are_classified_like_files(folder: Path, tmp_path: Path) -> None:
    packed = tmp_path / "new.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(folder / "9.png", "9.png")
    sources = [Upload(path.name, io.BytesIO(path.read_bytes())) for path in (packed, folder / "10.png")]
    for _ in range(2):  # The same uploads can be read again.
        answers = classify_files(classifier(), sources, 1)
        assert [(each.image, each.class_name) for each in answers.predictions] == [
            ("new.zip/9.png", "red"),
            ("10.png", "../green"),
        ]


def test_no_two_classes_share_a_folder() -> None:
    classes = ("a/b", "a-b", "A-B", "a?b", "..", "", ". .", NONE, "None of these", "CON/", "é", "e\u0301")
    folders = _folder_names(classes)
    assert set(folders) == {*classes, NONE}
    assert len({name.casefold() for name in folders.values()}) == len(folders)
    assert not any(set('/\\<>:"|?*') & set(name) or name in ("", ".", "..") for name in folders.values())
    assert folders["a-b"] != folders["a/b"] == "a-b"
    assert folders[NONE] == NONE
