"""The pages and links between them, bad input as a message, and the run store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import streamlit as st

from tfpool.system.error_text import without_folders
from tfpool.tracking.store import RunStore, default_store


class Page(NamedTuple):
    """A page of the dashboard: its script, its icon, and its heading unless that is the page's name."""

    path: str
    icon: str
    heading: str = ""


PAGES = {
    "Home": Page("app.py", ":material/home:", "Flatten or GAP?"),
    "Build": Page("pages/1_Build.py", ":material/account_tree:"),
    "Parameters": Page("pages/2_Parameters.py", ":material/bar_chart:"),
    "Data": Page("pages/3_Data.py", ":material/photo_library:"),
    "Train": Page("pages/4_Train.py", ":material/show_chart:"),
    "Runs": Page("pages/5_Runs.py", ":material/leaderboard:"),
    "Inside": Page("pages/6_Inside.py", ":material/biotech:"),
    "CAM": Page("pages/7_CAM.py", ":material/visibility:"),
    "Claims": Page("pages/8_Claims.py", ":material/fact_check:"),
}
"""All pages by the names that menu and browser tab show. A page needs its script and its row here."""


def link(page: str, label: str | None = None, **settings: Any) -> None:
    """A link to one of `PAGES`, with values of its controls in the address, such as train_data="scattered"."""
    st.page_link(PAGES[page].path, label=label or page, icon=PAGES[page].icon, query_params=settings or None)


@contextmanager
def messages(go_on: bool = False) -> Iterator[None]:
    """Show a ValueError as a message and stop the page, or with `go_on` only the block."""
    try:
        yield
    except ValueError as error:
        st.error(message_of(error))
        if not go_on:
            st.stop()


def message_of(error: ValueError) -> str:
    """What an error says, without the server's folders, as `plain` text."""
    return plain(without_folders(str(error)))


def plain(text: str) -> str:
    """Text from a user or an error, escaped so that Streamlit's markdown shows it literally."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def store() -> RunStore:
    """The run store: the folder that TFPOOL_STORE names, or `saved_models` in the folder that the server runs in."""
    return RunStore(default_store().absolute())
