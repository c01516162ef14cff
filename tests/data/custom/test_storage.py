"""The folder of own data sets: damaged, removed and left-over ones, and loading from another process."""

import errno
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from tests.data.conftest import Fill
from tests.helpers.processes import ROOT
from tfpool import data
from tfpool.data.custom import storage


def test_what_a_killed_process_left_is_deleted_after_a_day(
    fill: Fill, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for left in (".making-old", ".making-new"):
        (home / left).mkdir(parents=True)
    new = (home / ".making-new").stat().st_mtime
    monkeypatch.setattr(storage.time, "time", lambda: new + 10)
    data.add(fill(cat=3, dog=3), "pets", 8)
    assert len(list(home.iterdir())) == 3
    monkeypatch.setattr(storage.time, "time", lambda: new + 25 * 3600)
    data.add(fill("others", cat=3, dog=3), "more", 8)
    assert sorted(path.name for path in home.iterdir()) == ["more", "pets"]


def cut(folder: Path) -> None:
    file = folder / "test_images.npy"
    file.write_bytes(file.read_bytes()[:-1])


DAMAGE: list[Callable[[Path], object]] = [
    cut,
    lambda folder: (folder / "train_labels.npy").unlink(),
    lambda folder: (folder / "train_labels.npy").write_bytes(b""),
    lambda folder: np.save(folder / "train_labels.npy", np.full(4, 9)),
    lambda folder: np.save(folder / "train_images.npy", np.zeros((1, 2, 3))),
    lambda folder: (folder / "dataset.json").write_text("{}"),
    lambda folder: (folder / "dataset.json").write_text("[1]"),
    lambda folder: (folder / "dataset.json").write_bytes(b"\xff{"),
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_data_set_is_an_error(damage: Callable[[Path], object], fill: Fill) -> None:
    pets = data.add(fill(cat=3, dog=3), "pets", 8)
    damage(Path(pets.location))
    with pytest.raises(ValueError, match="damaged"):
        data.load("pets")


def test_a_data_set_that_is_gone_is_an_error(fill: Fill) -> None:
    pets = data.add(fill(cat=3, dog=3), "pets", 8)
    data.remove("pets")
    assert data.names() == list(data.DATA)
    with pytest.raises(ValueError, match="gone"):
        data.load(pets.source)
    with pytest.raises(ValueError, match="fashion_mnist"):
        data.load("pets")
    for name in ("pets", "../x", "", "\0", "x" * 5000, "/", str(pets.location)):
        with pytest.raises(ValueError, match="no data set"):
            data.remove(name)
    with pytest.raises(ValueError, match="scattered"):
        data.remove("scattered")


def test_a_full_disk_does_not_keep_a_data_set(fill: Fill, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pets", "more"):
        data.add(fill(name, cat=3, dog=3), name, 8)

    def full(*arguments: object, **settings: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for makes_something in ("pathlib.Path.mkdir", "os.mkdir", "tempfile.mkdtemp", "pathlib.Path.open"):
        monkeypatch.setattr(makes_something, full)
    data.remove("pets")
    # Not even a new name fits.
    monkeypatch.setattr("pathlib.Path.rename", full)
    data.remove("more")
    assert list(home.iterdir()) == []


def test_a_data_set_that_cannot_be_removed_says_why(fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    data.add(fill(cat=3, dog=3), "pets", 8)

    def refuse(path: Path) -> None:
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(storage.shutil, "rmtree", refuse)
    with pytest.raises(ValueError, match=r"pets cannot be removed: Permission denied\."):
        data.remove("pets")


TWO = """
import sys
from tfpool import data
print(len(data.names()), flush=True)
sys.stdin.readline()
try:
    print(data.add(sys.argv[1], "My pets", 16).name)
except ValueError as error:
    print(error)
"""


def test_two_processes_that_add_one_name_at_once_make_one_data_set(fill: Fill, home: Path) -> None:
    command = [sys.executable, "-c", TWO, str(fill(cat=300, dog=300))]
    both = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    for process in both:
        assert process.stdout is not None
        process.stdout.readline()
    texts = sorted((process.communicate("\n")[0].strip() for process in both), key=len)
    assert texts[0] == "my-pets"
    assert "'My pets'" in texts[1]
    assert texts[1].count("\n") == 0
    assert [path.name for path in home.iterdir()] == ["my-pets"]


def test_a_name_is_free_again_after_a_failure_and_after_a_kill(fill: Fill, home: Path) -> None:
    with storage.claimed_title(home, "pets"):
        for source in (fill(cat=3, dog=3), "nowhere"):
            with pytest.raises(ValueError, match="'pets' is being made"):
                data.add(source, "pets", 8)
        data.add(fill("others", cat=3, dog=3), "more", 8)
    with pytest.raises(ValueError, match="nowhere"):
        data.add("nowhere", "pets", 8)
    # A killed process leaves the file, and no lock on it.
    (home / (".claimed-" + sha256(b"pets").hexdigest()[:16])).touch()
    assert data.add(fill("again", cat=3, dog=3), "pets", 8).name == "pets"
    assert sorted(path.name for path in home.iterdir()) == ["more", "pets"]


def test_removing_deletes_no_folder_that_is_not_ours(tmp_path: Path, home: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    home.mkdir()
    (home / "link").symlink_to(tmp_path / "mine")
    (tmp_path / "mine" / "dataset.json").write_text("{}")
    for name in ("link", str(tmp_path / "mine")):
        with pytest.raises(ValueError, match="tfpool"):
            data.remove(name)
    assert (tmp_path / "mine" / "letter.txt").exists()


def test_another_process_in_another_folder_finds_it(fill: Fill, tmp_path: Path) -> None:
    pets = data.add(fill(cat=3, dog=3), "pets", 8)
    code = f"from tfpool import data; print(data.load({pets.source!r}).fingerprint)"
    environment = {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run([sys.executable, "-c", code], cwd="/", env=environment, stdout=-1, text=True, check=True)
    assert ended.stdout.strip() == pets.fingerprint


def test_what_is_listed_is_what_is_loaded(fill: Fill) -> None:
    data.add(fill(cat=6, dog=6), "My pets", 16)
    for name in ("fashion_mnist", "scattered", "centred", "quadrants", "my-pets"):
        facts, images = data.describe(name), data.load(name)
        assert facts.images == tuple(len(part) for part in images.parts.values())
        assert (facts.classes, facts.image_shape) == (images.classes, images.image_shape)
        assert facts.is_ready
    by_folder = data.describe(data.load("my-pets").source)
    assert (by_folder.title, by_folder.state) == ("My pets", "own")
    assert not data.describe("/nowhere/pets").is_ready
    (Path(data.load("my-pets").location) / "dataset.json").write_text("{}")
    assert data.describe("my-pets").state == "damaged"
