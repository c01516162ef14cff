"""Names in zips by Linux, macOS, Windows and others: the classes are called as the folders are."""

import io
import struct
import unicodedata
import zipfile
import zlib
from pathlib import Path

import pytest

from tests.data.conftest import noise
from tfpool import data
from tfpool.data.custom.zip_names import entry_names


def zipped(names: dict[bytes, int], extra: dict[bytes, bytes] | None = None) -> io.BytesIO:
    """A zip with images in folders of these names, in bytes as they are, without the flag of UTF-8."""
    file = io.BytesIO()
    changes = []
    with zipfile.ZipFile(file, "w") as archive:
        seed = 0
        for name, count in names.items():
            for number in range(count):
                pixels = io.BytesIO()
                noise(seed).save(pixels, "PNG")
                raw = name + b"/%d.png" % number
                changes.append((f"Z{len(changes)}".ljust(len(raw), "Z").encode(), raw))
                entry = zipfile.ZipInfo(changes[-1][0].decode())
                if extra and name in extra:
                    text = extra[name] + b"/%d.png" % number
                    field = struct.pack("<BI", 1, zlib.crc32(raw)) + text
                    entry.extra = struct.pack("<HH", 0x7075, len(field)) + field
                archive.writestr(entry, pixels.getvalue())
                seed += 1
    content = file.getvalue()
    for placeholder, raw in changes:
        content = content.replace(placeholder, raw)
    return io.BytesIO(content)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize(
    "names", [("猫", "コーヒー"), ("кошка", "Café"), ("Äpfel", "Nüsse"), ("คน", "naïve 🐈"), ("αβγ", "İş")]
)
def test_utf8_without_its_mark_is_read_as_utf8(names: tuple[str, ...], form: str) -> None:
    file = zipped({unicodedata.normalize(form, name).encode(): 3 for name in names})
    report = data.inspect(file)
    assert set(report.class_names) == {unicodedata.normalize("NFC", name) for name in names}
    assert not any("Names in the zip" in warning for warning in report.warnings)


@pytest.mark.parametrize(
    ("text", "encoding"), [("猫咪", "gbk"), ("Müll", "cp437"), ("яблоко", "cp866"), ("日本", "shift_jis")]
)
def test_names_in_another_encoding_are_read_as_dos_names_with_a_warning(text: str, encoding: str) -> None:
    raw = text.encode(encoding)
    report = data.inspect(zipped({raw: 3, b"dog": 3}))
    shown = unicodedata.normalize("NFC", raw.decode("cp437"))
    assert set(report.class_names) == {"dog", shown}
    assert "Names in the zip" in report.warnings[0]


@pytest.mark.parametrize("text", ["表", "ソフト", "十本", "能力ー予"])
def test_a_byte_like_a_backslash_never_cuts_a_name(text: str) -> None:
    raw = text.encode("shift_jis")
    assert b"\\" in raw
    report = data.inspect(zipped({raw: 3, b"dog": 3}))
    assert len(report.class_names) == 2
    assert report.counts == {"all": (3, 3)}


def test_the_name_that_a_program_adds_in_utf8_is_taken() -> None:
    raw = "猫咪".encode("gbk")
    right = zipped({raw: 3, b"dog": 3}, {raw: "猫咪".encode()})
    assert data.inspect(right).class_names == ("dog", "猫咪")
    whole = raw + b"/0.png"
    field = struct.pack("<BI", 1, zlib.crc32(b"another")) + "猫咪/0.png".encode()
    stale = struct.pack("<HH", 0x7075, len(field)) + field
    assert entry_names(whole.decode("cp437"), False, stale, [])[0] == raw.decode("cp437")
    for cut in range(len(stale)):
        assert entry_names(whole.decode("cp437"), False, stale[:cut], [])[1] == "0.png"


@pytest.mark.parametrize("name", ["../evil", "/etc", "猫/../../evil", "c:/猫", "..\\猫"])
def test_a_name_in_utf8_leads_nowhere_else(name: str, home: Path) -> None:
    with pytest.raises(ValueError, match="a path out of the zip"):
        data.inspect(zipped({name.encode(): 1, b"dog": 3}))


@pytest.mark.parametrize("name", ["고양이", "Café", "Ånd", "が"])
def test_two_unicode_forms_of_a_name_are_one_class(name: str, tmp_path: Path) -> None:
    for part, form in (("train", "NFC"), ("test", "NFD")):
        for class_name in (name, "dog"):
            folder = tmp_path / "x" / part / unicodedata.normalize(form, class_name)
            folder.mkdir(parents=True)
            for number in range(3):
                noise(len(str(folder)) * 10 + number).save(folder / f"{number}.png")
    report = data.inspect(tmp_path / "x")
    assert set(report.class_names) == {unicodedata.normalize("NFC", name), "dog"}
    assert report.counts == {"train": (3, 3), "test": (3, 3)}
