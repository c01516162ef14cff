"""TensorFlow and the first maps made ready in the background once a page stands, so that nobody waits for them."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress

from dashboard.keras_loading import _in_a_server, load_keras
from tfpool.system.startup import lasting

DELAY = 4.0
"""Seconds that the first page has to itself: its script has run by then and its browser has drawn it."""
_lock = threading.Lock()
_begun = False


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


def _warm() -> None:
    time.sleep(DELAY)
    with lasting():
        load_keras()
    from dashboard.cam import explanations, image_picker, model_picker
    from dashboard.common.page import store
    from tfpool.tracking.query import split_countable

    # What cannot be opened the page tells, if anybody asks for it.
    with suppress(ValueError):
        known = model_picker.choices(split_countable(store().runs())[0])
        chosen = [model_picker.picked(name, known[name]) for name in model_picker.defaults(known)]
        pixels = image_picker.first(chosen)
        for model in chosen:
            explanations.view(model, explanations.METHOD, pixels, explanations.digest(pixels), explanations.Query())
