"""What is missing is named in one sentence, and so is what to install."""

import sys
import tomllib

import pytest

from tests.helpers.processes import ROOT
from tfpool.cli import parser
from tfpool.system import extras


@pytest.mark.parametrize(
    ("package", "install"),
    [("scipy", '"tfpool[lab]"'), ("streamlit", '"tfpool[dashboard]"'), ("tensorflow", "tensorflow-cpu")],
)
def test_an_import_that_fails_says_what_to_install(package: str, install: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(extras.MissingPackage, match="pip install") as missing, extras.named_extras():
        __import__(package)
    assert isinstance(missing.value, ImportError)
    assert isinstance(missing.value, ValueError)
    assert missing.value.name == package
    assert install in str(missing.value)
    with pytest.raises(extras.MissingPackage):
        extras.need(package)


def test_another_import_that_fails_is_left_as_it_is() -> None:
    with pytest.raises(ModuleNotFoundError) as missing, extras.named_extras():
        __import__("no_such_package")
    assert not isinstance(missing.value, extras.MissingPackage)


def test_every_extra_that_is_named_exists() -> None:
    named = {text.split("[")[1].rstrip(']"') for text in extras._INSTALL.values() if text.startswith('"tfpool[')}
    there = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert named
    assert named <= set(there)


@pytest.mark.parametrize(
    ("arguments", "package"),
    [(["app"], "streamlit"), (["train", "convnet"], "tensorflow"), (["compare", "resnet8", "--head", "gap"], "")],
    ids=str,
)
def test_a_command_says_in_one_line_what_it_needs(
    arguments: list[str], package: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("streamlit", "tensorflow", "keras"):
        monkeypatch.setitem(sys.modules, name, None)
    assert parser.main(arguments) == (2 if package else 0)
    error = capsys.readouterr().err
    assert error.count("\n") == bool(package)
    assert package in error
