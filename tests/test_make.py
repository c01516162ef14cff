"""`make` sets up what is missing, once; every test belongs to one round; `make app` serves the dashboard."""

import contextlib
import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from _pytest.mark.expression import Expression

from tests.browser.conftest import free_port, until_healthy
from tests.conftest import STARTING_WORKERS, TOGETHER
from tests.helpers import streamlit_protocol
from tests.helpers.processes import ROOT

ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
"""Without what a `make` that started these tests hands down."""
PYTHON = """#!/bin/sh
[ "$1" = -m ] && [ "$2" = venv ] || exit 0
mkdir -p .venv/bin
printf '#!/bin/sh\\nexit 0\\n' >.venv/bin/python
cp "$PIP" .venv/bin/pip
chmod +x .venv/bin/*
"""
"""A Python of any version that makes environments without downloading anything."""
PIP = """#!/bin/sh
echo called >>pip-calls
case "$*" in *tensorflow==*) exit {tensorflow} ;; *) cat >/dev/null; exit {rest} ;; esac
"""


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def make(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--silent", *arguments]
    return subprocess.run(command, cwd=folder, env=ENVIRONMENT | environment, capture_output=True, text=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A fresh clone, as far as `make` reads it."""
    folder = tmp_path / "checkout"
    (folder / "scripts").mkdir(parents=True)
    for name in ("app.py", "scripts/serve.py", "scripts/setup.sh", "Makefile", "requirements.txt"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def set_up(checkout: Path, tensorflow: int = 0, rest: int = 0) -> int:
    pip = executable(checkout / "fake" / "pip", PIP.format(tensorflow=tensorflow, rest=rest))
    python = executable(checkout / "fake" / "python", PYTHON)
    return make(checkout, ".venv/runtime", PYTHON=str(python), PIP=str(pip)).returncode


def test_make_sets_up_once(checkout: Path) -> None:
    assert set_up(checkout) == 0
    calls = (checkout / "pip-calls").read_text()
    assert calls
    assert set_up(checkout) == 0
    assert (checkout / "pip-calls").read_text() == calls


@pytest.mark.parametrize(("tensorflow", "rest"), [(1, 0), (0, 1)])
def test_an_installation_that_fails_in_part_is_not_taken_as_done(checkout: Path, tensorflow: int, rest: int) -> None:
    assert set_up(checkout, tensorflow, rest) != 0
    assert not (checkout / ".venv" / "runtime").exists()
    # pip cannot mend a package that is there in part.
    left_behind = checkout / ".venv" / "in part"
    left_behind.touch()
    assert set_up(checkout) == 0
    assert not left_behind.exists()


@pytest.mark.parametrize("user", [0, 1000])
def test_a_missing_browser_is_installed_by_root_and_named_to_others(checkout: Path, user: int) -> None:
    commands = checkout / "fake"
    executable(commands / "id", f"#!/bin/sh\necho {user}\n")
    executable(commands / "sudo", "#!/bin/sh\nexit 1\n")
    executable(commands / "apt-get", f'#!/bin/sh\necho "$@" >>{checkout}/apt\n')
    path = f"{commands}:{ENVIRONMENT['PATH']}"
    ended = make(checkout, "chromium", PATH=path, CHROMIUM=str(checkout / "missing"))
    assert (ended.returncode == 0) == (user == 0)
    installed = (checkout / "apt").read_text() if user == 0 else ended.stderr.splitlines()[0]
    assert "chromium" in installed


def test_a_python_of_another_version_is_refused_by_name(checkout: Path) -> None:
    python = executable(checkout / "fake" / "python", "#!/bin/sh\necho Python 3.99\nexit 1\n")
    ended = make(checkout, ".venv/runtime", PYTHON=str(python))
    assert ended.returncode
    assert "3.99" in ended.stderr
    assert not (checkout / ".venv").exists()


def test_every_test_belongs_to_one_round() -> None:
    lines = make(ROOT, "--dry-run", "tests", "exhaustive").stdout
    rounds = [Expression.compile(one or other) for one, other in re.findall(r'pytest .*?-m (?:"(.+?)"|(\w+))', lines)]
    assert len(rounds) == 4
    for count in range(4):
        for marks in itertools.combinations(("browser", "quiet", "exhaustive"), count):
            chosen = [expression.evaluate(lambda name, /, **_: name in marks) for expression in rounds]  # noqa: B023
            assert sum(chosen) == 1, marks


@pytest.mark.parametrize(("variable", "marker"), [("BROWSER", "mark.browser"), ("QUIET", "mark.quiet")])
def test_tests_are_where_make_test_looks_for_them(variable: str, marker: str) -> None:
    printed = make(ROOT, f"--eval=paths: ; @echo $({variable})", "paths").stdout
    folders = [ROOT / path for path in printed.split()]
    marked = [path for path in (ROOT / "tests").rglob("test_*.py") if f"pytest.{marker}" in path.read_text()]
    assert marked
    assert [path for path in marked if not any(path.is_relative_to(folder) for folder in folders)] == []


@pytest.mark.parametrize("start", TOGETHER)
def test_a_group_of_tests_that_share_a_fixture_is_there(start: str) -> None:
    path, _, name = start.partition("::")
    name, _, parameters = name.partition("[")
    text = (ROOT / path).read_text()
    assert re.search(rf"^def {name}" if name else r"^def test_", text, re.MULTILINE)
    assert parameters in text


def test_folders_whose_tests_start_workers_are_there() -> None:
    assert all((ROOT / "tests" / name).is_dir() for name in STARTING_WORKERS)


@pytest.mark.slow
def test_make_app_serves_the_dashboard(checkout: Path, tmp_path: Path) -> None:
    # Streamlit looks for pages beside the script that a link leads to.
    shutil.copytree(ROOT / "pages", checkout / "pages")
    for name in ("dashboard", "tfpool", ".streamlit"):
        (checkout / name).symlink_to(ROOT / name)
    (checkout / ".venv").mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (checkout / ".venv" / name).symlink_to(Path(sys.prefix) / name)
    (checkout / ".venv" / "runtime").touch()
    port, log = free_port(), tmp_path / "log"
    settings = {
        # No Python to install anything with.
        "PYTHON": "false",
        "STREAMLIT_SERVER_HEADLESS": "true",
        "STREAMLIT_SERVER_PORT": str(port),
        "TFPOOL_STORE": str(tmp_path / "saved_models"),
        "TFPOOL_WARMING": "off",
    }
    with log.open("w") as output:
        process = subprocess.Popen(
            ["make", "app"],
            cwd=checkout,
            env=ENVIRONMENT | settings,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        until_healthy(f"http://127.0.0.1:{port}", process, log)
        assert streamlit_protocol.once(f"http://127.0.0.1:{port}", "") is None
    finally:
        # make, and what it started if that has not ended by itself.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(15)
    assert "Traceback" not in log.read_text()
