"""Notebooks: objects show tables and pictures, and the example notebooks run from top to bottom without noise."""

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.helpers.processes import ROOT

EXAMPLES = ROOT / "docs" / "notebooks"


def run(notebook: nbformat.NotebookNode, folder: Path) -> list[list[Any]]:
    """The outputs of each cell of code, run by a kernel of its own in a folder. An error is raised."""
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    return [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]


def html(outputs: list[Any]) -> str:
    return "".join(output.data["text/html"] for output in outputs if "text/html" in output.get("data", {}))


@pytest.fixture(autouse=True)
def _package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.mark.slow
def test_a_notebook_shows_tables_and_keeps_quiet(tmp_path: Path) -> None:
    code = nbformat.v4.new_code_cell
    cells = [code("import tfpool as tp"), code('tp.plan("convnet")'), code("tp.runs()"), code("tp.explain, tp.train")]
    imported, plan, runs, loaded = run(nbformat.v4.new_notebook(cells=cells), tmp_path)
    assert "convnet-gap: input" in html(plan)
    assert html(plan).count("<tr>") > 5
    assert "No runs" in html(runs)
    assert imported == []
    assert [output.output_type for output in loaded] == ["execute_result"]


@pytest.mark.exhaustive
def test_the_notebook_that_compares_heads_runs(tmp_path: Path) -> None:
    notebook = nbformat.read(EXAMPLES / "compare_heads.ipynb", as_version=4)
    outputs = run(notebook, tmp_path)
    assert not [output for cell in outputs for output in cell if output.output_type == "stream"]
    _, counts, clothes, trained, gap, flatten = outputs
    assert html(counts).count("<tr>") == 4
    assert "<img" in html(clothes)
    # The bars, and the table.
    assert html(trained).count("<progress") == 2
    assert html(trained).count(">done<") == 2
    assert "<img" in html(gap)
    assert "<img" in html(flatten)


@pytest.mark.exhaustive
def test_the_notebook_that_explains_a_model_runs(tmp_path: Path) -> None:
    notebook = nbformat.read(EXAMPLES / "explain_your_model.ipynb", as_version=4)
    *_, difference, terms, methods = run(notebook, tmp_path)
    assert (tmp_path / "maps.png").stat().st_size > 10_000
    left = re.findall(r"-?\d[\d.e+-]*", difference[0].data["text/plain"].partition("]")[0])
    assert len(left) == 3
    assert max(abs(float(number)) for number in left) < 1e-4
    assert "bias" in html(terms)
    assert "gradcam" in methods[0].data["text/plain"]
