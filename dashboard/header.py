"""The frame of every page: browser title, navigation, the page's title and its question."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import preload
from dashboard.common.page import PAGES, link
from dashboard.components import style

SIDEBAR = 220
"""Its width in pixels: enough for the names of the pages."""


def header(title: str, question: str, name: str | None = None) -> None:
    """Page settings, the title, and the one question that the page answers."""
    icon = str(Path(__file__).with_name("icon.png"))
    st.set_page_config(
        page_title=f"{name or title} · tfpool", page_icon=icon, layout="wide", initial_sidebar_state=SIDEBAR
    )
    style("header")
    # Streamlit's own menu would call the home page "app", after its file.
    with st.sidebar:
        for page in PAGES:
            link(page)
    st.title(title, anchor=False)
    st.markdown(question)
    preload.load_keras_in_background()
