"""What other pages draw with, loaded into the browser while the first page is being read."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st

FILES = Path(st.__file__).parent / "static/static/js"
"""Streamlit's scripts, whose names end on a hash."""

# By the address that Streamlit's own scripts load it from, so that the browser has it once. A second lets the page come
# to a stand, and its reader begin.
_JS = """
export default ({ data }) => {
  const index = document.querySelector("script[src*='static/js/index.']").src;
  setTimeout(() => requestIdleCallback(() => import(new URL(data.script, index))), 1000);
}
"""
_component = st.components.v2.component("tfpool_ahead", js=_JS, isolate_styles=False)


@cache
def plotly() -> str:
    """The name of the script with Plotly, which is what the first page with a chart would wait for."""
    return next((path.name for path in FILES.glob("PlotlyChart.*.js")), "")


def load() -> None:
    """Have the browser load Plotly once the page stands and nothing else is to be done."""
    if name := plotly():
        _component(data={"script": name}, key="ahead")
