"""A folder or zip of images becomes a data set: what is stored, how it is split, and what can go wrong."""

import errno
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.data.conftest import Fill, filled, noise, packed
from tfpool import data
from tfpool.data.dataset import fingerprint


def contents(images: data.DataSet) -> list[set[bytes]]:
    return [{image.tobytes() for image in part.images} for part in images.parts.values()]


def test_a_folder_becomes_a_data_set_that_load_finds(fill: Fill, home: Path) -> None:
    pets = data.add(fill(cat=20, dog=20), "Cats & dogs", size=(8, 16), channels=1)
    assert (pets.name, pets.title) == ("cats-dogs", "Cats & dogs")
    assert pets.class_names == ("cat", "dog")
    assert pets.image_shape == (8, 16, 1)
    assert [len(part) for part in pets.parts.values()] == [28, 6, 6]
    assert [np.bincount(part.labels).tolist() for part in pets.parts.values()] == [[14, 14], [3, 3], [3, 3]]
    assert pets.source == str(home / "cats-dogs")
    assert data.names() == [*data.DATA, "cats-dogs"]
    for name in ("cats-dogs", pets.source):
        loaded = data.load(name)
        assert loaded.fingerprint == pets.fingerprint == fingerprint(pets.parts.values())
        assert loaded.train.labels.dtype == np.int64


