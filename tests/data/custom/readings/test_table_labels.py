"""Labels in a table beside the images: any format and encoding, columns found by content, used once they are chosen."""

import json
import shutil
from pathlib import Path

import pytest

from tests.data.conftest import filled, noise, packed, refused
from tfpool import data
from tfpool.data.custom.readings import label_table

CLASSES = ("Bär", "Maus")


def rows(number: int = 8, ending: str = ".png", delimiter: str = ",", newline: str = "\n") -> str:
    return "".join(f"{index}{ending}{delimiter}{CLASSES[index % 2]}{newline}" for index in range(number))


def flat(root: Path, folder: str = ".", number: int = 8) -> Path:
    return filled(root / "pets", {folder: number})


def written(folder: Path, name: str, content: str | bytes) -> Path:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


TABLES: list[tuple[str, str | bytes]] = [
    ("labels.csv", "file,class\n" + rows()),
    ("labels.csv", "class,file\n" + "".join(f"{CLASSES[index % 2]},{index}\n" for index in range(8))),
    ("liste.csv", ("Datei;Art\r\n" + rows(delimiter=";", newline="\r\n")).encode("cp1252")),
    ("liste.csv", ("sep=;\r\nDatei;Art\r\n" + rows(delimiter=";", newline="\r\n")).encode("utf-8-sig")),
    ("excel.csv", ("Datei;Art;Wert\n" + "".join(f"{i};{CLASSES[i % 2]};{i},5\n" for i in range(8))).encode("utf-16")),
    ("labels.tsv", "file\tclass\n" + rows(delimiter="\t")),
    ("labels.txt", rows(delimiter=" ")),
    ("labels.csv", rows()),
    ("metadata.jsonl", "".join(json.dumps({"file_name": f"{i}.png", "y": CLASSES[i % 2]}) + "\n" for i in range(8))),
    ("labels.json", json.dumps([{"image": f"{i}.png", "label": CLASSES[i % 2]} for i in range(8)])),
    ("labels.json", json.dumps({f"{i}.png": CLASSES[i % 2] for i in range(8)})),
    ("labels.csv", "file|class\n" + rows(delimiter="|")),
    ("labels.csv", "file,class\n" + rows(ending=".jpg")),
    ("labels.csv", "file,class\n" + "".join(f'"images\\{i}.PNG","{CLASSES[i % 2]}"\n' for i in range(8))),
    ("labels.csv", "x,Bär,Maus\n" + "".join(f"{i}.png, {1 - i % 2}, {i % 2}\n" for i in range(8))),
    ("labels.csv", ("x,c\n" + rows()).encode("utf-16-le")),
    ("labels.csv", ("x,c\n" + rows()).encode("utf-32")),
]


@pytest.mark.parametrize(("name", "content"), TABLES)
@pytest.mark.parametrize("folder", [".", "images"])
def test_tables_of_many_kinds_are_read(
    name: str, content: str | bytes, folder: str, tmp_path: Path, home: Path
) -> None:
    source = written(flat(tmp_path, folder), name, content)
    report = data.inspect(source)
    assert (report.class_names, report.counts) == (CLASSES, {"all": (4, 4)})
    assert report.reading.startswith(f"table:{name}:")
    assert not report.is_certain
    assert dict(report.examples) == {report.examples[0][0]: "Bär", report.examples[1][0]: "Maus"}
    assert [name for name, _ in report.skipped] == []
    assert data.inspect(packed(source, tmp_path / "x.zip")).counts == report.counts


def test_a_table_is_used_only_when_it_was_chosen(tmp_path: Path, home: Path) -> None:
    source = written(flat(tmp_path), "labels.csv", "file,class\n" + rows())
    with pytest.raises(ValueError, match=r"reading='table:labels\.csv:class', labels in"):
        data.add(source, "pets", 8)
    assert not home.exists() or list(home.iterdir()) == []
    pets = data.add(source, "pets", 8, reading="table")
    assert (pets.class_names, sum(len(part) for part in pets.parts.values())) == (CLASSES, 8)
    assert json.loads((Path(pets.location) / "dataset.json").read_text())["reading"] == "table:labels.csv:class"
    with pytest.raises(ValueError, match="cannot be read as 'boxes'"):
        data.inspect(source, reading="boxes")


