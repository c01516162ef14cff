"""Write the table of methods in docs/explain.md.

python scripts/make_methods_table.py
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tfpool.cam.attribution.methods import METHODS  # noqa: E402

PAGE = ROOT / "docs" / "explain.md"
BEGIN, END = "<!-- methods: begin -->\n", "<!-- methods: end -->"


def table() -> str:
    """A row per method."""
    rows = [
        f"| `{name}` | {method.summary} | {method.unit} | {method.cost} | {method.source} |\n"
        for name, method in METHODS.items()
    ]
    return "".join(
        ["| method | what it shows | unit of a map | cost per image | source |\n", "|---|---|---|---|---|\n", *rows]
    )


def page(text: str) -> str:
    """The text of the page with the table between its marks."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + table() + END + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
