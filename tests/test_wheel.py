"""What people install: a wheel with the dashboard, and metadata that pip and the package's page read."""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from tests.helpers import installed
from tests.helpers.processes import ROOT

REPOSITORY = "https://example.org/tfpool"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(installed.build(tmp_path_factory.mktemp("wheel"), REPOSITORY)) as opened:
        yield opened


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return message_from_bytes(wheel.read(name))


def test_the_wheel_installs_one_package_with_the_dashboard_inside(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"tfpool"}
    inside = {name.removeprefix("tfpool/_app/") for name in wheel.namelist() if name.startswith("tfpool/_app/")}
    files = [path for folder in ("pages", "dashboard") for path in (ROOT / folder).rglob("*") if path.is_file()]
    expected = {str(path.relative_to(ROOT)) for path in files if "__pycache__" not in path.parts}
    assert inside == expected | {"app.py", ".streamlit/config.toml", "scripts/serve.py"}
    assert wheel.read("tfpool/_app/app.py") == (ROOT / "app.py").read_bytes()


def test_every_file_of_the_package_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "tfpool").rglob("*") if path.is_file()}
    assert {name for name in files if "__pycache__" not in name} <= set(wheel.namelist())


def test_the_links_of_the_description_lead_to_the_repository(metadata: Message) -> None:
    text = metadata.get_payload()
    targets = re.findall(r"\]\(([^)]+)\)", text)
    assert len(targets) > 20
    assert all(target.startswith((REPOSITORY, "#")) for target in targets)
    assert f"({REPOSITORY}/raw/HEAD/docs/pictures/home.png)" in text
    assert f"({REPOSITORY}/blob/HEAD/docs/install.md)" in text
    assert f"Source, {REPOSITORY}" in metadata.get_all("Project-URL", [])


def test_the_core_installs_neither_tensorflow_nor_streamlit(metadata: Message) -> None:
    core = [text for text in metadata.get_all("Requires-Dist", []) if "extra ==" not in text]
    names = {re.split(r"[<>=!~\[ ]", text)[0] for text in core}
    assert names == {"keras", "numpy", "h5py", "pillow", "chardet", "psutil", "rich", "matplotlib"}
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Author"] == "the tfpool developers"


def test_the_extra_all_holds_every_other_extra() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    (everything,) = extras["all"]
    assert set(re.split(r"[\[\],]", everything)[1:-1]) == set(extras) - {"all"}


def test_development_tools_are_no_extra() -> None:
    groups = PROJECT["dependency-groups"]
    assert {entry["include-group"] for entry in groups["dev"]} == set(groups) - {"dev"}
    pinned = {line.split("==")[0] for line in (ROOT / "requirements-dev.txt").read_text().splitlines()}
    tools = {re.split(r"[<>=]", text)[0] for name in set(groups) - {"dev"} for text in groups[name]}
    assert tools <= pinned


@pytest.mark.parametrize("page", ["README.md", "docs/install.md"])
def test_the_command_to_install_names_the_wheel_that_make_dist_makes(page: str, wheel: zipfile.ZipFile) -> None:
    named, extras = re.findall(r'^pip install "dist/(\S+)\[(.+)\]"$', (ROOT / page).read_text(), re.MULTILINE)[0]
    assert named == Path(str(wheel.filename)).name
    assert set(extras.split(",")) <= set(PROJECT["project"]["optional-dependencies"])


def test_the_page_on_installing_names_every_extra() -> None:
    text = (ROOT / "docs/install.md").read_text()
    assert all(f"| `{name}` |" in text for name in PROJECT["project"]["optional-dependencies"])


@pytest.mark.exhaustive
def test_both_archives_pass_their_checks_and_the_sources_have_tests_and_docs(tmp_path: Path) -> None:
    # As `make dist` does, but for where it writes.
    archives = [installed.build(tmp_path, REPOSITORY, what) for what in ("--wheel", "--sdist")]
    checks = (("twine", "check", "--strict", *archives), ("check_wheel_contents", archives[0]))
    for module, *arguments in checks:
        command = [sys.executable, "-m", module, *map(str, arguments)]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stdout + ended.stderr
    with tarfile.open(archives[1]) as sources:
        names = {name.partition("/")[2] for name in sources.getnames()}
    assert {"app.py", "pages/7_CAM.py", "setup.py", "README.md", "CITATION.cff", "docs/install.md"} <= names
    # The sources hold the tests, this file among them.
    assert str(Path(__file__).relative_to(ROOT)) in names
