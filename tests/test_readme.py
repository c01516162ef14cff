"""The README's code runs, and what it says is there, is."""

import ast
import re
import shlex
import shutil
from pathlib import Path

import pytest
from PIL import Image

import tfpool as tp
from tests.helpers.processes import ROOT
from tfpool import data
from tfpool.cli import parser
from tfpool.lab import finding
from tfpool.lab.report import short_answer
from tfpool.networks.heads import HEADS

TEXT = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def commands() -> list[list[str]]:
    lines = "".join(blocks("sh")).splitlines()
    return [shlex.split(line, comments=True)[3:] for line in lines if line.startswith("python -m tfpool")]


@pytest.mark.slow
@pytest.mark.parametrize("code", blocks("python"), ids=["example"])
def test_python_blocks_run(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec", dont_inherit=True), {"__name__": "readme"})
    assert capsys.readouterr().out


def test_command_lines_are_understood() -> None:
    commands_shown = {"plan", "compare", "train", "sweep", "resume", "lab", "data", "runs", "explain", "classify"}
    assert {arguments[0] for arguments in commands()} == commands_shown
    for arguments in commands():
        parser.parser().parse_args(arguments)


@pytest.mark.slow
def test_command_lines_run(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(trained, tmp_path / "saved_models")
    (tmp_path / "tfpool").symlink_to(ROOT / "tfpool")
    Image.fromarray(data.load("fashion_mnist").test.images[0, ..., 0]).save("photo.png")
    for arguments in commands():
        # Training takes minutes, and a run that is done cannot be resumed: other tests cover these.
        if arguments[0] not in ("train", "sweep", "resume") and arguments[:2] != ["lab", "position"]:
            assert parser.main(arguments) == 0
    with Image.open("map.png") as picture:
        assert picture.size[0] >= 500


def test_make_has_the_two_commands_that_come_first() -> None:
    first = re.findall(r"^make (\w+)", blocks("sh")[0], re.MULTILINE)
    assert first == ["app", "test"]
    makefile = (ROOT / "Makefile").read_text()
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in first)


def test_everything_in_the_catalog_is_named() -> None:
    for name in (*HEADS, *tp.methods(), *data.DATA):
        assert f"`{name}`" in TEXT


ANSWER = """After a residual network (resnet8, 1,000 images of Fashion-MNIST, 16 epochs), these runs show no difference
in accuracy: Flatten is
{overfitting.named[test: Flatten − GAP, resnet8, 1,000 images]:ahead/behind}.
Take GAP, which has fewer parameters. After a small plain network (convnet, as many images and epochs), Flatten is
{overfitting.named[test: Flatten − GAP, convnet, 1,000 images]:ahead/behind}.
On objects in other places than in training, Flatten loses
{translation.named[drop: Flatten − GAP, trained as they are, padding zero]:more/less}
of its accuracy than GAP."""


def test_the_answer_is_the_one_of_the_findings_that_ship() -> None:
    shipped = {name: result for name in ("overfitting", "translation") if (result := finding.shipped(name))}
    assert " ".join(short_answer(shipped, ANSWER).split()) in " ".join(TEXT.split())
    assert all(result.seeds == list(range(5)) for result in shipped.values())
    residual = shipped["overfitting"].judgement.named["test: Flatten − GAP, resnet8, 1,000 images"]
    assert residual.low <= 0 <= residual.high


def test_the_example_in_python_is_five_statements() -> None:
    (code,) = blocks("python")
    _, _, example = code.partition("\n\n")[2].partition("\n\n")
    assert len(ast.parse(example).body) <= 5


def test_the_tables_parameters_are_those_of_the_plans() -> None:
    for head in ("gap", "flatten"):
        plan = tp.plan("resnet8", head=head, input_shape=(28, 28, 1))
        assert f"| {plan.params:,} | {plan.head_params:,} |" in TEXT
