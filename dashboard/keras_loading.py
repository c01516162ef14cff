"""Loading Keras into the dashboard's process. Every page calls this module for it."""

from __future__ import annotations

from streamlit.runtime import Runtime, get_instance
from streamlit.runtime import exists as under_a_server

from tfpool.data.registry import downloads


def in_a_server() -> bool:
    # A test's harness has a stand-in for the server.
    return under_a_server() and type(get_instance()) is Runtime


def load_keras() -> None:
    """Load Keras, and keep Streamlit from clearing Keras's state after each run of a page.

    All sessions share that state: cleared while another session builds a model, the model gets two layers of the same
    name. Clearing also collects garbage, which takes several times as long as most pages.
    """
    # All threads import in this order: threads that import in different orders wait for each other forever.
    import tfpool.cam.metrics  # noqa: F401, I001
    import keras

    if in_a_server():
        import tensorflow as tf

        # GPUs are for the workers.
        tf.config.set_visible_devices([], "GPU")
        keras.backend.clear_session = lambda: None


def load_keras_for(name: str) -> None:
    """Load Keras if it reads the images of that data set."""
    if name in downloads():
        load_keras()
