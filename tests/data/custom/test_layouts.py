"""How folders are understood: parts by many names, around the classes or inside each, and folders that are no class."""

from pathlib import Path

import pytest

from tests.data.conftest import filled, noise, packed, refused
from tfpool import data
from tfpool.data.custom.part_names import part_folders
from tfpool.data.custom.safe_names import natural_order

PAIRS = [
    ("train", "test"),
    ("training_set", "test_set"),
    ("seg_train", "seg_test"),
    ("tr", "te"),
    ("TRAIN", "Testing"),
    ("Train Data", "holdout"),
    ("training-images", "Hold-Out"),
    ("TrainSet", "testset"),
    ("train2017", "test2017"),
    ("signs_train", "signs_test"),
    ("1 train", "2 test"),
    ("trn", "tst"),
]


@pytest.mark.parametrize(("train", "test"), PAIRS)
@pytest.mark.parametrize("wrapped", [False, True])
def test_parts_are_known_by_many_names_also_inside_themselves(
    train: str, test: str, wrapped: bool, tmp_path: Path
) -> None:
    counts = {"cat": 3, "dog": 2}
    inside = {part: f"{part}/{part}" if wrapped else part for part in (train, test)}
    folder = filled(tmp_path / "x", {f"{inside[part]}/{name}": counts[name] for part in inside for name in counts})
    report = data.inspect(folder)
    assert (report.class_names, report.counts) == (("cat", "dog"), {"train": (3, 2), "test": (3, 2)})
    assert (report.layout, report.skipped) == ("2 classes, parts given", ())


@pytest.mark.parametrize("name", ["val", "valid", "Validation", "dev", "eval", "validation_set", "dev-set", "Val 2017"])
def test_validation_is_known_by_many_names(name: str, tmp_path: Path) -> None:
    folder = filled(tmp_path / "x", {"training/a": 2, "training/b": 2, f"{name}/a": 1, f"{name}/b": 1})
    assert data.inspect(folder).counts == {"train": (2, 2), "validation": (1, 1)}


@pytest.mark.parametrize(("train", "test"), PAIRS[:6])
def test_parts_may_be_inside_each_class(train: str, test: str, tmp_path: Path) -> None:
    folder = filled(tmp_path / "x", {f"{name}/{part}": 4 for name in ("cat", "dog", "emu") for part in (train, test)})
    noise(99).save(folder / "cat" / "loose.png")
    report = data.inspect(folder)
    assert (report.class_names, report.counts) == (("cat", "dog", "emu"), {"train": (4, 4, 4), "test": (4, 4, 4)})
    assert report.layout == "3 classes, parts given inside each class, 1 image left out: not in any part"
    pets = data.add(folder, "pets", 8)
    assert {name: len(part) for name, part in pets.parts.items()} == {"train": 9, "validation": 3, "test": 12}


def test_a_part_in_one_class_only_is_a_folder_like_others(tmp_path: Path) -> None:
    report = data.inspect(filled(tmp_path / "x", {"cat/train": 2, "cat/test": 2, "dog": 2}))
    assert (report.counts, report.layout) == ({"all": (4, 2)}, "2 classes, no parts given")


@pytest.mark.parametrize(
    "name", ["test", "Test", "test_set", "testing", "validation", "holdout", "training_set", "test1"]
)
def test_a_flat_part_beside_classes_is_left_out_and_named(name: str, tmp_path: Path) -> None:
    report = data.inspect(filled(tmp_path / "x", {"cat": 3, "dog": 3, name: 4}))
    assert report.class_names == ("cat", "dog")
    assert report.layout == "2 classes, no parts given, 4 images left out: not in any class"
    assert f"{name} (4)" in report.warnings[0]


@pytest.mark.parametrize("names", [("bus", "train"), ("de", "tr", "us"), ("tr", "te"), ("test1", "test2")])
def test_what_a_class_may_well_be_called_is_a_class(names: tuple[str, ...], tmp_path: Path) -> None:
    report = data.inspect(filled(tmp_path / "x", dict.fromkeys(names, 2)))
    assert report.class_names == tuple(sorted(names))
    assert report.skipped == ()


def test_a_train_that_drives_is_a_class_beside_a_test_that_is_none(tmp_path: Path) -> None:
    assert data.inspect(filled(tmp_path / "x", {"train": 3, "bus": 3, "test": 3})).class_names == ("bus", "train")


@pytest.mark.parametrize("unlabelled", ["test", "seg_pred/seg_pred", "test/images", "test/test", "submission"])
def test_images_outside_classes_are_left_out_of_given_parts(unlabelled: str, tmp_path: Path) -> None:
    counts = {"train/cat": 3, "train/dog": 3, "valid/cat": 2, "valid/dog": 2, unlabelled: 24}
    report = data.inspect(filled(tmp_path / "x", counts))
    assert report.counts == {"train": (3, 3), "validation": (2, 2)}
    assert report.layout == "2 classes, parts given, 24 images left out: not in any class"


@pytest.mark.parametrize("names", [("train", "test"), ("training_set", "test_set"), ("Train", "Valid", "holdout")])
def test_parts_without_classes_are_refused(names: tuple[str, ...], tmp_path: Path, home: Path) -> None:
    refused(filled(tmp_path / "x", dict.fromkeys(names, 4)), "parts", home)


