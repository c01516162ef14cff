"""Work that goes through many files, with a progress bar and a Stop button."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from dashboard.common.page import message_of

Result = TypeVar("Result")
Progress = Callable[[int, int], None]


def run_stoppable(title: str, unit: str, work: Callable[[Progress], Result], key: str, stopped: str) -> Result | None:
    """The result of `work`, which gets a function of (done, total); None if it raises a ValueError, which is shown.

    Stop, the button with this `key`, ends the script within that function; `stopped` is said then.
    """
    place = st.empty()
    with place.container():
        bar = st.progress(0.0, text=title)
        st.button("Stop", key=key, icon=":material/stop_circle:", on_click=_say, args=(stopped,))

    def on_progress(done: int, total: int) -> None:
        # Streamlit ends the script here when Stop is pressed.
        bar.progress(min(done / max(total, 1), 1.0), text=f"{title}: {done:,} of {total:,} {unit}")

    try:
        result = work(on_progress)
    except ValueError as error:
        place.error(message_of(error))
        return None
    place.empty()
    return result


def _say(text: str) -> None:
    st.toast(text)
