"""The documentation: its code runs, its links and paths exist, what is generated is up to date, the site is whole."""

import importlib.util
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

import tfpool as tp
from tests.helpers.processes import ROOT
from tests.helpers.site import Html, dead_links, outside_addresses
from tfpool import data
from tfpool.cli import parser
from tfpool.networks.catalog import CATALOG
from tfpool.networks.heads import HEADS

DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *DOCS]
LONG = ("explain.md", "maps.md", "photos.md", "cluster.md")
"""Pages whose code trains or compiles much."""
WITH_CODE = [
    pytest.param(page, id=page.name, marks=[pytest.mark.exhaustive] * (page.name in LONG))
    for page in DOCS
    if "```python" in page.read_text()
]


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_CODE)
def test_a_pages_code_runs_from_top_to_bottom(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code = "\n".join(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL))
    # Two pages add a head and a network.
    with patch.dict(HEADS), patch.dict(CATALOG):
        exec(compile(code, page.name, "exec", dont_inherit=True), {"__name__": page.stem})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_files_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_command_lines_are_understood(page: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL)
    for line in re.findall(r"^(?:python -m )?tfpool (.*)$", "\n".join(blocks), re.MULTILINE):
        parser.parser().parse_args(shlex.split(line, comments=True))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_paths_that_are_named_exist(page: Path) -> None:
    folders = "tfpool|dashboard|pages|tests|scripts|docs|benchmarks"
    for path in re.findall(rf"(?<![\w./-])((?:{folders})/[\w./-]*\w)", page.read_text()):
        assert (ROOT / path).exists(), path
    for name, path in re.findall(r"`(\w+)`\s+of\s+`([\w/]+\.py)`", page.read_text()):
        assert re.search(rf"^(def )?{name}\b", (ROOT / path).read_text(), re.MULTILINE), f"{name} of {path}"


def test_options_of_streamlit_that_are_named_are_there() -> None:
    from streamlit import config

    text = (ROOT / "docs/serving.md").read_text()
    named = set(re.findall(r"\b((?:server|browser|client)\.[a-z]\w+)", text))
    commands = [line for page in PAGES for line in re.findall(r"streamlit run app\.py[^\n`]*", page.read_text())]
    options = {name for line in commands for name in re.findall(r" --(\S+)", line)}
    assert named
    assert "server.port" in options
    assert named | options <= set(config.get_config_options())


def test_the_page_on_serving_lists_every_lock_and_its_value() -> None:
    text = (ROOT / "docs/serving.md").read_text()
    rows = "".join(line for line in text.splitlines() if line.startswith("| `"))
    for section, values in tomllib.loads((ROOT / ".streamlit/config.toml").read_text()).items():
        if section in ("server", "browser", "client"):
            for name, value in values.items():
                if name not in ("port", "showEmailPrompt", "showSidebarNavigation"):
                    text = ("`, `".join(value) or "[]") if isinstance(value, list) else str(value)
                    assert f"`{section}.{name}`" in rows
                    assert f"{text.lower() if isinstance(value, bool) else text}`" in rows, name


def test_the_readme_leads_to_every_page() -> None:
    readme = PAGES[0].read_text()
    assert all(f"(docs/{page.name})" in readme for page in DOCS)


def test_the_page_of_networks_is_the_one_that_the_catalog_makes() -> None:
    spec = importlib.util.spec_from_file_location("page", ROOT / "scripts/make_networks_page.py")
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.PAGE.read_text() == script.page(), "run python scripts/make_networks_page.py"


def public_names() -> Iterator[str]:
    yield from (f"tfpool.{name}" for name in tp.__all__ if name not in ("metrics", "callbacks"))
    yield "tfpool.callbacks.ClassActivationMaps"
    yield from (f"tfpool.metrics.{name}" for name in tp.metrics.__all__)
    yield "tfpool.counting.register"
    yield from (f"tfpool.data.{name}" for name in data.__all__ if callable(getattr(data, name)))


def test_the_reference_has_every_public_name() -> None:
    reference = (ROOT / "docs/reference.md").read_text()
    assert set(public_names()) - set(re.findall(r"auto(?:function|class):: ([\w.]+)", reference)) == set()


@pytest.mark.exhaustive
def test_the_site_is_whole_and_loads_nothing_from_outside(tmp_path: Path) -> None:
    recipe = re.search(r"^docs:.*\n\t\$\(BIN\)/sphinx-build (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe
    site = tmp_path / "site"
    folders = {"build/doctrees": str(tmp_path / "doctrees"), "site": str(site)}
    arguments = [folders.get(word, word) for word in shlex.split(recipe[1])]
    ended = subprocess.run([sys.executable, "-m", "sphinx", *arguments], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    pages = {path.resolve(): Html(path.read_text()) for path in site.rglob("*.html")}
    assert {site / "index.html", *(site / "docs" / f"{page.stem}.html" for page in DOCS)} <= set(pages)
    assert list(dead_links(site, pages)) == []
    assert list(outside_addresses(site, pages)) == []
    reference = pages[site / "docs/reference.html"].anchors
    assert set(public_names()) - reference == set()
