"""What is shown as a picture or a table says what it shows to who cannot see it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.processes import ROOT

SHOWN = ("plotly_chart", "image", "dataframe", "data_editor", "lines")
FILES = [ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py")), *sorted((ROOT / "dashboard").glob("*.py"))]


def without_alt(source: str) -> Iterator[str]:
    """Calls of Streamlit, of one of its columns or containers, or of our own, that show something without an `alt`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SHOWN:
            said = [each.value for each in node.keywords if each.arg == "alt"]
            if not said or (isinstance(said[0], ast.Constant) and not said[0].value):
                yield f"line {node.lineno}: {ast.unparse(node.func)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_chart_image_and_table_has_an_alt_text(path: Path) -> None:
    assert list(without_alt(path.read_text())) == []


def test_one_without_an_alt_text_is_found() -> None:
    shown = "st.image(x, alt='a cat')\nst.image(x)\nwith column:\n    columns[0].dataframe(x, alt='')"
    assert list(without_alt(shown)) == ["line 2: st.image", "line 4: columns[0].dataframe"]
