"""`python -m tfpool data`, in this process."""

import json
from pathlib import Path

import pytest

from tests.data.conftest import Fill
from tfpool import data
from tfpool.cli import commands, parser


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


def test_check_reports_and_keeps_nothing(fill: Fill, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = fill(cat=4, dog=4)
    (folder / "cat/bad.png").write_text("")
    for number in range(30):
        (folder / f"cat/{number}.txt").write_text("")
    assert parser.main(["data", "check", str(folder)]) == 0
    printed = capsys.readouterr().out
    assert "8 images of 2 classes" in printed
    assert "  cat/bad.png: is not an image that can be read" in printed
    assert "  and 10 more" in printed
    assert "Note: Fewer than 20 images" in printed
    assert parser.main(["data", "check", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["counts"] == {"all": [4, 4]}
    assert not home.exists()


def test_add_makes_a_data_set_and_remove_deletes_it(fill: Fill, capsys: pytest.CaptureFixture[str]) -> None:
    folder = fill(cat=10, dog=10)
    given = ["--name", "Pets", "--size", "16x8", "--grey", "--split", "60/20/20", "--seed", "3"]
    assert parser.main(["data", "add", str(folder), *given]) == 0
    printed = capsys.readouterr().out
    assert "Kept as pets, 16×8×1: 12 for train, 4 for validation, 4 for test, in " in printed
    assert "12 training images" in printed
    assert printed.endswith("Train on it: python -m tfpool train squeezenet --recipe transfer --data pets\n")
    assert data.load("pets").image_shape == (16, 8, 1)
    assert parser.main(["data", "remove", "pet"]) == 2
    assert (
        capsys.readouterr().err == "tfpool: There is no data set of your own named 'pet' to remove. Your own: pets.\n"
    )
    assert parser.main(["data", "add", str(folder), "--name", "more", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["name"], record["image_shape"], record["report"]["images"]) == ("more", [64, 64, 3], 20)
    assert parser.main(["data", "remove", "pets"]) == 0
    assert parser.main(["data", "remove", "more", "--json"]) == 0
    assert lines(capsys) == ["Removed pets.", '{"removed": "more"}']
    assert data.names() == list(data.DATA)


def test_training_on_few_images_from_scratch_is_advised_against(
    fill: Fill, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data.add(fill(cat=4, dog=4), "pets", 32)
    monkeypatch.setattr(commands, "_watch", lambda *arguments: 0)
    store = ["--data", "pets", "--store", str(tmp_path / "store")]
    for command in (["train", "resnet8"], ["sweep", "resnet8"]):
        assert parser.main([*command, *store]) == 0
        said = capsys.readouterr().err.splitlines()
        assert said[0].startswith("tfpool: 4 training images")
        assert said[1:] == ["tfpool: python -m tfpool train squeezenet --recipe transfer --data pets"]
    assert parser.main(["train", "squeezenet", "--recipe", "transfer", *store]) == 0
    assert parser.main(["train", "resnet8", "--store", str(tmp_path / "store")]) == 0
    assert capsys.readouterr().err == ""


BAD = [
    (["add", "missing", "--name", "x"], "There is nothing to read at 'missing'"),
    (["add", "photos", "--name", " "], "A data set needs a name"),
    (["add", "photos", "--name", "x", "--size", "big"], "An image size is like 64 or 48x64"),
    (["add", "photos", "--name", "x", "--size", "4"], "from 8 to 1024 pixels"),
    (["add", "photos", "--name", "x", "--split", "half"], "A split is like 70/15/15"),
    (["add", "photos", "--name", "x", "--split", "70/30"], "The split is three"),
    (["add", "photos", "--name", "x", "--seed", "-1"], "The seed is a whole number from 0"),
    (["add", "photos"], "the following arguments are required: --name"),
    (["check", "missing"], "There is nothing to read at 'missing'"),
    (["remove", "missing"], "There is no data set of your own named 'missing' to remove. Your own: none."),
    (["remove", "mnist"], "mnist is built in and cannot be removed"),
    (["fetch", "imagenet"], "'imagenet' is not downloaded. Use one of: mnist"),
    (["paint"], "invalid choice: 'paint'"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=lambda value: " ".join(value))
def test_bad_input_is_one_line_and_exit_code_2(
    arguments: list[str], message: str, fill: Fill, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
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
    assert message in captured.err


@pytest.mark.parametrize("command", [[], ["check"], ["add"], ["fetch"], ["remove"]], ids=str)
def test_help_explains_every_option(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        parser.main(["data", *command, "--help"])
    assert "usage: python -m tfpool data" in capsys.readouterr().out
