"""TensorFlow and the first maps made ready in the background once a page stands, so that nobody waits for them."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress

from streamlit.runtime import Runtime, get_instance
from streamlit.runtime import exists as under_a_server

from tfpool.data.keras_sets import DOWNLOADS
from tfpool.process import lasting

DELAY = 4.0
"""Seconds that the first page has to itself: its script has run by then and its browser has drawn it."""
_lock = threading.Lock()
_begun = False


def _in_a_server() -> bool:
    # A test's harness has a stand-in for the server.
    return under_a_server() and type(get_instance()) is Runtime


def begin() -> bool:
    """Start once a server process, and nowhere else.

    Not where TFPOOL_WARMING is "off": a server that only counts does without the memory.

    Returns:
        Whether this call started it.
    """
    global _begun
    if os.environ.get("TFPOOL_WARMING") == "off" or not _in_a_server():
        return False
    with _lock:
        if _begun:
            return False
        _begun = True
    threading.Thread(target=_warm, name="warming", daemon=True).start()
    return True


def load_keras() -> None:
    """Load it, and keep Streamlit from clearing its state, which it does after each run of any page.

    The state is the whole process's, so that a model that another session's thread is building gets two layers of one
    name. And all objects are gone through for it, which takes several times as long as most pages.
    """
    # By one door for all: two threads that come by different ones wait for one another in a circle.
    import tfpool.cam  # noqa: F401, I001
    import keras

    if _in_a_server():
        keras.backend.clear_session = lambda: None


def load_keras_for(name: str) -> None:
    """Load it where it is what reads the images of a data set."""
    if name in DOWNLOADS:
        load_keras()


def _warm() -> None:
    time.sleep(DELAY)
    with lasting():
        load_keras()
    from dashboard import explaining, models, picking
    from dashboard.page import store
    from tfpool.selection import countable

    # What cannot be opened the page tells, if anybody asks for it.
    with suppress(ValueError):
        known = models.choices(countable(store().runs())[0])
        chosen = [models.picked(name, known[name]) for name in models.defaults(known)]
        pixels = picking.first(chosen)
        for model in chosen:
            explaining.view(model, explaining.METHOD, pixels, explaining.digest(pixels), explaining.Query())
