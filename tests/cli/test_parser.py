"""Every command's help, and what happens on bad input."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.processes import ROOT
from tfpool.cli import parser


@pytest.mark.parametrize(
    "command", [[], ["plan"], ["compare"], ["train"], ["runs"], ["rename"], ["explain"], ["classify"]], ids=str
)
def test_help_explains_every_option(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        parser.main([*command, "--help"])
    printed = capsys.readouterr().out
    assert "usage: python -m tfpool" in printed
    assert max(map(len, printed.splitlines())) <= 100


BAD = [
    (["plan", "resnet51"], "'resnet51'"),
    (["plan", "resnet20", "--head", "mlp"], "'mlp'"),
    (["plan", "resnet20", "--input", "0"], "0"),
    (["plan", "resnet20", "--input=-5x5"], "-5"),
    (["plan", "resnet20", "--input", "big"], "'big'"),
    (["plan", "resnet20", "--classes", "0"], "classes"),
    (["plan", "resnet50", "--input", "16"], "32×32"),
    (["plan", "resnet20", "--head", "flatten", "--input", "any"], "Flatten"),
    (["plan"], "backbone"),
    (["plan", "missing.keras"], "missing.keras"),
    (["plan", "app.keras"], "app.keras"),
    (["plan", "app.h5"], "app.h5"),
    (["plan", "resnet20", "--batch-size", "0"], "batch_size"),
    (["paint"], "'paint'"),
    (["train", "resnet8", "--data", "nonsense"], "'nonsense'"),
    (["train", "resnet50"], "32×32"),
    (["train", "resnet8", "--epochs", "0"], "epochs"),
    (["train", "resnet8", "--epochs", "1.5"], "'1.5'"),
    (["train", "resnet8", "--freeze", "backbone", "head"], "frozen"),
    (["train", "resnet8", "--store", "app.py"], "app.py"),
    (["train", "resnet8", "--store", "app.py/inside"], "inside"),
    (["train", "resnet8", "--recipe", "best"], "'best'"),
    (["train", "resnet8", "--augment", "blur"], "'blur'"),
    (["train", "resnet8", "--warmup", "9"], "warmup"),
    (["train", "efficientnetb0", "--set", "activation=gelu"], "gelu"),
    (["train", "resnet8", "--set", "activation=elu"], "'elu'"),
    (["sweep", "resnet8", "--seeds", "0"], "--seeds"),
    (["app", "--port", "99999"], "99999"),
    (["resume", "resnet8-gap-1"], "runs"),
    (["stop", "resnet8-gap-1"], "runs"),
    (["delete", "resnet8-gap-1"], "runs"),
    (["rename", "resnet8-gap-1", "mine"], "runs"),
    (["undelete", "resnet8-gap-1"], "'resnet8-gap-1'"),
    (["runs"], "train"),
    (["explain", "resnet8-gap-1", "photo.png"], "runs"),
    (["classify", "resnet8-gap-1", "photo.png"], "squeezenet"),
    (["classify", "squeezenet", "photo.png"], "photo.png"),
    (["classify", "squeezenet", "app.py"], "app.py"),
    (["classify", "squeezenet", "photo.png", "--top", "0"], "--top"),
    (["explain", "squeezenet", "photo.png", "--target", "tea"], "'tea'"),
]


@pytest.mark.parametrize(("arguments", "word"), BAD, ids=lambda value: " ".join(value) if value else "")
def test_bad_input_is_one_line_and_exit_code_2(
    arguments: list[str],
    word: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("app.py", "app.keras", "app.h5"):
        (tmp_path / name).write_text("")
    try:
        code = parser.main(arguments)
    except SystemExit as ended:
        code = ended.code  # type: ignore[assignment]
    captured = capsys.readouterr()
    assert code == 2
    assert captured.out == ""
    assert captured.err.startswith("tfpool: ")
    assert captured.err.count("\n") == 1
    assert word in captured.err


def test_a_closed_pipe_is_no_error() -> None:
    command = f"{sys.executable} -m tfpool plan resnet152 | head -n 1"
    ended = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("layer")
    assert ended.stderr == ""
