"""Zips made to do harm: each is an error or a line in the report, and nothing is written elsewhere."""

import contextlib
import io
import stat
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.data.conftest import Fill, noise, packed, refused
from tfpool import data
from tfpool.data.custom import listing, scan, zip_entries

PNG = io.BytesIO()
noise(0).save(PNG, "PNG")


def zipped(*names: str, content: bytes = PNG.getvalue(), **settings: int) -> io.BytesIO:
    """A valid zip of two classes, with further entries."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **settings) as archive:
        for number in range(6):
            pixels = io.BytesIO()
            noise(100 + number).save(pixels, "PNG")
            archive.writestr(f"{'ab'[number % 2]}/{number}.png", pixels.getvalue())
        for name in names:
            # The constructor would normalize the name.
            entry = zipfile.ZipInfo("x")
            entry.filename = name
            entry.compress_type = settings.get("compression", zipfile.ZIP_STORED)
            archive.writestr(entry, content)
    file.seek(0)
    return file


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
    refused(zipped(name), "path", home)
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_backslashes_within_a_zip_are_folders() -> None:
    report = data.inspect(zipped("c\\one.png", "c\\two.png"))
    assert report.class_names == ("a", "b", "c")


def test_a_link_in_a_zip_is_left_out() -> None:
    file = zipped()
    with zipfile.ZipFile(file, "a") as archive:
        entry = zipfile.ZipInfo("a/link.png")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    file.seek(0)
    assert data.inspect(file).skipped == (("a/link.png", "a link, not followed"),)


def test_a_bomb_is_refused_by_what_it_would_unpack_to(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_entries, "HARMLESS_BYTES", 1_000_000)
    bomb = zipped("a/bomb.png", content=bytes(20_000_000), compression=zipfile.ZIP_DEFLATED)
    refused(bomb, "times", home)
    monkeypatch.setattr(zip_entries, "MAX_BYTES", 10_000_000)
    refused(bomb, "MB", home)


def test_a_single_huge_file_is_never_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MAX_FILE_BYTES", 1_000_000)
    report = data.inspect(zipped("a/big.png", content=bytes(2_000_000), compression=zipfile.ZIP_DEFLATED))
    assert report.unreadable == (("a/big.png", "has more than 1 MB"),)


def test_a_wrong_size_is_damage() -> None:
    content = bytearray(zipped("a/liar.png", content=bytes(100_000)).getvalue())
    where = content.rfind(b"PK\x01\x02")
    content[where + 24 : where + 28] = struct.pack("<I", 10)
    ((name, reason),) = data.inspect(io.BytesIO(bytes(content))).unreadable
    assert name == "a/liar.png"
    assert "damaged inside the zip" in reason


def test_a_zip_in_a_zip_stays_closed() -> None:
    assert data.inspect(zipped("a/inner.zip")).skipped == (("a/inner.zip", "a zip inside a zip: unpack it"),)


def test_too_many_files_are_refused(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MAX_FILES", 10)
    refused(zipped(*(f"c/{number}.png" for number in range(10))), "10", home)
    for number in range(11):
        (tmp_path / "many" / str(number)).mkdir(parents=True)
    refused(tmp_path / "many", "10", home)


def test_too_many_classes_are_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "MAX_CLASSES", 10)
    refused(zipped(*(f"class {number}/x.png" for number in range(9))), "11", home)


def test_a_password_is_refused(home: Path) -> None:
    content = bytearray(zipped().getvalue())
    content[content.rfind(b"PK\x01\x02") + 8] |= 1
    refused(io.BytesIO(bytes(content)), "password", home)


@pytest.mark.parametrize("cut", [0, 1, 30, 500, -1, -23])
def test_a_cut_zip_is_refused(cut: int, home: Path) -> None:
    refused(io.BytesIO(zipped().getvalue()[:cut]), "zip", home)


@pytest.mark.parametrize("seed", range(40))
def test_a_zip_with_any_byte_changed_is_read_or_refused(seed: int) -> None:
    random = np.random.default_rng(seed)
    content = bytearray(zipped("c/x.png").getvalue())
    for position in random.integers(len(content), size=1 + seed % 5):
        content[position] = random.integers(256)
    with contextlib.suppress(ValueError):
        assert 0 < data.inspect(io.BytesIO(bytes(content))).images <= 7


def test_names_in_a_zip_may_be_of_any_length() -> None:
    report = data.inspect(zipped(f"{'x' * 300}/1.png", f"{'x' * 300}/{'y' * 60_000}.png"))
    assert len(report.class_names[-1]) == 79
    assert all(len(name) <= 160 for group in report.duplicates for name in group.files)


def test_names_that_differ_in_capitals_only_are_two_classes_and_a_warning() -> None:
    report = data.inspect(zipped("A/1.png", "A\u200b/2.png"))
    assert report.class_names == ("A", "A (2)", "a", "b")
    assert any(warning.endswith(": A, a.") for warning in report.warnings)


def test_the_name_of_an_upload_is_never_a_path(fill: Fill, tmp_path: Path, home: Path) -> None:
    upload = io.BytesIO(packed(fill(cat=3, dog=3), tmp_path / "x.zip").read_bytes())
    upload.name = "../../\x1b[31m<b>evil</b>.zip"
    pets = data.add(upload, "pets", 8)
    assert Path(pets.location) == home / "pets"
    upload.seek(0)
    assert data.inspect(upload).source == "../../ [31m<b>evil</b>.zip"