@pytest.mark.parametrize(
    ("header", "values", "parts"),
    [
        ("split", ("train", "test"), {"train": (3, 3), "test": (1, 1)}),
        ("data set", ("Training", "valid"), {"train": (3, 3), "validation": (1, 1)}),
        ("x", ("tr", "holdout"), {"train": (3, 3), "test": (1, 1)}),
        ("is_valid", ("False", "True"), {"train": (3, 3), "validation": (1, 1)}),
        ("is_test", ("0", "1"), {"train": (3, 3), "test": (1, 1)}),
    ],
)
def test_a_column_of_parts_is_found(
    header: str, values: tuple[str, str], parts: dict[str, tuple[int, int]], tmp_path: Path
) -> None:
    lines = "".join(f"{i},{values[i > 5]},{CLASSES[i % 2]}\n" for i in range(8))
    report = data.inspect(written(flat(tmp_path), "labels.csv", f"id,{header},kind\n{lines}"))
    assert (report.class_names, report.counts) == (CLASSES, parts)


def test_images_and_rows_without_each_other_are_named(tmp_path: Path) -> None:
    lines = "0,a\n1,b\n2,a\n3,b\n4,\n5,a\n5,b\n77,a\n78,b\n"
    report = data.inspect(written(flat(tmp_path), "labels.csv", "id,class\n" + lines))
    assert report.counts == {"all": (2, 2)}
    assert dict(report.skipped) == {
        "4.png": "without a label in labels.csv",
        "5.png": "with several labels in labels.csv",
        "6.png": "not in labels.csv",
        "7.png": "not in labels.csv",
    }
    assert "2 rows of labels.csv name no image here, such as 77." in report.warnings
    assert report.layout.count("4 images left out") == 1


def test_every_column_of_classes_is_offered_and_measurements_are_not(tmp_path: Path) -> None:
    source = filled(tmp_path / "skin", {"images_part_1": 8, "images_part_2/more": 8})
    lines = "".join(
        f"L{i},{i},{('nv', 'mel')[i % 2]},{('left', 'right', 'back')[i % 3]},{i / 7},{20 + i}\n" for i in range(16)
    )
    for number, image in enumerate(sorted((source / "images_part_2/more").iterdir())):
        image.rename(image.with_name(f"{8 + number}.png"))
    written(source, "meta.csv", "lesion,image_id,dx,where,score,age\n" + lines)
    report = data.inspect(source)
    assert [key for key, _ in report.readings] == ["table:meta.csv:dx", "table:meta.csv:where", "folders"]
    assert report.class_names == ("mel", "nv")
    assert data.inspect(source, reading="table:meta.csv:where").class_names == ("back", "left", "right")
    assert data.inspect(source, reading="folders").class_names == ("images_part_1", "images_part_2")


@pytest.mark.parametrize("shown", ["a/{}.png", "a\\{}", "photos/a/{}.PNG"])
def test_a_path_tells_equal_names_apart_and_a_name_alone_does_not(shown: str, tmp_path: Path, home: Path) -> None:
    source = filled(tmp_path / "x", {"photos/a": 4, "photos/b": 4})
    lines = "".join(f"{shown.format(i)},{i % 2}\n" for i in range(4))
    report = data.inspect(written(source, "labels.csv", "f,c\n" + lines), reading="table")
    assert report.counts == {"all": (2, 2)}
    assert {name for name, _ in report.skipped} == {f"photos/b/{i}.png" for i in range(4)}
    parts = filled(tmp_path / "y", {"train": 4, "test": 4})
    refused(written(parts, "labels.csv", "f,c\n0,a\n1,b\n2,a\n3,b\n"), "several images", home)
    (parts / "labels.csv").rename(parts / "train_labels.csv")
    assert {name for name, _ in data.inspect(parts).skipped} == {f"test/{i}.png" for i in range(4)}


