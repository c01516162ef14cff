"""Keras loaded into the dashboard's process, once and by one door for every page."""

from __future__ import annotations

from streamlit.runtime import Runtime, get_instance
from streamlit.runtime import exists as under_a_server

from tfpool.data.registry import downloads


def in_a_server() -> bool:
    # A test's harness has a stand-in for the server.
    return under_a_server() and type(get_instance()) is Runtime


def load_keras() -> None:
    """Load it, and keep Streamlit from clearing its state, which it does after each run of any page.

    The state is the whole process's, so that a model that another session's thread is building gets two layers of one
    name. And all objects are gone through for it, which takes several times as long as most pages.
    """
    # By one door for all: two threads that come by different ones wait for one another in a circle.
    import tfpool.cam.metrics  # noqa: F401, I001
    import keras

    if in_a_server():
        keras.backend.clear_session = lambda: None


def load_keras_for(name: str) -> None:
    """Load it where it is what reads the images of a data set."""
    if name in downloads():
        load_keras()