def test_images_are_mapped_read_only_from_their_files(fill: Fill) -> None:
    part = data.add(fill(cat=5, dog=5), "pets", 16).train
    assert isinstance(part.images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        part.images[0] = 0
    assert len(part.first(3)) == 3


def test_settings_are_stored_beside_the_images(fill: Fill, home: Path) -> None:
    data.add(fill(cat=6, dog=6), "  Häuser\n<b> ", 32, split=(60, 20, 20), seed=7)
    record = json.loads((home / "hauser-b" / "dataset.json").read_text(encoding="utf-8"))
    assert record["name"] == "Häuser <b>"
    assert record["seed"] == 7
    assert record["split"] == [0.6, 0.2, 0.2]
    assert record["images"] == {"train": 8, "validation": 2, "test": 2}
    assert record["report"]["images"] == 12
    assert "fewer" in record["report"]["warnings"][0].lower()


@pytest.mark.parametrize("inside", ["", "photos/", "a/b/"])
def test_a_zip_gives_the_same_as_its_folder(fill: Fill, tmp_path: Path, inside: str) -> None:
    folder = fill(cat=6, dog=6)
    zipped = packed(folder, tmp_path / "photos.zip", inside)
    sets = [data.add(source, name, 16) for source, name in ((folder, "one"), (zipped, "two"))]
    sets.append(data.add(io.BytesIO(zipped.read_bytes()), "three", 16))
    assert len({images.fingerprint for images in sets}) == 1


def test_the_seed_alone_decides_the_split(fill: Fill) -> None:
    folder = fill(cat=20, dog=20)
    first, same, other = (data.add(folder, str(number), 16, seed=seed) for number, seed in enumerate((1, 1, 2)))
    assert first.fingerprint == same.fingerprint != other.fingerprint
    assert set.union(*contents(first)) == set.union(*contents(other))


def test_the_first_images_are_of_all_classes(fill: Fill) -> None:
    part = data.add(fill(a=40, b=40, c=40), "letters", 16).train
    assert set(part.first(12).labels) == {0, 1, 2}


def test_equal_pictures_never_stand_in_two_parts(fill: Fill) -> None:
    folder = fill(cat=30, dog=30)
    for number in range(30):
        # The same pixels in another file format, in the same and in the other class.
        noise(number).save(folder / "cat" / f"copy{number}.bmp")
        if number % 3 == 0:
            noise(number).save(folder / "dog" / f"copy{number}.tiff")
    parts = contents(data.add(folder, "pets", (10, 12)))
    assert sum(map(len, parts)) == len(set.union(*parts)) == 60


@pytest.mark.parametrize("names", [("train", "val", "test"), ("Training", "valid", "Testing"), ("train", "validation")])
def test_folders_of_parts_are_kept(fill: Fill, tmp_path: Path, names: tuple[str, ...]) -> None:
    counts = {f"{part}/{label}": 10 + number for number, part in enumerate(names) for label in ("cat", "dog")}
    folder = filled(tmp_path / "photos", counts)
    assert list(data.inspect(folder).counts) == list(data.PARTS)[: len(names)]
    pets = data.add(folder, "photos", (10, 12))
    numbers = [len(part) for part in pets.parts.values()]
    assert numbers == ([20, 22, 24] if len(names) == 3 else [16, 22, 4])
    expected = {np.asarray(noise(seed)).tobytes() for seed in range(20, 42)}
    assert contents(pets)[1] == expected


def test_a_picture_in_two_parts_stays_in_the_later_one(tmp_path: Path) -> None:
    counts = {f"{part}/{label}": 5 for part in ("train", "val", "test") for label in ("cat", "dog")}
    folder = filled(tmp_path / "photos", counts)
    shutil.copy(folder / "test/cat/0.png", folder / "train/cat/leak.png")
    shutil.copy(folder / "val/dog/0.png", folder / "train/cat/leak2.png")
    report = data.inspect(folder)
    assert [group.where for group in report.duplicates] == ["across parts"] * 2
    assert any("parts" in warning for warning in report.warnings)
    pets = data.add(folder, "photos", (10, 12))
    assert [len(part) for part in pets.parts.values()] == [10, 10, 10]
    assert sum(map(len, contents(pets))) == 30


def test_unreadable_files_are_left_out(fill: Fill) -> None:
    folder = fill(cat=6, dog=6)
    (folder / "cat" / "bad.jpg").write_bytes(b"no image")
    assert sum(len(part) for part in data.add(folder, "pets", 16).parts.values()) == 12


BAD: list[tuple[dict[str, object], str]] = [
    ({"name": " \n\u202e"}, "name"),
    ({"size": 0}, "size"),
    ({"size": (32, 5000)}, "1024"),
    ({"size": "big"}, "size"),
    ({"channels": 4}, "channels=4"),
    ({"split": (0.5, 0.5)}, "split"),
    ({"split": (1, 0, 0)}, "split"),
    ({"split": (0.5, 0.1, 0.1)}, "split"),
    ({"seed": -1}, "seed"),
]


@pytest.mark.parametrize(("settings", "word"), BAD, ids=str)
def test_an_invalid_setting_is_an_error(settings: dict[str, object], word: str, fill: Fill, home: Path) -> None:
    with pytest.raises(ValueError, match=word):
        data.add(fill(cat=3, dog=3), **{"name": "pets", **settings})  # type: ignore[arg-type]
    assert not home.exists()


def test_too_few_images_are_an_error_and_nothing_is_stored(fill: Fill, home: Path) -> None:
    with pytest.raises(ValueError, match="validation"):
        data.add(fill(cat=1, dog=1), "pets")
    assert list(home.iterdir()) == []


def test_a_name_is_used_once_but_similar_names_are_allowed(fill: Fill) -> None:
    folder = fill(cat=3, dog=3)
    assert [data.add(folder, name, 8).name for name in ("Pets", "pets!", "日本", "日")] == [
        "pets",
        "pets-2",
        "images",
        "images-2",
    ]
    with pytest.raises(ValueError, match="'Pets'"):
        data.add(folder, "Pets", 8)


def test_names_never_leave_the_folder(fill: Fill, home: Path) -> None:
    pets = data.add(fill(cat=3, dog=3), "../../../etc/x\0", 8)
    assert Path(pets.location).parent == home


class Stop(BaseException):
    """As the dashboard raises it to end a script."""


def test_progress_is_reported_and_can_end_the_work_without_a_trace(fill: Fill, home: Path) -> None:
    folder, calls = fill(cat=3, dog=3), []
    data.add(folder, "pets", 8, progress=lambda *progress: calls.append(progress))
    assert (calls[0], calls[-1]) == ((0, 6), (6, 6))

    def stop(done: int, total: int) -> None:
        raise Stop

    with pytest.raises(Stop):
        data.add(folder, "more", 8, progress=stop)
    assert [path.name for path in home.iterdir()] == ["pets"]


def test_the_report_comes_before_anything_is_stored(fill: Fill, home: Path) -> None:
    def look(report: data.Report) -> None:
        assert report == data.inspect(folder)
        raise Stop

    folder = fill(cat=3, dog=3)
    with pytest.raises(Stop):
        data.add(folder, "pets", 8, told=look)
    assert list(home.iterdir()) == []


def test_a_full_disk_is_an_error_and_leaves_nothing(fill: Fill, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tfpool.data.custom.part_files.append", full)
    with pytest.raises(ValueError, match="space"):
        data.add(fill(cat=3, dog=3), "pets", 8)
    assert list(home.iterdir()) == []


def test_a_file_in_place_of_the_folder_is_an_error(fill: Fill, home: Path) -> None:
    home.write_text("")
    with pytest.raises(ValueError, match="datasets"):
        data.add(fill(cat=3, dog=3), "pets", 8)
