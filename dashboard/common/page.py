"""The frame of every page: its header, and bad input as a message instead of a traceback."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import streamlit as st

from tfpool.tracking.store import RunStore

ROOT = Path(__file__).parents[2]
PAGES = {
    "Home": ("app.py", ":material/home:"),
    "Build": ("pages/1_Build.py", ":material/account_tree:"),
    "Parameters": ("pages/2_Parameters.py", ":material/bar_chart:"),
    "Data": ("pages/3_Data.py", ":material/photo_library:"),
    "Train": ("pages/4_Train.py", ":material/show_chart:"),
    "Runs": ("pages/5_Runs.py", ":material/leaderboard:"),
    "CAM": ("pages/6_CAM.py", ":material/visibility:"),
    "Claims": ("pages/7_Claims.py", ":material/fact_check:"),
}


def link(page: str, label: str | None = None, **settings: Any) -> None:
    """A link to another page, by default under its name.

    Args:
        page: one of `PAGES`.
        label: in other words.
        settings: what its address says of its controls, such as train_data="scattered".
    """
    path, icon = PAGES[page]
    st.page_link(path, label=label or page, icon=icon, query_params=settings or None)


@contextmanager
def messages(go_on: bool = False) -> Iterator[None]:
    """Show what was wrong with the input and leave out the rest: of the page, or where it shall go on of the block."""
    try:
        yield
    except ValueError as error:
        st.error(plain(str(error)))
        if not go_on:
            st.stop()


def plain(text: str) -> str:
    """Text from elsewhere, so that Streamlit's markdown shows it as it is."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def store() -> RunStore:
    """The run store: `saved_models/`, or the folder that TFPOOL_STORE names."""
    return RunStore(os.environ.get("TFPOOL_STORE", ROOT / "saved_models"))
