"""Folders pets to do harm, and files that vanish while they are read: an error, or a line in the report."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.data.conftest import Fill, noise, refused
from tfpool import data
from tfpool.data import large_images
from tfpool.data.custom import scan
from tfpool.data.custom.image_files import open_source
from tfpool.data.images import BadImage


def test_bytes_that_are_no_image_are_named_with_the_reason(fill: Fill) -> None:
    folder = fill(cat=3, dog=3)
    (folder / "cat/script.png").write_bytes(b"<script>alert(1)</script>")
    (folder / "cat/empty.jpg").write_bytes(b"")
    (folder / "dog/program.gif").write_bytes(b"\x7fELF" + bytes(100))
    (folder / "dog/vector.svg").write_bytes(b"<svg/>")
    (folder / "dog/page.png").write_bytes(b"%PDF-1.4")
    report = data.inspect(folder)
    assert report.unreadable == (
        ("cat/empty.jpg", "is empty"),
        ("cat/script.png", "is text, not an image"),
        ("dog/page.png", "is PDF"),
        ("dog/program.gif", "is not an image that can be read"),
    )
    assert report.skipped == (("dog/vector.svg", "not named like an image"),)


def test_an_image_that_unpacks_to_too_many_pixels_is_named(fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(cat=3, dog=3)
    Image.new("1", (1000, 1000)).save(folder / "cat/bomb.png")
    monkeypatch.setattr(large_images, "MAX_REDUCED_PIXELS", 999_999)
    assert data.inspect(folder).unreadable == (("cat/bomb.png", "has more than 999,999 pixels"),)


HOSTILE = [
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "**bold**",
    "\u202egnp.tac",
    "a\x00b",
    "bell\x07 and \x1b[31mred",
    "line\nbreak",
    "n" * 200,
    "é" * 100,
    " ",
    "\u200b",
    "\udcff",
    "{a}%s$HOME`id`",
    "Ca\u0301t",
]


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_any_name_of_a_class_is_shown_on_one_line_without_hidden_marks(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    for class_name in (name.replace("/", "").replace("\0", ""), "dog"):
        (folder / class_name).mkdir(parents=True)
        for number in range(3):
            noise(number + 10 * len(class_name)).save(folder / class_name / f"{number}.png")
    pets = data.add(folder, name + "x", 8)
    assert pets.classes == 2
    for text in (*pets.class_names, pets.title, *data.inspect(folder).class_names):
        assert text.isprintable()
        assert 0 < len(text) <= 80
        assert "\u202e" not in text
    assert set(pets.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert data.load(pets.name).class_names == pets.class_names


def test_links_out_of_the_folder_are_not_followed(fill: Fill, tmp_path: Path) -> None:
    folder = fill(cat=3, dog=3)
    noise(99).save(tmp_path / "secret.png")
    (folder / "cat/out.png").symlink_to(tmp_path / "secret.png")
    (folder / "cat/gone.png").symlink_to(tmp_path / "nothing.png")
    (folder / "cat/loop.png").symlink_to(folder / "cat/loop.png")
    (folder / "dog/up").symlink_to(folder)
    (folder / "dog/root").symlink_to("/")
    (folder / "dog/inside.png").symlink_to(folder / "cat/0.png")
    report = data.inspect(folder)
    assert report.images == 7
    assert dict(report.skipped) == {
        "cat/out.png": "a link out of the folder, not followed",
        "cat/gone.png": "a link out of the folder, not followed",
        "cat/loop.png": "no file",
        "dog/up": "a link to a folder, not followed",
        "dog/root": "a link out of the folder, not followed",
    }


def test_pipes_are_not_waited_for(fill: Fill, tmp_path: Path, home: Path) -> None:
    folder = fill(cat=3, dog=3)
    os.mkfifo(folder / "cat/pipe.png")
    assert data.inspect(folder).skipped == (("cat/pipe.png", "no file"),)
    refused(folder / "cat/pipe.png", "neither", home)
    refused("/dev/zero", "neither", home)


def to_a_link(path: Path, outside: Path) -> None:
    path.unlink()
    path.symlink_to(outside)


def to_a_pipe(path: Path, outside: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def to_another_file(path: Path, outside: Path) -> None:
    outside.replace(path)


def to_a_link_below(path: Path, outside: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))
    path.parent.symlink_to(outside.parent)


def to_a_folder(path: Path, outside: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("swap", [to_a_link, to_a_pipe, to_another_file, to_a_link_below, to_a_folder])
@pytest.mark.parametrize("is_linked", [False, True], ids=["file", "link inside"])
def test_what_takes_a_files_place_while_the_folder_is_read_is_not_read(
    fill: Fill, tmp_path: Path, swap: Callable[[Path, Path], None], is_linked: bool
) -> None:
    folder, outside = fill(cat=3, dog=3), tmp_path / "secret"
    outside.mkdir()
    named = real = folder / "cat" / "0.png"
    if is_linked:
        real = folder / "cat" / "real" / "photo.png"
        real.parent.mkdir()
        named.rename(real)
        named.symlink_to(real)
    secret = outside / real.name
    noise(1).save(secret)
    with open_source(folder) as listing:
        (listed,) = (file for file in listing.files if file.path == ("cat", "0.png"))
        assert listed.read() == real.read_bytes()
        swap(real, secret)
        with pytest.raises(BadImage) as refusal:
            listed.read()
    assert "cat/0.png" in str(refusal.value)


def test_a_very_deep_folder_is_left_out(fill: Fill) -> None:
    folder = fill(cat=3, dog=3)
    deep = folder / "cat"
    for _ in range(25):
        deep = deep / "deep"
    deep.mkdir(parents=True)
    noise(99).save(deep / "x.png")
    ((_, reason),) = data.inspect(folder).skipped
    assert reason == "too deep inside other folders"


def test_a_folder_that_vanishes_halfway_is_an_error(fill: Fill, home: Path) -> None:
    folder = fill(cat=30, dog=30)

    def vanish(done: int, total: int) -> None:
        if folder.exists():
            folder.rename(folder.with_name("elsewhere"))

    with pytest.raises(ValueError, match="vanished"):
        data.add(folder, "pets", 8, progress=vanish)
    assert list(home.iterdir()) == []


def test_a_file_that_vanishes_halfway_is_named(fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(cat=3, dog=3)
    monkeypatch.setattr(scan, "_MOST_AT_ONCE", 1)

    def vanish(done: int, total: int) -> None:
        (folder / "dog/2.png").unlink(missing_ok=True)

    assert data.inspect(folder, vanish).unreadable == (("dog/2.png", "cannot be read: No such file or directory"),)


def test_what_may_not_be_read_is_named(fill: Fill, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(cat=3, dog=3)
    (folder / "locked").mkdir()

    def forbidding(real: Callable[..., object], *suffixes: str) -> Callable[..., object]:
        def opened(path: object, *arguments: object, **settings: object) -> object:
            if str(path).endswith(suffixes):
                raise PermissionError(13, "Permission denied")
            return real(path, *arguments, **settings)

        return opened

    # Not by permissions, which do not hold for root.
    monkeypatch.setattr(os, "open", forbidding(os.open, "cat/1.png"))
    monkeypatch.setattr(os, "scandir", forbidding(os.scandir, "locked", "closed"))
    report = data.inspect(folder)
    assert report.unreadable == (("cat/1.png", "cannot be read: Permission denied"),)
    assert report.skipped == (("locked", "cannot be read: Permission denied"),)
    folder.rename(folder.with_name("closed"))
    refused(folder.with_name("closed"), "Permission", home)


@pytest.mark.parametrize("source", ["missing", "", "\0", "x" * 5000, "photo.png", "notes.txt"])
def test_what_is_neither_folder_nor_zip_is_an_error(source: str, home: Path, tmp_path: Path) -> None:
    noise(0).save(tmp_path / "photo.png")
    (tmp_path / "notes.txt").write_text("text")
    is_file = source in ("photo.png", "notes.txt")
    refused(str(tmp_path / source) if is_file else source or "nothing", "zip" if is_file else "nothing", home)


def test_images_without_two_classes_are_an_error(fill: Fill, tmp_path: Path, home: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "sub-folder", home)
    noise(0).save(tmp_path / "empty" / "x.png")
    refused(tmp_path / "empty", "sub-folder", home)
    refused(fill("single", cat=3), "'cat'", home)
    folder = fill("bad", cat=3, dog=0)
    (folder / "dog" / "x.png").write_text("no image")
    refused(folder, "'cat'", home)
