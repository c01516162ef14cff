import json
import shutil
from pathlib import Path

from tests.data.conftest import Fill, filled, noise, packed
from tfpool import data


def test_a_report_has_classes_sizes_and_files_that_cannot_be_used(fill: Fill) -> None:
    folder = fill(cat=30, dog=25)
    noise(99, (30, 20)).save(folder / "dog" / "large.jpg")
    (folder / "dog" / "bad.png").write_text("bad")
    (folder / "dog" / "notes.txt").write_text("notes")
    (folder / "dog" / ".DS_Store").write_text("")
    (folder / "loose.txt").write_text("")
    noise(98).save(folder / "loose.png")
    report = data.inspect(folder)
    assert report.images == 56
    assert report.class_names == ("cat", "dog")
    assert report.counts == {"all": (30, 26)}
    assert report.sizes == (((10, 12), 55), ((20, 30), 1))
    assert report.unreadable == (("dog/bad.png", "is text, not an image"),)
    assert dict(report.skipped) == {
        "dog/notes.txt": "not named like an image",
        "loose.txt": "not named like an image",
        "loose.png": "not in any class",
    }
    assert report.duplicates == ()
    assert len(report.warnings) == 1
    assert json.loads(json.dumps(report.record()))["images"] == 56


def test_equal_pictures_are_found_by_their_pixels(fill: Fill) -> None:
    folder = fill(cat=25, dog=25)
    noise(0).save(folder / "cat" / "copy.bmp")
    shutil.copy(folder / "cat/1.png", folder / "dog/from cat.png")
    report = data.inspect(folder)
    assert [(group.where, group.files) for group in report.duplicates] == [
        ("within a class", ("cat/0.png", "cat/copy.bmp")),
        ("across classes", ("cat/1.png", "dog/from cat.png")),
    ]
    assert [warning.rpartition(": ")[2] for warning in report.warnings] == ["1.", "1."]


def test_few_and_uneven_images_are_a_warning(fill: Fill) -> None:
    report = data.inspect(fill(cat=60, dog=4, **{f"c{number}": 30 for number in range(3)}))
    few, uneven = report.warnings
    assert "dog" in few
    assert "60" in uneven


def test_a_class_without_an_image_that_can_be_read_is_named(fill: Fill) -> None:
    folder = fill(cat=20, dog=20, empty=0)
    (folder / "empty" / "x.gif").write_text("")
    report = data.inspect(folder)
    assert report.class_names == ("cat", "dog")
    assert any(warning.endswith(": empty.") for warning in report.warnings)


def test_a_class_that_is_not_in_train_is_a_warning(tmp_path: Path) -> None:
    folder = filled(tmp_path / "x", {"train/cat": 3, "train/dog": 3, "test/cat": 3, "test/bird": 3})
    report = data.inspect(folder)
    assert report.counts == {"train": (0, 3, 3), "test": (3, 3, 0)}
    assert any(warning.endswith(": bird.") for warning in report.warnings)


def test_images_deeper_inside_belong_to_the_class(tmp_path: Path) -> None:
    report = data.inspect(filled(tmp_path / "x", {"cat/black": 2, "cat/white": 2, "dog": 2}))
    assert (report.class_names, report.counts) == (("cat", "dog"), {"all": (4, 2)})


def test_a_test_folder_without_classes_is_left_out(tmp_path: Path) -> None:
    folder = filled(tmp_path / "x", {"train/cat": 3, "train/dog": 3, "test": 2})
    report = data.inspect(folder)
    assert (report.class_names, report.counts) == (("cat", "dog"), {"train": (3, 3)})
    assert report.skipped == (("test/0.png", "not in any class"), ("test/1.png", "not in any class"))


def test_what_a_mac_adds_to_a_zip_is_not_mentioned(fill: Fill, tmp_path: Path) -> None:
    folder = fill(cat=3, dog=3)
    (folder / "__MACOSX/cat").mkdir(parents=True)
    (folder / "__MACOSX/cat/._0.png").write_bytes(b"resource fork")
    report = data.inspect(packed(folder, tmp_path / "mac.zip", "photos/"))
    assert (report.images, report.skipped, report.unreadable) == (6, (), ())