@pytest.mark.parametrize("ending", [".png", ".jpg", ""])
def test_numbers_of_rows_are_not_taken_for_names_of_images(ending: str, tmp_path: Path) -> None:
    source = flat(tmp_path)
    for image in source.iterdir():
        image.rename(image.with_name(f"{'' if ending else 'scan'}{image.stem}.png"))
    name = "{}" if ending else "scan{}"
    # The first column numbers rows, which are in another order than the images.
    lines = "".join(f"{n},{name.format((n + 3) % 8)}{ending},{CLASSES[(n + 3) // 4 % 2]}\n" for n in range(7))
    report = data.inspect(written(source, "labels.csv", "number,file,class\n" + lines))
    assert "files from file, classes from class" in report.layout
    assert [name for name, _ in report.skipped] == [name.format(2) + ".png"]


def test_measurements_are_not_taken_for_names_of_images(tmp_path: Path) -> None:
    lines = "".join(f"0.{n:02},1.{n},{n}.png,{CLASSES[n % 2]}\n" for n in range(8))
    report = data.inspect(written(flat(tmp_path), "labels.csv", "x,y,name,class\n" + lines))
    assert (report.counts, report.reading) == ({"all": (4, 4)}, "table:labels.csv:class")


def test_zeros_that_excel_leaves_out_do_no_harm(tmp_path: Path) -> None:
    source = flat(tmp_path, number=12)
    for image in source.iterdir():
        image.rename(image.with_name(f"{int(image.stem):04}.png"))
    report = data.inspect(written(source, "labels.csv", "id;class\n" + rows(12, ending="", delimiter=";")))
    assert (report.counts, dict(report.examples)) == ({"all": (6, 6)}, {"0000.png": "Bär", "0001.png": "Maus"})


def test_tables_of_equal_columns_are_read_as_one(tmp_path: Path) -> None:
    source = filled(tmp_path / "x", {"train": 6, "valid": 4, "test": 4})
    for part, number in (("train", 6), ("valid", 4), ("test", 4)):
        lines = "".join(f"{i}.png, {1 - i % 2}, {i % 2}\n" for i in range(number))
        written(source, f"{part}/_classes.csv", "filename, cat, coffee\n" + lines)
    report = data.inspect(source)
    assert report.counts == {"train": (3, 3), "validation": (2, 2), "test": (2, 2)}
    assert report.class_names == ("cat", "coffee")


def test_class_folders_come_first_and_a_table_that_says_the_same_raises_no_doubt(tmp_path: Path) -> None:
    source = filled(tmp_path / "x", {"train/1": 4, "train/2": 4, "test/1": 2, "test/2": 2})
    lines = "".join(f"train/{kind}/{i}.png,{kind}\n" for kind in (1, 2) for i in range(4))
    report = data.inspect(written(source, "train.csv", "Path,ClassId\n" + lines))
    assert (report.reading, report.is_certain) == ("folders", True)
    assert "table:train.csv:ClassId" in dict(report.readings)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("a,b\nx,k\ny,l\n", "no column that names the images"),
        ("file,note\n" + "".join(f"{i}.png,note {i}\n" for i in range(8)), "no column of classes"),
        (b"\0" * 50 + b"\xff" * 400, "is not a text"),
        (",".join("a" * 600) + "\n", "has no columns"),
        ('file,class\n"0.png,a\n' + "x" * 140_000, "labels.csv"),
    ],
)
def test_tables_of_no_use_are_named_with_why(content: str | bytes, word: str, tmp_path: Path, home: Path) -> None:
    refused(written(flat(tmp_path), "labels.csv", content), word, home)


def test_limits_on_tables_hold(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = written(flat(tmp_path), "labels.csv", "file,class\n" + rows())
    monkeypatch.setattr(label_table, "MAX_ROWS", 4)
    refused(source, "has more than 4 rows", home)
    monkeypatch.setattr("tfpool.data.custom.readings.table_labels.MAX_BYTES", 20)
    monkeypatch.setattr(label_table, "MAX_BYTES", 20)
    refused(source, "has more than 0 MB", home)
    monkeypatch.undo()
    (source / "labels.csv").rename(source / "labels.xlsx")
    with pytest.raises(ValueError, match="save it as CSV"):
        data.inspect(source)


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("cp1252", ("Bär", "café")),
        ("cp1250", ("łoś", "żubr")),
        ("cp1251", ("кошка", "собака")),
        ("cp932", ("ねこ", "いぬ")),
        ("utf-8", ("猫", "咖啡")),
        ("utf-16", ("猫", "咖啡")),
    ],
)
def test_a_guessed_encoding_is_said(encoding: str, words: tuple[str, str], tmp_path: Path) -> None:
    lines = "file,class\n" + "".join(f"{i}.png,{words[i % 2]}\n" for i in range(8))
    report = data.inspect(written(flat(tmp_path), "labels.csv", lines.encode(encoding)))
    assert set(report.class_names) == set(words)
    assert any(f"read as {encoding}" in warning for warning in report.warnings) == encoding.startswith("cp")


