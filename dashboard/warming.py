"""TensorFlow loaded in the background once a page stands, so that the first map does not wait for it."""

from __future__ import annotations

import threading
import time

from streamlit.runtime import Runtime, get_instance
from streamlit.runtime import exists as under_a_server

DELAY = 2.0
"""Seconds that the first page has to itself: its script has run by then and its browser has drawn it."""
_lock = threading.Lock()
_begun = False


def begin() -> bool:
    """Start once a server process, and nowhere else: a test's harness has a stand-in for the server.

    Returns:
        Whether this call started it.
    """
    global _begun
    if not under_a_server() or type(get_instance()) is not Runtime:
        return False
    with _lock:
        if _begun:
            return False
        _begun = True
    threading.Thread(target=_warm, name="warming", daemon=True).start()
    return True


def _leave_keras_alone() -> None:
    """Keep Streamlit from clearing Keras's state, which it does after each run of any page.

    The state is the whole process's, so that a model that another session's thread is building gets two layers of one
    name. And all objects are gone through for it, which takes several times as long as most pages.
    """
    import keras

    keras.backend.clear_session = lambda: None


def _warm() -> None:
    time.sleep(DELAY)
    # By the same door as the page: two threads that import it then wait for one another, not in a circle.
    from tfpool.cam import Explainer
    from tfpool.examples import maps, runs

    _leave_keras_alone()
    run = next(iter(runs().values()))
    images = maps().images.first(1)
    Explainer(run.load_model(), method="hirescam")(run.to_input(images.images), images.labels)
