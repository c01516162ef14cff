"""The pages under docs/: their code runs, what they link to is there, and what is generated is up to date."""

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tfpool import cli

from .conftest import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
WITH_CODE = [page for page in PAGES[1:] if "```python" in page.read_text()]


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: page.name)
def test_a_pages_code_runs_from_top_to_bottom(page: Path, tmp_path: Path) -> None:
    code = "\n".join(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_files_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES[1:], ids=lambda page: page.name)
def test_command_lines_are_understood(page: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL)
    for line in re.findall(r"^python -m tfpool (.*)$", "\n".join(blocks), re.MULTILINE):
        cli.parser().parse_args(shlex.split(line))


def test_the_readme_leads_to_every_page() -> None:
    readme = PAGES[0].read_text()
    assert all(f"(docs/{page.name})" in readme for page in PAGES[1:])


def test_the_page_of_networks_is_the_one_that_the_catalog_makes() -> None:
    spec = importlib.util.spec_from_file_location("page", ROOT / "scripts/make_networks_page.py")
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.PAGE.read_text() == script.page(), "run python scripts/make_networks_page.py"
