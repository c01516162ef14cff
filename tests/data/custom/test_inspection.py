import json
import shutil
from pathlib import Path

from tests.data.conftest import Fill, filled, noise, packed
from tfpool import data


def test_a_report_tells_classes_sizes_and_files_that_cannot_be_used(fill: Fill) -> None:
    folder = fill(cat=30, dog=25)
    noise(99, (30, 20)).save(folder / "dog" / "large.jpg")
    (folder / "dog" / "bad.png").write_text("bad")
    (folder / "dog" / "notes.txt").write_text("notes")
    (folder / "dog" / ".DS_Store").write_text("")
    (folder / "loose.txt").write_text("")
    noise(98).save(folder / "loose.png")
    told = data.inspect(folder)
    assert told.images == 56
    assert told.class_names == ("cat", "dog")
    assert told.counts == {"all": (30, 26)}
    assert told.sizes == (((10, 12), 55), ((20, 30), 1))
    assert told.unreadable == (("dog/bad.png", "is not an image that can be read"),)
    assert dict(told.skipped) == {
        "dog/notes.txt": "not named like an image",
        "loose.txt": "not named like an image",
        "loose.png": "in no class's folder",
    }
    assert told.duplicates == ()
    assert told.warnings == ("1 file cannot be read and will be left out.",)
    assert json.loads(json.dumps(told.record()))["images"] == 56


def test_equal_pictures_are_found_by_their_pixels(fill: Fill) -> None:
    folder = fill(cat=25, dog=25)
    noise(0).save(folder / "cat" / "again.bmp")
    shutil.copy(folder / "cat/1.png", folder / "dog/from cat.png")
    told = data.inspect(folder)
    assert [(each.where, each.files) for each in told.duplicates] == [
        ("within a class", ("cat/0.png", "cat/again.bmp")),
        ("across classes", ("cat/1.png", "dog/from cat.png")),
    ]
    assert [warning.rpartition(": ")[2] for warning in told.warnings] == ["1.", "1."]


def test_few_and_uneven_images_are_a_warning(fill: Fill) -> None:
    told = data.inspect(fill(cat=60, dog=4, **{f"c{number}": 30 for number in range(3)}))
    assert told.warnings == (
        "Fewer than 20 images are too few to learn from and to test on: dog.",
        "The largest class has 60 images, the smallest 4.",
    )


def test_a_class_without_an_image_that_can_be_read_is_named(fill: Fill) -> None:
    folder = fill(cat=20, dog=20, empty=0)
    (folder / "empty" / "x.gif").write_text("")
    told = data.inspect(folder)
    assert told.class_names == ("cat", "dog")
    assert "Without an image that can be read, and left out: empty." in told.warnings


def test_a_class_that_is_not_in_train_is_a_warning(tmp_path: Path) -> None:
    folder = filled(tmp_path / "x", {"train/cat": 3, "train/dog": 3, "test/cat": 3, "test/bird": 3})
    told = data.inspect(folder)
    assert told.counts == {"train": (0, 3, 3), "test": (3, 3, 0)}
    assert "In no image of train, so that no network can learn it: bird." in told.warnings


def test_folders_called_like_parts_are_classes_where_they_hold_images(fill: Fill) -> None:
    assert data.inspect(fill(train=3, bus=3, test=3)).class_names == ("bus", "test", "train")


def test_images_deeper_inside_belong_to_the_class(tmp_path: Path) -> None:
    told = data.inspect(filled(tmp_path / "x", {"cat/black": 2, "cat/white": 2, "dog": 2}))
    assert (told.class_names, told.counts) == (("cat", "dog"), {"all": (4, 2)})


def test_a_test_folder_without_classes_is_left_out(tmp_path: Path) -> None:
    folder = filled(tmp_path / "x", {"train/cat": 3, "train/dog": 3, "test": 2})
    told = data.inspect(folder)
    assert (told.class_names, told.counts) == (("cat", "dog"), {"train": (3, 3)})
    assert told.skipped == (("test/0.png", "in no class's folder"), ("test/1.png", "in no class's folder"))


def test_what_a_mac_adds_to_a_zip_is_not_mentioned(fill: Fill, tmp_path: Path) -> None:
    folder = fill(cat=3, dog=3)
    (folder / "__MACOSX/cat").mkdir(parents=True)
    (folder / "__MACOSX/cat/._0.png").write_bytes(b"resource fork")
    told = data.inspect(packed(folder, tmp_path / "mac.zip", "photos/"))
    assert (told.images, told.skipped, told.unreadable) == (6, (), ())
