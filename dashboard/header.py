"""The frame of every page: browser title, navigation, heading and question."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import preload
from dashboard.common.page import PAGES, link
from dashboard.components import style

SIDEBAR = 220
"""Width in pixels: enough for the names of the pages."""


def header(name: str, question: str) -> None:
    """Page settings, the menu, the heading of one of `PAGES`, and the question that the page answers."""
    icon = str(Path(__file__).with_name("icon.png"))
    st.set_page_config(page_title=f"{name} · tfpool", page_icon=icon, layout="wide", initial_sidebar_state=SIDEBAR)
    style("header")
    # Streamlit's own menu would call the home page "app", after its file.
    with st.sidebar:
        for page in PAGES:
            link(page)
    st.title(PAGES[name].heading or name, anchor=False)
    st.markdown(question)
    preload.load_keras_in_background()
