"""What the dashboard brings to the browser: one folder per component with its JavaScript, CSS and HTML.

The Python that fills a component stands with its page. Others use `component` and `style`.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

_FOLDER = Path(__file__).parent


def component(name: str) -> ComponentRenderer:
    """A custom component of Streamlit from `<name>/<name>.html`, `.css` and `.js`."""
    files = _FOLDER / name
    html, css, js = ((files / f"{name}.{kind}").read_text("utf-8") for kind in ("html", "css", "js"))
    return st.components.v2.component(f"tfpool_{name}", html=html, css=css, js=js)


def style(name: str) -> None:
    """Apply `<name>/<name>.css` to the whole page."""
    st.html(_FOLDER / name / f"{name}.css")
