"""Classes in the names of files: offered where most files have one, and never what a camera or a program writes."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.data.conftest import filled, noise, refused
from tfpool import data
from tfpool.data.custom.readings.name_classes import class_in_name


def named(folder: Path, names: Sequence[str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        noise(number).save(folder / name, "PNG")
    return folder


@pytest.mark.parametrize(
    ("name", "class_name"),
    [
        ("cat.0.jpg", "cat"),
        ("cat_001.jpg", "cat"),
        ("dog (3).jpg", "dog"),
        ("cat12.png", "cat"),
        ("0001-cat.png", "cat"),
        ("american_bulldog_10.jpg", "american bulldog"),
        ("n01440764_10026.JPEG", "n01440764"),
        ("cat_20230101_123456.jpg", "cat"),
        ("photo of cat 3.jpg", "cat"),
        ("cat_7_jpg.rf.3f0c9a.jpg", "cat"),
        ("\u732b_1.png", "\u732b"),
        ("A_001.png", "A"),
        ("IMG_0001.jpg", ""),
        ("IMG_E1234.JPG", ""),
        ("IMG-20230101-WA0001.jpg", ""),
        ("DSC00042.jpg", ""),
        ("_MG_1234.jpg", ""),
        ("P1010001.jpg", ""),
        ("PXL_20230101_123456789.MP.jpg", ""),
        ("WhatsApp Image 2023-01-01 at 10.00.00 AM.jpg", ""),
        ("Screenshot 2023-01-01 at 10.30.15.png", ""),
        ("20230101_123456.jpg", ""),
        ("00042.png", ""),
        ("image (3).png", ""),
        ("a3f9c2e1b7.png", ""),
    ],
)
def test_a_class_is_what_is_left_beside_numbers_and_words_of_machines(name: str, class_name: str) -> None:
    assert class_in_name(name) == class_name


LAYOUTS = [
    [f"{name}.{number}.jpg" for name in ("cat", "dog") for number in range(3)],
    [f"{name}_{number:03}.jpg" for name in ("cat", "dog") for number in range(3)],
    [f"{name} ({number}).jpg" for name in ("cat", "dog") for number in range(3)],
    [f"{number}-{name}.jpg" for name in ("cat", "dog") for number in range(3)],
    ["cat.jpg", "Cat 2.jpg", "cat_3.jpg", "dog1.jpg", "dog2.jpg", "dog3.jpg"],
]


@pytest.mark.parametrize("names", LAYOUTS)
def test_classes_in_names_are_offered_and_used_once_chosen(names: list[str], tmp_path: Path, home: Path) -> None:
    source = named(tmp_path / "x", [*names, "IMG_1.jpg"])
    report = data.inspect(source)
    assert (report.class_names, report.counts) == (("cat", "dog"), {"all": (3, 3)})
    assert (report.reading, report.is_certain) == ("names", False)
    assert report.skipped == (("IMG_1.jpg", "without a class in its name"),)
    with pytest.raises(ValueError, match="reading='names'"):
        data.add(source, "pets", 8)
    assert not home.exists() or list(home.iterdir()) == []
    assert data.add(source, "pets", 8, reading="names").class_names == ("cat", "dog")


@pytest.mark.parametrize("folders", [("train", "test"), ("train/train", "test1/test1"), (".", "more")])
def test_parts_around_names_are_looked_through(folders: tuple[str, str], tmp_path: Path) -> None:
    named(tmp_path / "x" / folders[0], LAYOUTS[0])
    named(tmp_path / "x" / folders[1], ["1.jpg", "2.jpg"])
    report = data.inspect(tmp_path / "x")
    assert (report.reading, report.counts, len(report.skipped)) == ("names", {"all": (3, 3)}, 2)


@pytest.mark.parametrize(
    "names",
    [
        [f"IMG_{number:04}.jpg" for number in range(6)],
        [*(f"IMG_{number}.jpg" for number in range(3)), *(f"DSC_{number}.jpg" for number in range(3))],
        [f"{number}.jpg" for number in range(6)],
        [f"photo of {word}.jpg" for word in ("one", "two", "three", "four")],
        [*(f"train_{number}.jpg" for number in range(3)), *(f"test_{number}.jpg" for number in range(3))],
    ],
)
def test_other_names_are_no_classes(names: list[str], tmp_path: Path, home: Path) -> None:
    refused(named(tmp_path / "x", names), "sub-folder", home)


def test_folders_come_before_names_unless_they_say_nothing(tmp_path: Path) -> None:
    source = filled(tmp_path / "x", {"cat": 3, "dog": 3})
    assert [key for key, _ in data.inspect(source).readings] == ["folders"]
    for place in ("old", "new"):
        named(tmp_path / "y" / place, LAYOUTS[1])
    report = data.inspect(tmp_path / "y")
    assert (report.reading, report.is_certain, [key for key, _ in report.readings]) == (
        "folders",
        True,
        ["folders", "names"],
    )
    for place in ("images_1", "images_2"):
        named(tmp_path / "z" / place, LAYOUTS[1])
    report = data.inspect(tmp_path / "z")
    assert (report.reading, report.is_certain, report.class_names) == ("names", False, ("cat", "dog"))
