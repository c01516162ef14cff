"""The site of documentation: `make docs` builds it from README.md, the pages beside this file, and the docstrings.

The pages are written for GitHub too, so the menu and the home page, which only a site needs, are added here.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
# Docstrings are read by importing, and TensorFlow logs when it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

RETURNED = {
    "Plan": "tfpool.counting.plan",
    "Comparison": "tfpool.counting.comparison",
    "Head": "tfpool.networks.heads",
    "Run": "tfpool.tracking.run",
    "Terms": "tfpool.cam",
}
"""Classes that public functions return, by module. The reference shows them without it: nobody imports them."""
for name, module in RETURNED.items():
    setattr(import_module("tfpool"), name, getattr(import_module(module), name))

project = "tfpool"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
root_doc = "README"
MENU = {
    "How to": (
        "docs/install",
        "docs/count",
        "docs/photos",
        "docs/explain",
        "docs/maps",
        "docs/runs",
        "docs/cluster",
        "docs/serving",
        "docs/faq",
    ),
    "What came out": ("docs/findings",),
    "Reference": ("docs/reference", "docs/networks"),
    "Extend": ("docs/add-a-head", "docs/add-a-network", "docs/house", "CONTRIBUTING", "CHANGELOG"),
    "What is bundled": (
        "tfpool/data/builtin/bundled/README",
        "tfpool/models/pretrained/bundled/README",
        "saved_models/README",
    ),
}
include_patterns = ["README.md", *(f"{page}.md" for pages in MENU.values() for page in pages)]
exclude_patterns = [".*", "build", "site"]

myst_heading_anchors = 4
# Docstrings say `name` for code, as Markdown does.
default_role = "code"
# Dashes, but no curly quotes: docstrings quote code.
smartquotes_action = "De"
add_module_names = False
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = "tfpool"
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False


def add_menu(app: Any, docname: str, source: list[str]) -> None:
    """Append the pages to the home page, hidden: the site's menu is made of them."""
    if docname == root_doc:
        for title, pages in MENU.items():
            lines = "\n".join(pages)
            source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n{lines}\n```\n"


def folders_as_text(app: Any, docname: str, source: list[str]) -> None:
    """Make plain text of links to folders: the site holds files of the repository, but no folders."""
    here = (ROOT / docname).parent

    def text(link: re.Match[str]) -> str:
        return link[1] if (here / link[2]).is_dir() else link[0]

    source[0] = re.sub(r"(?<!!)\[([^]\[]+)\]\((?!https?:|#)([^)#]+)\)", text, source[0])


def drop_backlinks(app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Sources link back to the reference by module path, but there names stand under their public paths."""
    if pagename.startswith("_modules/"):
        context["body"] = re.sub('<a class="viewcode-back".*?</a>', "", context["body"])


def make_home(app: Any, error: Exception | None) -> None:
    if not error and app.builder.name == "html":
        shutil.copyfile(Path(app.outdir, "README.html"), Path(app.outdir, "index.html"))


def setup(app: Any) -> None:
    app.connect("source-read", add_menu)
    app.connect("source-read", folders_as_text)
    app.connect("html-page-context", drop_backlinks)
    app.connect("build-finished", make_home)
