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


GUESSED = {
    "gb18030": [("猫咪",), ("猫", "咖啡"), ("狗", "猫", "鸟", "鱼"), ("训练集", "测试集")],
    "big5": [("貓", "狗"), ("咖啡", "貓咪")],
    "cp932": [("日本",), ("猫", "コーヒー"), ("表", "ソフト"), ("十本", "能力ー予")],
    "cp949": [("고양이", "커피"), ("개", "고양이")],
    "cp866": [("яблоко",), ("кот", "кофе"), ("Яблоки", "Груши")],
    "cp1251": [("кошка", "собака")],
    "cp437": [("Müll",), ("Äpfel", "Nüsse"), ("café", "thé")],
    "cp850": [("maçã", "limão")],
    "cp852": [("kočka", "želva"), ("złoty", "żaba")],
    "cp737": [("γάτα", "σκύλος")],
    "cp862": [("חתול", "כלב")],
    "cp874": [("แมว", "หมา")],
}


@pytest.mark.parametrize(
    ("encoding", "names"), [(encoding, names) for encoding, groups in GUESSED.items() for names in groups]
)
def test_names_in_another_encoding_are_guessed_and_shown(encoding: str, names: tuple[str, ...]) -> None:
    file = zipped({name.encode(encoding): 2 for name in names} | {b"dog": 2})
    report = data.inspect(file)
    assert set(report.class_names) == {unicodedata.normalize("NFC", name) for name in names} | {"dog"}
    assert "guess" in report.warnings[0]
    assert sum(name in report.warnings[0] for name in names) == min(3, len(names))
    # Every other one is offered with what it makes of the names.
    keys, texts = zip(*report.encodings, strict=True)
    assert len(set(texts)) == len(texts) > 1
    assert "cp437" in keys or any(key != "cp437" and names[0] in text for key, text in report.encodings)


def test_names_are_read_in_the_chosen_encoding() -> None:
    names = ("訓練", "測試")
    file = zipped({name.encode("big5"): 3 for name in names})
    assert set(data.inspect(file, encoding="big5").class_names) == set(names)
    assert "as chosen" in data.inspect(file, encoding="Big5").warnings[0]
    assert data.add(file, "x", 8, encoding="big5").class_names == tuple(sorted(names))
    for encoding in ("cp932", "utf-16", "rot13", "nonsense", "\n"):
        with pytest.raises(ValueError, match="Use one of") as error:
            data.inspect(zipped({"кот".encode("cp1251") + b"\xff": 3, b"dog": 3}), encoding=encoding)
        assert "\n" not in str(error.value)


def test_a_name_of_a_common_kind_of_code_page_is_known(home: Path) -> None:
    file = zipped({"猫".encode("gbk"): 3, b"dog": 3})
    for encoding in ("gbk", "GB2312", "gb18030", "CP936"):
        assert data.inspect(file, encoding=encoding).class_names == ("dog", "猫")


@pytest.mark.parametrize("encoding", ["shift_jis", "big5", "gbk"])
@pytest.mark.parametrize("guess", [None, "cp437", "cp866"])
def test_a_byte_like_a_backslash_never_cuts_a_name(encoding: str, guess: str | None) -> None:
    text = {"shift_jis": "表", "big5": "功", "gbk": "臷"}[encoding]
    raw = text.encode(encoding)
    assert raw.endswith(b"\\")
    for name in (raw, raw + b"x", raw + raw):
        report = data.inspect(zipped({name: 3, b"dog": 3}), encoding=guess)
        assert len(report.class_names) == 2
        assert report.counts == {"all": (3, 3)}


def test_backslashes_between_folders_are_no_part_of_a_name() -> None:
    entries = [zipfile.ZipInfo(name) for name in ("x", "y", "z")]
    for entry, raw in zip(entries, ("猫\\1.png".encode("gbk"), b"a\\b.png", "猫\\ü\\1.png".encode()), strict=True):
        entry.orig_filename = raw.decode("cp437")
    assert entry_names(entries[:2], "gbk").paths == [["猫", "1.png"], ["a", "b.png"]]
    assert entry_names(entries[1:]).paths == [["a", "b.png"], ["猫", "ü", "1.png"]]


def test_one_damaged_name_in_a_zip_of_utf8_leaves_the_others_as_they_are() -> None:
    names = {"猫": 2, "コーヒー": 2, "кошка": 2}
    report = data.inspect(zipped({**{name.encode(): count for name, count in names.items()}, b"\xffx": 2}))
    assert set(names) < set(report.class_names)
    assert len(report.class_names) == 4


def test_a_short_name_that_could_be_utf8_is_read_like_the_others() -> None:
    raw = "猫".encode("gbk")
    assert raw.decode() == "è"
    assert set(data.inspect(zipped({raw: 3, "咖啡".encode("gbk"): 3})).class_names) == {"猫", "咖啡"}
    # Alone it is taken for UTF-8, unless somebody knows better.
    assert data.inspect(zipped({raw: 3, b"dog": 3})).class_names == ("dog", "è")


def test_the_name_that_a_program_adds_in_utf8_is_taken() -> None:
    raw = "猫咪".encode("gbk")
    right = zipped({raw: 3, b"dog": 3}, {raw: "猫咪".encode()})
    assert data.inspect(right).class_names == ("dog", "猫咪")
    assert data.inspect(right).encodings == ()
    entry = zipfile.ZipInfo("x")
    entry.orig_filename = (raw + b"/0.png").decode("cp437")
    field = struct.pack("<BI", 1, zlib.crc32(b"another")) + "猫咪/0.png".encode()
    stale = struct.pack("<HH", 0x7075, len(field)) + field
    for cut in range(len(stale) + 1):
        entry.extra = stale[:cut]
        assert entry_names([entry], "cp437").paths == [[raw.decode("cp437"), "0.png"]]


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
