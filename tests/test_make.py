"""`make app` serves the dashboard, and sets up first only what is not there yet."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.conftest import free_port, until_healthy
from tests.helpers import streamlit_protocol
from tests.helpers.processes import ROOT

# As if nothing of these tests had been started by make.
ALONE = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of this one that runs in the environment of these tests."""
    folder = tmp_path / "checkout"
    # Streamlit looks for pages beside the script that a link leads to.
    shutil.copytree(ROOT / "pages", folder / "pages")
    (folder / "scripts").mkdir()
    for name in ("app.py", "scripts/serve.py", "Makefile", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("dashboard", "tfpool", ".streamlit"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (folder / ".venv" / name).symlink_to(Path(sys.prefix) / name)
    return folder


def planned(folder: Path) -> list[str]:
    """What `make app` would do there."""
    made = subprocess.run(["make", "-n", "app"], cwd=folder, env=ALONE, capture_output=True, text=True, check=True)
    return made.stdout.splitlines()


def test_make_app_sets_up_what_is_not_there_and_nothing_twice(checkout: Path) -> None:
    environment, install, compiled, stamp, serve = planned(checkout)
    assert environment.endswith("-m venv .venv")
    assert "--no-deps $(grep '^tensorflow==' requirements.txt) &" in install
    assert "grep -v '^tensorflow==' requirements.txt |" in install
    assert ".venv/bin/python -m compileall" in compiled
    assert serve == ".venv/bin/python scripts/serve.py"
    (checkout / stamp.removeprefix("touch ")).touch()
    assert planned(checkout) == [serve]


@pytest.mark.parametrize(("tensorflow", "others", "code"), [(0, 0, 0), (1, 0, 1), (0, 1, 1)])
def test_an_installation_fails_where_either_half_of_it_does(
    checkout: Path, tensorflow: int, others: int, code: int
) -> None:
    install = planned(checkout)[1]
    pip = checkout / "pip"
    pip.write_text(f'#!/bin/sh\ncase "$*" in *tensorflow==*) exit {tensorflow};; *) cat; exit {others};; esac\n')
    pip.chmod(0o755)
    ended = subprocess.run(
        ["sh", "-c", install.replace(".venv/bin/pip", str(pip))], cwd=checkout, capture_output=True, text=True
    )
    assert ended.returncode == code


@pytest.mark.parametrize(("variable", "marker"), [("BROWSER", "mark.browser"), ("QUIET", "mark.quiet")])
def test_tests_are_where_make_test_looks_for_them(variable: str, marker: str) -> None:
    (line,) = re.findall(rf"^{variable} := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    looked = [ROOT / each for each in line.split()]
    marked = [path for path in (ROOT / "tests").rglob("test_*.py") if f"pytest.{marker}" in path.read_text()]
    assert marked
    assert [path for path in marked if not any(path.is_relative_to(each) for each in looked)] == []


@pytest.mark.slow
def test_make_app_serves_the_dashboard(checkout: Path, tmp_path: Path) -> None:
    (checkout / ".venv" / "runtime").touch()
    port, log = free_port(), tmp_path / "log"
    settings = {
        # It installs nothing: there is no Python to do it with.
        "PYTHON": "false",
        "STREAMLIT_SERVER_HEADLESS": "true",
        "STREAMLIT_SERVER_PORT": str(port),
        "TFPOOL_STORE": str(tmp_path / "saved_models"),
        "TFPOOL_WARMING": "off",
    }
    with log.open("w") as output:
        made = subprocess.Popen(
            ["make", "app"],
            cwd=checkout,
            env=ALONE | settings,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        until_healthy(f"http://127.0.0.1:{port}", made, log)
        assert streamlit_protocol.once(f"http://127.0.0.1:{port}", "") is None
    finally:
        # Make and what it started, if it has not ended by itself.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(made.pid, signal.SIGTERM)
        made.wait(15)
    assert log.read_text().splitlines()[0] == ".venv/bin/python scripts/serve.py"
    assert "Traceback" not in log.read_text()
