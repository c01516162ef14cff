"""tfpool as people install it: a wheel, in an environment that has only the packages a requirement asks for."""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from tests.helpers.processes import ROOT

SOURCES = ("tfpool", "dashboard", "pages", ".streamlit", "scripts", "tests", "docs", "benchmarks")
FILES = ("setup.py", "pyproject.toml", "MANIFEST.in", "CITATION.cff", "app.py", "README.md", "LICENSE")


def build(folder: Path, repository: str = "", what: str = "--wheel") -> Path:
    """The wheel, or with "--sdist" the source archive, built from a copy of the files in this checkout."""
    source = folder / "source"
    if not source.exists():
        for name in SOURCES:
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in FILES:
            shutil.copy(ROOT / name, source / name)
    out = folder / "dist"
    # Without a network, nothing can be installed for the building alone.
    command = [sys.executable, "-m", "build", what, "--no-isolation", "--skip-dependency-check", "--outdir", str(out)]
    environment = {**os.environ, "TFPOOL_REPOSITORY": repository}
    ended = subprocess.run([*command, str(source)], env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return max(out.iterdir(), key=lambda path: path.stat().st_mtime)


class Environment:
    """A virtual environment without any package, not even pip."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder)
        self.folder = folder
        self.python = folder / "bin" / "python"
        (self.site,) = folder.glob("lib/python*/site-packages")

    def pip(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "pip", "--python", str(self.python), *arguments]
        ended = subprocess.run(command, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stdout + ended.stderr

    def link(self, requirement: str) -> None:
        """Add what a requirement asks for, and what that asks for, from the packages that the tests run with."""
        for distribution in needed(requirement):
            for name in {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
                if not (self.site / name).exists():
                    (self.site / name).symlink_to(Path(str(distribution.locate_file(name))))

    def run(self, *command: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run one of the environment's programs, such as "tfpool", in a folder."""
        program, *arguments = command
        return subprocess.run(
            [str(self.folder / "bin" / program), *arguments],
            cwd=cwd,
            env={**clean_variables(), **variables},
            capture_output=True,
            text=True,
        )


def clean_variables() -> dict[str, str]:
    """The variables of this process without those that lead Python or tfpool elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TFPOOL_"))}


def needed(requirement: str) -> list[metadata.Distribution]:
    """A requirement such as "streamlit[performance]>=1.67" and all that it requires here."""
    found: dict[str, metadata.Distribution] = {}
    seen: set[tuple[str, str]] = set()

    def follow(text: str) -> None:
        wanted = Requirement(text)
        for extra in ("", *wanted.extras):
            if (wanted.name.lower(), extra) in seen:
                continue
            seen.add((wanted.name.lower(), extra))
            distribution = found.setdefault(wanted.name.lower(), metadata.distribution(wanted.name))
            assert wanted.specifier.contains(distribution.version, prereleases=True), (text, distribution.version)
            for inner in requires(distribution, extra):
                follow(inner)

    follow(requirement)
    return list(found.values())


def requires(distribution: metadata.Distribution, extra: str = "") -> Iterator[str]:
    """What a distribution requires here, with one of its extras."""
    for text in distribution.requires or ():
        marker = Requirement(text).marker
        if marker is None or marker.evaluate({"extra": extra}):
            yield text.partition(";")[0]
