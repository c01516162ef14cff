"""Folders and zips made to do harm: each is one sentence or a line in the report, and nothing is written elsewhere."""

import contextlib
import io
import os
import stat
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfpool import data
from tfpool.data import images, sources

from .conftest import Fill, noise, packed

PNG = io.BytesIO()
noise(0).save(PNG, "PNG")


def zipped(*names: str, content: bytes = PNG.getvalue(), **settings: int) -> io.BytesIO:
    """A sound zip of two classes with these entries added."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **settings) as archive:
        for number in range(6):
            pixels = io.BytesIO()
            noise(100 + number).save(pixels, "PNG")
            archive.writestr(f"{'ab'[number % 2]}/{number}.png", pixels.getvalue())
        for name in names:
            # The one that the constructor makes would tidy the name up.
            entry = zipfile.ZipInfo("x")
            entry.filename = name
            entry.compress_type = settings.get("compression", zipfile.ZIP_STORED)
            archive.writestr(entry, content)
    file.seek(0)
    return file


def refused(source: object, message: str, home: Path) -> None:
    """Both ways say the same sentence at once and keep nothing."""
    for take in (data.inspect, lambda each: data.add(each, "pets", 8)):
        began = time.monotonic()
        with pytest.raises(ValueError, match=message) as error:
            take(source)  # type: ignore[operator]
        assert time.monotonic() - began < 5
        assert "\n" not in str(error.value)
        assert str(error.value).endswith(".")
    assert not home.exists() or list(home.iterdir()) == []


OUTSIDE = [
    "../../evil.png",
    "a/../../../evil.png",
    "/etc/evil.png",
    "C:\\evil.png",
    "c:/evil.png",
    "..\\..\\evil.png",
    "\\\\host\\share\\evil.png",
    "a/..\\evil.png",
]


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_path_out_of_the_zip_is_refused(name: str, home: Path, tmp_path: Path) -> None:
    refused(zipped(name), "a path out of the zip", home)
    assert not [each for each in tmp_path.rglob("*") if each.is_file()]


def test_backslashes_within_a_zip_are_folders() -> None:
    told = data.inspect(zipped("c\\one.png", "c\\two.png"))
    assert told.class_names == ("a", "b", "c")


def test_a_link_in_a_zip_is_left_out() -> None:
    file = zipped()
    with zipfile.ZipFile(file, "a") as archive:
        entry = zipfile.ZipInfo("a/link.png")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    file.seek(0)
    assert data.inspect(file).skipped == (("a/link.png", "a link"),)


def test_a_bomb_is_refused_by_what_it_would_unpack_to(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "SMALL_BYTES", 1_000_000)
    bomb = zipped("a/bomb.png", content=bytes(20_000_000), compression=zipfile.ZIP_DEFLATED)
    refused(bomb, "The upload unpacks to .* times its size, as images never do", home)
    monkeypatch.setattr(sources, "MOST_BYTES", 10_000_000)
    refused(bomb, "more than the 0 GB that are read", home)


def test_a_single_huge_file_is_never_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MOST_FILE_BYTES", 1_000_000)
    told = data.inspect(zipped("a/big.png", content=bytes(2_000_000), compression=zipfile.ZIP_DEFLATED))
    assert told.unreadable == (("a/big.png", "has more than 1,000,000 bytes"),)


def test_a_size_that_lies_is_damage() -> None:
    content = bytearray(zipped("a/liar.png", content=bytes(100_000)).getvalue())
    where = content.rfind(b"PK\x01\x02")
    content[where + 24 : where + 28] = struct.pack("<I", 10)
    ((name, reason),) = data.inspect(io.BytesIO(bytes(content))).unreadable
    assert name == "a/liar.png"
    assert "damaged inside the zip" in reason


def test_a_zip_in_a_zip_stays_closed() -> None:
    assert data.inspect(zipped("a/inner.zip")).skipped == (("a/inner.zip", "not named like an image"),)


def test_too_many_files_are_refused_fast(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(100_000):
            archive.writestr(f"{number % 2}/{number}.png", b"")
    refused(file, "The upload holds more than 75,000 files", home)
    monkeypatch.setattr(sources, "MOST_FILES", 10)
    for number in range(11):
        (tmp_path / "many" / str(number)).mkdir(parents=True)
    refused(tmp_path / "many", "many holds more than 10 files", home)


def test_too_many_classes_are_refused(home: Path) -> None:
    refused(zipped(*(f"class {number}/x.png" for number in range(2001))), "2,003 sub-folders, and 2,000 classes", home)


def test_a_password_is_refused(home: Path) -> None:
    content = bytearray(zipped().getvalue())
    content[content.rfind(b"PK\x01\x02") + 8] |= 1
    refused(io.BytesIO(bytes(content)), "protected by a password", home)


@pytest.mark.parametrize("cut", [0, 1, 30, 500, -1, -23])
def test_a_cut_zip_is_refused(cut: int, home: Path) -> None:
    refused(io.BytesIO(zipped().getvalue()[:cut]), "The upload is not a zip file that can be read", home)


@pytest.mark.parametrize("seed", range(40))
def test_a_zip_with_any_byte_changed_is_read_or_refused(seed: int) -> None:
    random = np.random.default_rng(seed)
    content = bytearray(zipped("c/x.png").getvalue())
    for position in random.integers(len(content), size=1 + seed % 5):
        content[position] = random.integers(256)
    with contextlib.suppress(ValueError):
        assert 0 < data.inspect(io.BytesIO(bytes(content))).images <= 7


def test_bytes_that_are_no_image_are_named_with_the_reason(fill: Fill) -> None:
    folder = fill(cat=3, dog=3)
    (folder / "cat/script.png").write_bytes(b"<script>alert(1)</script>")
    (folder / "cat/empty.jpg").write_bytes(b"")
    (folder / "dog/program.gif").write_bytes(b"\x7fELF" + bytes(100))
    (folder / "dog/vector.svg").write_bytes(b"<svg/>")
    (folder / "dog/page.png").write_bytes(b"%PDF-1.4")
    told = data.inspect(folder)
    names = ("cat/empty.jpg", "cat/script.png", "dog/page.png", "dog/program.gif")
    assert told.unreadable == tuple((name, "is not an image that can be read") for name in names)
    assert told.skipped == (("dog/vector.svg", "not named like an image"),)


def test_an_image_that_unpacks_to_too_many_pixels_is_named(fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(cat=3, dog=3)
    Image.new("1", (1000, 1000)).save(folder / "cat/bomb.png")
    monkeypatch.setattr(images, "MOST_PIXELS", 999_999)
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
    for each in (name.replace("/", "").replace("\0", ""), "dog"):
        (folder / each).mkdir(parents=True)
        for number in range(3):
            noise(number + 10 * len(each)).save(folder / each / f"{number}.png")
    made = data.add(folder, name + "x", 8)
    assert made.classes == 2
    for text in (*made.class_names, made.title, *data.inspect(folder).class_names):
        assert text.isprintable()
        assert 0 < len(text) <= 80
        assert "\u202e" not in text
    assert set(made.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert data.load(made.name).class_names == made.class_names


def test_names_in_a_zip_may_be_of_any_length() -> None:
    told = data.inspect(zipped(f"{'x' * 300}/1.png", f"{'x' * 300}/{'y' * 60_000}.png"))
    assert len(told.class_names[-1]) == 79
    assert all(len(name) <= 160 for group in told.duplicates for name in group.files)


def test_names_that_differ_in_capitals_only_are_two_classes_and_a_warning() -> None:
    told = data.inspect(zipped("A/1.png", "A\u200b/2.png"))
    assert told.class_names == ("A", "A (2)", "a", "b")
    assert "Classes whose names differ in capitals only: A, a." in told.warnings


def test_links_out_of_the_folder_are_not_followed(fill: Fill, tmp_path: Path) -> None:
    folder = fill(cat=3, dog=3)
    noise(99).save(tmp_path / "secret.png")
    (folder / "cat/out.png").symlink_to(tmp_path / "secret.png")
    (folder / "cat/gone.png").symlink_to(tmp_path / "nothing.png")
    (folder / "cat/loop.png").symlink_to(folder / "cat/loop.png")
    (folder / "dog/up").symlink_to(folder)
    (folder / "dog/root").symlink_to("/")
    (folder / "dog/inside.png").symlink_to(folder / "cat/0.png")
    told = data.inspect(folder)
    assert told.images == 7
    assert dict(told.skipped) == {
        "cat/out.png": "a link out of the folder",
        "cat/gone.png": "a link out of the folder",
        "cat/loop.png": "no file",
        "dog/up": "a link to a folder",
        "dog/root": "a link out of the folder",
    }


def test_pipes_are_not_waited_for(fill: Fill, tmp_path: Path, home: Path) -> None:
    folder = fill(cat=3, dog=3)
    os.mkfifo(folder / "cat/pipe.png")
    assert data.inspect(folder).skipped == (("cat/pipe.png", "no file"),)
    refused(folder / "cat/pipe.png", "is neither a folder nor a zip file", home)
    refused("/dev/zero", "is neither a folder nor a zip file", home)


def test_a_folder_without_end_is_left(fill: Fill) -> None:
    folder = fill(cat=3, dog=3)
    deep = folder / "cat"
    for _ in range(25):
        deep = deep / "deep"
    deep.mkdir(parents=True)
    noise(99).save(deep / "x.png")
    ((_, reason),) = data.inspect(folder).skipped
    assert reason == "too deep inside other folders"


def test_a_folder_that_vanishes_halfway_is_one_sentence(fill: Fill, home: Path) -> None:
    folder = fill(cat=30, dog=30)

    def vanish(done: int, total: int) -> None:
        if folder.exists():
            folder.rename(folder.with_name("elsewhere"))

    with pytest.raises(ValueError, match=r"The folder .*photos vanished while it was read\. Put it back"):
        data.add(folder, "pets", 8, progress=vanish)
    assert list(home.iterdir()) == []


def test_a_file_that_vanishes_halfway_is_named(fill: Fill) -> None:
    folder = fill(cat=3, dog=3)

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
    monkeypatch.setattr(Path, "read_bytes", forbidding(Path.read_bytes, "cat/1.png"))
    monkeypatch.setattr(os, "scandir", forbidding(os.scandir, "locked", "closed"))
    told = data.inspect(folder)
    assert told.unreadable == (("cat/1.png", "cannot be read: Permission denied"),)
    assert told.skipped == (("locked", "cannot be read: Permission denied"),)
    folder.rename(folder.with_name("closed"))
    refused(folder.with_name("closed"), r"closed cannot be read: Permission denied\.", home)


@pytest.mark.parametrize("source", ["missing", "", "\0", "x" * 5000, "photo.png", "notes.txt"])
def test_what_is_no_folder_nor_zip_is_one_sentence(source: str, home: Path, tmp_path: Path) -> None:
    noise(0).save(tmp_path / "photo.png")
    (tmp_path / "notes.txt").write_text("text")
    known = (tmp_path / source).exists() if source and source.isprintable() and len(source) < 100 else False
    given = str(tmp_path / source) if known else source or str(tmp_path / "nothing")
    refused(given, "not a zip file" if known else "There is nothing to read at", home)


def test_images_without_two_classes_are_one_sentence(fill: Fill, tmp_path: Path, home: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "holds no image that can be read in a sub-folder. Make a sub-folder", home)
    noise(0).save(tmp_path / "empty" / "x.png")
    refused(tmp_path / "empty", "holds no image that can be read in a sub-folder", home)
    refused(fill("single", cat=3), "holds images of one class only, 'cat'", home)
    folder = fill("bad", cat=3, dog=0)
    (folder / "dog" / "x.png").write_text("no image")
    refused(folder, "holds images of one class only, 'cat'", home)


def test_the_name_of_an_upload_is_only_shown(fill: Fill, tmp_path: Path, home: Path) -> None:
    upload = io.BytesIO(packed(fill(cat=3, dog=3), tmp_path / "x.zip").read_bytes())
    upload.name = "../../\x1b[31m<b>evil</b>.zip"
    made = data.add(upload, "pets", 8)
    assert Path(made.location) == home / "pets"
    upload.seek(0)
    assert data.inspect(upload).source == "../../ [31m<b>evil</b>.zip"
