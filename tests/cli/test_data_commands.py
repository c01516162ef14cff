"""`python -m tfpool data`, in this process."""

import json
from pathlib import Path

import pytest

from tests.data.conftest import Fill
from tfpool import data
from tfpool.cli import parser, training_commands


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_data_lists_what_there_is(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    data.add(fill(cat=4, dog=4), "My **pets**", (8, 16), channels=1)
    assert parser.main(["data"]) == 0
    printed = lines(capsys)
    assert [line.split()[0] for line in printed[2:]] == data.names()
    assert printed[-1].split()[1:6] == ["4", "2", "2", "2", "8×16×1"]
    assert printed[-1].endswith("own: My **pets**")
    assert parser.main(["data", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)[-1]
    assert (record["name"], record["images"]) == ("my-pets", {"train": 4, "validation": 2, "test": 2})


def test_check_reports_and_saves_nothing(fill: Fill, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = fill(cat=4, dog=4)
    (folder / "cat/bad.png").write_text("")
    for number in range(30):
        (folder / f"cat/{number}.txt").write_text("")
    assert parser.main(["data", "check", str(folder)]) == 0
    printed = capsys.readouterr().out
    assert "8 images of 2 classes, no parts given" in printed
    assert "  cat/bad.png: " in printed
    assert "  and 10 more" in printed
    assert "20" in printed
    assert parser.main(["data", "check", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["counts"] == {"all": [4, 4]}
    assert not home.exists()


def test_add_makes_a_data_set_and_remove_deletes_it(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    folder = fill(cat=10, dog=10)
    options = ["--name", "Pets", "--size", "16x8", "--grey", "--split", "60/20/20", "--seed", "3"]
    assert parser.main(["data", "add", str(folder), *options]) == 0
    printed = capsys.readouterr().out
    assert "16×8×1: 12 for train, 4 for validation, 4 for test" in printed
    assert "12 training images" in printed
    assert printed.endswith("python -m tfpool train squeezenet --recipe transfer --data pets\n")
    assert data.load("pets").image_shape == (16, 8, 1)
    assert parser.main(["data", "remove", "pet"]) == 2
    assert "pets" in capsys.readouterr().err
    assert parser.main(["data", "add", str(folder), "--name", "more", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["name"], record["image_shape"], record["report"]["images"]) == ("more", [64, 64, 3], 20)
    assert parser.main(["data", "remove", "pets"]) == 0
    assert parser.main(["data", "remove", "more", "--json"]) == 0
    assert lines(capsys)[1] == '{"removed": "more"}'
    assert data.names() == list(data.DATA)


def test_groups_are_shown_before_and_kept_when_images_are_added(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    folder = fill(cat=6, dog=6)
    pattern = ["--group-by", "/([0-9])"]
    assert parser.main(["data", "check", str(folder), *pattern]) == 0
    printed = lines(capsys)
    assert "Groups:" in printed
    assert "  0: 2 files" in printed
    options = [*pattern, "--name", "pets", "--size", "12x10", "--pad", "--no-near-duplicates"]
    assert parser.main(["data", "add", str(folder), *options, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["report"]["groups"][0] == ["0", 2]
    stored = json.loads((Path(record["folder"]) / "dataset.json").read_text())
    assert (stored["pad_to_aspect_ratio"], stored["near_duplicates"], stored["group_by"]) == (True, False, "/([0-9])")
    assert parser.main(["data", "check", str(folder), "--group-by", "("]) == 2


def test_data_sets_are_made_of_others(fill: Fill, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = fill(**{"cat": 6, "dog": 6, "a=b": 6})
    assert parser.main(["data", "add", str(folder), "--name", "pets", "--size", "12"]) == 0
    capsys.readouterr()
    changes = ["--rename", "cat=lion", "a=b=x=y", "--drop", "dog"]
    assert parser.main(["data", "edit", "pets", *changes, "--name", "Wild"]) == 0
    assert "Saved as wild, 2 classes: 8 for train, 2 for validation, 2 for test" in lines(capsys)[-1]
    assert data.load("wild").class_names == ("x=y", "lion")
    assert parser.main(["data", "merge", "pets", "wild", "--name", "Both", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["name"], record["classes"]) == ("both", 5)
    assert any("12 left out" in warning for warning in record["warnings"])
    assert parser.main(["data", "extend", "wild", str(folder), "--name", "More"]) == 0
    assert "Note: Images that the data set has already, left out: 12." in capsys.readouterr().out
    assert sum(data.describe("more").images) == 18
    for words in (["--rename", "cat"], ["--drop", "cow"], []):
        assert parser.main(["data", "edit", "pets", *words, "--name", "Other"]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_what_is_no_folder_per_class_needs_a_reading(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    folder = fill(train=8)
    (folder / "labels.csv").write_text("id,kind\n" + "".join(f"{n},{('cat', 'dog')[n % 2]}\n" for n in range(8)))
    for number, image in enumerate(sorted((folder / "train").iterdir())):
        (folder / "more" / ("ab"[number % 2])).mkdir(parents=True, exist_ok=True)
        image.with_name(f"{number}.png").rename(folder / "more" / "ab"[number % 2] / f"{number}.png")
    (folder / "train").rmdir()
    assert parser.main(["data", "check", str(folder), "--reading", "table"]) == 0
    printed = capsys.readouterr().out
    assert "labels in labels.csv (files from id, classes from kind)" in printed
    assert "Such as: more/a/0.png is cat; more/b/1.png is dog" in printed
    assert "  --reading folders: a class per folder: a, b" in printed
    flat = fill("flat", images=8)
    (folder / "labels.csv").rename(flat / "labels.csv")
    assert parser.main(["data", "add", str(flat), "--name", "pets"]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "--reading 'table:labels.csv:kind'" in message
    assert parser.main(["data", "check", str(flat), "--reading", "zzz"]) == 2
    assert parser.main(["data", "check", str(flat), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["reading"], record["is_certain"], record["counts"]) == (
        "table:labels.csv:kind",
        False,
        {"all": [4, 4]},
    )
    assert parser.main(["data", "add", str(flat), "--name", "pets", "--size", "8", "--reading", "table"]) == 0
    assert data.load("pets").class_names == ("cat", "dog")


def test_pretrained_features_are_advised_for_few_images(
    fill: Fill, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data.add(fill(cat=4, dog=4), "pets", 32)
    monkeypatch.setattr(training_commands, "_train", lambda *arguments: 0)
    store = ["--data", "pets", "--store", str(tmp_path / "store")]
    for command in (["train", "resnet8"], ["sweep", "resnet8"]):
        assert parser.main([*command, *store]) == 0
        printed = capsys.readouterr().err.splitlines()
        assert printed[0].startswith("tfpool: 4 training images")
        assert printed[1:] == ["tfpool: python -m tfpool train squeezenet --recipe transfer --data pets"]
    assert parser.main(["train", "squeezenet", "--recipe", "transfer", *store]) == 0
    assert parser.main(["train", "resnet8", "--store", str(tmp_path / "store")]) == 0
    assert capsys.readouterr().err == ""


BAD = [
    (["add", "missing", "--name", "x"], "'missing'"),
    (["add", "photos", "--name", " "], "name"),
    (["add", "photos", "--name", "x", "--size", "big"], "'big'"),
    (["add", "photos", "--name", "x", "--size", "4"], "1024"),
    (["add", "photos", "--name", "x", "--split", "half"], "'half'"),
    (["add", "photos", "--name", "x", "--split", "70/30"], "three"),
    (["add", "photos", "--name", "x", "--seed", "-1"], "seed"),
    (["add", "photos"], "--name"),
    (["check", "missing"], "'missing'"),
    (["remove", "missing"], "'missing'"),
    (["remove", "mnist"], "mnist"),
    (["fetch", "imagenet"], "'imagenet'"),
    (["paint"], "'paint'"),
]


@pytest.mark.parametrize(("arguments", "word"), BAD, ids=lambda value: " ".join(value))
def test_bad_input_is_one_line_and_exit_code_2(
    arguments: list[str], word: str, fill: Fill, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(fill(cat=3, dog=3).parent)
    try:
        code = parser.main(["data", *arguments])
    except SystemExit as ended:
        code = ended.code  # type: ignore[assignment]
    captured = capsys.readouterr()
    assert (code, captured.out) == (2, "")
    assert captured.err.startswith("tfpool: ")
    assert captured.err.count("\n") == 1
    assert word in captured.err


@pytest.mark.parametrize("command", [[], ["check"], ["add"], ["fetch"], ["remove"]], ids=str)
def test_help_explains_every_option(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        parser.main(["data", *command, "--help"])
    assert "usage: python -m tfpool data" in capsys.readouterr().out