def test_parts_without_one_to_train_on_are_refused(tmp_path: Path, home: Path) -> None:
    folder = filled(tmp_path / "x", {f"{part}/{name}": 3 for part in ("dev", "test_set") for name in ("cat", "dog")})
    refused(folder, "train", home)


@pytest.mark.parametrize("outer", ["cell_images", "more", "cat and dog"])
def test_classes_that_a_folder_beside_them_holds_once_more_are_merged(outer: str, tmp_path: Path) -> None:
    folder = filled(tmp_path / "x", {"cat": 3, "dog": 2, f"{outer}/cat": 1, f"{outer}/dog": 1})
    report = data.inspect(folder)
    assert (report.class_names, report.counts) == (("cat", "dog"), {"all": (4, 3)})
    assert report.warnings[0].endswith(f"taken into these: {outer}.")


@pytest.mark.parametrize("outer", [("color", "grayscale", "segmented"), ("2023", "2024"), ("left", "right")])
def test_the_same_folders_inside_each_class_are_mentioned(outer: tuple[str, ...], tmp_path: Path) -> None:
    counts = {f"{name}/{plant}": 2 for name in outer for plant in ("apple", "pear")}
    report = data.inspect(filled(tmp_path / "x", counts))
    assert report.class_names == outer
    assert "the same folders inside, apple, pear." in report.warnings[0]


@pytest.mark.parametrize("names", [("test", "holdout"), ("val", "dev_set"), ("training_set", "training-1", "trainval")])
def test_parts_of_one_kind_are_never_classes(names: tuple[str, ...], tmp_path: Path, home: Path) -> None:
    refused(filled(tmp_path / "x", dict.fromkeys(names, 2)), "parts", home)


def test_words_in_common_make_a_part_and_others_do_not() -> None:
    assert part_folders(["asl_train", "asl_test"]) == {"asl_train": "train", "asl_test": "test"}
    assert part_folders(["blood_test", "urine_test", "contest", "training day", "latest", "trainer"]) == {}
    assert part_folders(["train_val", "Hold Out"]) == {"train_val": "train", "Hold Out": "test"}


def test_classes_are_in_natural_order_whatever_the_disk_says(tmp_path: Path) -> None:
    names = ["class 10", "class 2", "1", "12", "3", "v1.10", "v1.9"]
    report = data.inspect(filled(tmp_path / "x", dict.fromkeys(names, 2)))
    assert report.class_names == ("1", "3", "12", "class 2", "class 10", "v1.9", "v1.10")
    assert sorted(["7" * 9000, "007", "7", "8"], key=natural_order) == ["007", "7", "8", "7" * 9000]


def test_files_left_out_are_in_the_order_of_their_names(tmp_path: Path) -> None:
    folder = filled(tmp_path / "x", {"b": 2, "a": 2})
    for name in ("b/z.txt", "b/c.md", "a/y.txt", "a/k", "0.txt"):
        (folder / name).write_text("")
    noise(99).save(folder / "loose.png")
    for source in (folder, packed(folder, tmp_path / "x.zip")):
        names = [name for name, _ in data.inspect(source).skipped]
        assert names == ["0.txt", "a/k", "a/y.txt", "b/c.md", "b/z.txt", "loose.png"]


def test_links_and_archives_are_refused_with_what_to_do(tmp_path: Path, home: Path) -> None:
    real = filled(tmp_path / "real", {"cat": 3, "dog": 3})
    links = tmp_path / "links"
    links.mkdir()
    for name in ("cat", "dog"):
        (links / name).symlink_to(real / name)
    refused(links, "Copy the images to where the links are", home)
    for kind in ("zip", "rar", "7z", "tar.gz"):
        folder = filled(tmp_path / kind, {"empty": 0})
        (folder / f"cat.{kind}").write_bytes(b"packed")
        refused(folder, "inside a folder: unpack it", home)
        refused(packed(folder, tmp_path / "outer.zip"), "inside a zip: unpack it", home)


def test_a_stored_order_of_classes_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = filled(tmp_path / "x", {"class 2": 4, "class 10": 4})
    monkeypatch.setattr("tfpool.data.custom.scan.natural_order", lambda name: name)
    stored = data.add(folder, "old", 8)
    monkeypatch.undo()
    monkeypatch.setenv("TFPOOL_DATASETS", str(tmp_path / "datasets"))
    opened = data.load("old")
    assert opened.class_names == stored.class_names == ("class 10", "class 2")
    assert (opened.train.labels == stored.train.labels).all()


def test_images_that_links_sort_into_classes_are_read_once(tmp_path: Path) -> None:
    source = filled(tmp_path / "pets", {"all": 8})
    for number, image in enumerate(sorted((source / "all").iterdir())):
        folder = source / "sorted" / ("cat" if number % 2 else "dog")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / image.name).symlink_to(Path("..", "..", "all", image.name))
    report = data.inspect(source)
    assert (report.class_names, report.counts, report.is_certain) == (("cat", "dog"), {"all": (4, 4)}, True)
    assert len(report.skipped) == 8
    assert any(warning.startswith("all holds images that links") for warning in report.warnings)
    # One that no link leads to is nobody's copy.
    noise(99, (12, 9)).save(source / "all/new.png")
    assert data.inspect(source).images == 17
