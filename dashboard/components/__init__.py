"""What the dashboard brings to the browser: one folder per component with its JavaScript, CSS and HTML.

The Python that fills a component stands with its page. Others use `component` and `style`.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

_FOLDER = Path(__file__).parent


def component(name: str, *before: str) -> ComponentRenderer:
    """A custom component of Streamlit from `<name>/<name>.html`, `.css` and `.js`.

    `before` are the names of more JavaScript files, without `.js`, whose code stands before the component's own: those
    of its folder, and `shared_…` of this one. A component is a single script, which can import no file.
    """
    files = _FOLDER / name
    html, css, js = ((files / f"{name}.{kind}").read_text("utf-8") for kind in ("html", "css", "js"))
    more = [(_FOLDER if each.startswith("shared") else files) / f"{each}.js" for each in before]
    js = "\n".join([*(path.read_text("utf-8") for path in more), js])
    return st.components.v2.component(f"tfpool_{name}", html=html, css=css, js=js)


def style(name: str) -> None:
    """Apply `<name>/<name>.css` to the whole page."""
    st.html(_FOLDER / name / f"{name}.css")
