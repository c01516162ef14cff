"""Each picture, chart and table has an alternative text for screen readers."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.processes import ROOT

SHOWN = ("plotly_chart", "image", "dataframe", "data_editor", "lines")
FILES = [ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py")), *sorted((ROOT / "dashboard").rglob("*.py"))]


def without_alt(source: str) -> Iterator[str]:
    """Calls of Streamlit, of one of its columns or containers, or of our own, that show something without an `alt`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SHOWN:
            alt = [keyword.value for keyword in node.keywords if keyword.arg == "alt"]
            if not alt or (isinstance(alt[0], ast.Constant) and not alt[0].value):
                yield f"line {node.lineno}: {ast.unparse(node.func)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_chart_image_and_table_has_an_alt_text(path: Path) -> None:
    assert list(without_alt(path.read_text())) == []


def test_all_of_the_dashboard_is_read() -> None:
    assert len(FILES) > 40
    assert ROOT / "dashboard/runs/run_table.py" in FILES


def test_one_without_an_alt_text_is_found() -> None:
    shown = "st.image(x, alt='a cat')\nst.image(x)\nwith column:\n    columns[0].dataframe(x, alt='')"
    assert list(without_alt(shown)) == ["line 2: st.image", "line 4: columns[0].dataframe"]
