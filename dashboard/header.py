"""The frame of every page: browser title, navigation, heading and question."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import preload
from dashboard.common import visitor_menu
from dashboard.common.page import PAGES, link
from dashboard.components import component, style

SIDEBAR = 220
"""Width in pixels: enough for the names of the pages."""
# It is on every page, so it brings the charts' script as well.
_copy_link = component("copy_link", "shared_chart_preload")


def header(name: str, question: str) -> None:
    """Page settings, the menu, the heading of one of `PAGES` with a button to copy its link, and its question."""
    icon = str(Path(__file__).with_name("icon.png"))
    st.set_page_config(page_title=f"{name} · tfpool", page_icon=icon, layout="wide", initial_sidebar_state=SIDEBAR)
    style("header")
    # Streamlit's own menu would call the home page "app", after its file.
    with st.sidebar:
        for page in PAGES:
            link(page)
    # Controls keep their values in the address, so the link opens the page as it is.
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="page_title"
    ):
        st.title(PAGES[name].heading or name, anchor=False, width="content")
        _copy_link(key="copy_link", width="content", data={"charts": preload.chart_script()})
    st.markdown(question)
    visitor_menu.show()
    preload.load_keras_in_background()