@pytest.mark.parametrize("name", ["sample_submission.csv", "sampleSubmission.csv", "Submission_format.csv"])
def test_a_sample_of_predictions_is_no_table_of_labels(name: str, tmp_path: Path) -> None:
    source = written(flat(tmp_path, number=12), "train.csv", "id,label\n" + rows(8, ""))
    written(source, name, "id,label\n" + "".join(f"{index},{CLASSES[0]}\n" for index in range(8, 12)))
    report = data.inspect(source)
    assert (report.counts, report.layout.count("4 images left out: not in train.csv")) == ({"all": (4, 4)}, 1)
    assert any(warning.startswith(f"{name} is called like predictions") for warning in report.warnings)


@pytest.mark.parametrize("missing", ["", "nan", "NaN", "<NA>", "N/A", "#N/A", "NULL"])
@pytest.mark.parametrize("classes", [CLASSES, ("0.0", "1.0")])
def test_a_missing_label_is_no_class(missing: str, classes: tuple[str, str], tmp_path: Path) -> None:
    lines = "".join(f"{index}.png,{(*classes, missing)[index % 3]}\n" for index in range(12))
    report = data.inspect(written(flat(tmp_path, number=12), "labels.csv", "file,label\n" + lines))
    assert (report.class_names, report.counts) == (tuple(name.partition(".")[0] for name in classes), {"all": (4, 4)})
    assert {reason for _, reason in report.skipped} == {"without a label in labels.csv"}


@pytest.mark.parametrize("is_zip", [False, True])
def test_a_chosen_encoding_is_that_of_tables_too(is_zip: bool, tmp_path: Path) -> None:
    # Each byte is a letter of either: nothing says which.
    words = ("Ёж", "Жук")
    lines = "file,class\n" + "".join(f"{i}.png,{words[i % 2]}\n" for i in range(8))
    source = written(flat(tmp_path), "labels.csv", lines.encode("koi8_r"))
    if is_zip:
        source = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", source))
    for name in ("koi8-r", "KOI8_R"):
        report = data.inspect(source, encoding=name)
        assert set(report.class_names) == set(words)
        assert any("read as koi8-r, as chosen" in warning for warning in report.warnings)
    with pytest.raises(ValueError, match="cannot be read as big5"):
        data.inspect(source, encoding="big5")
    with pytest.raises(ValueError, match=r"Unknown encoding: 'utf-7'\. Use one of: .*koi8-r"):
        data.inspect(source, encoding="utf-7")


def test_a_table_in_unicode_stays_so_whatever_is_chosen(tmp_path: Path) -> None:
    lines = "file,class\n" + "".join(f"{i}.png,{('猫', '咖啡')[i % 2]}\n" for i in range(8))
    report = data.inspect(written(flat(tmp_path), "labels.csv", lines.encode()), encoding="gbk")
    assert set(report.class_names) == {"猫", "咖啡"}


def test_names_in_a_table_are_shown_on_one_line_without_hidden_marks(tmp_path: Path) -> None:
    hostile = ("<script>\u202e", "=1+1\x1b[31m")
    lines = '"fi\nle",class\n' + "".join(f'{i}.png,"{hostile[i % 2]}"\n' for i in range(8))
    report = data.inspect(written(flat(tmp_path), "labels.csv", lines))
    assert len(report.class_names) == 2
    for text in (*report.class_names, *report.warnings, report.layout, report.reading, *dict(report.readings).values()):
        assert text.isprintable()


def test_a_link_out_of_the_folder_is_no_table(tmp_path: Path, home: Path) -> None:
    source = flat(tmp_path)
    written(tmp_path, "secret.csv", "file,class\n" + rows())
    (source / "labels.csv").symlink_to(tmp_path / "secret.csv")
    refused(source, "sub-folder", home)
    noise(3).save(source / "more.png")
