"""TensorFlow is loaded in the background, once, and only in a server."""

import os
import subprocess
import sys
import threading
from pathlib import Path

from dashboard import preload
from tests.helpers.pages import opened
from tests.helpers.processes import ROOT

SCRIPT = """
import sys, threading
from streamlit.runtime import Runtime
from dashboard import keras_loading, preload

preload.DELAY = 0.0
keras_loading.under_a_server = lambda: True
keras_loading.get_instance = lambda: object.__new__(Runtime)
print([preload.load_keras_in_background() for _ in range(3)], "tensorflow" in sys.modules)
for thread in threading.enumerate():
    if thread.name == "preload":
        thread.join()
print("tensorflow" in sys.modules, "keras" in sys.modules)
import keras
from streamlit.runtime.scriptrunner.script_runner import _clean_problem_modules
first = keras.layers.Dense(1)
_clean_problem_modules()  # As Streamlit does when another session's script ends.
print(first.name == keras.layers.Dense(1).name)
from streamlit.testing.v1 import AppTest
from tfpool.cam import Explainer
def refuse(*arguments):
    raise AssertionError("A map was made again.")
Explainer.__init__ = Explainer.__call__ = Explainer.likeliest_terms = refuse
from dashboard.inside.layer_maps import Pass
Pass.__init__ = refuse
app = AppTest.from_file("app.py", default_timeout=60).run().switch_page("pages/7_CAM.py").run()
print(len(app.exception), len(app.get("plotly_chart")))
app.switch_page("pages/6_Inside.py").run()
print(len(app.exception), len(app.error))
"""


def test_it_starts_once_blocks_nobody_and_the_first_maps_are_ready(tmp_path: Path) -> None:
    env = {**os.environ, "TFPOOL_STORE": str(tmp_path / "saved_models")}
    ended = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, env=env, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert "Exception" not in ended.stderr
    assert ended.stdout.splitlines() == ["[True, False, False] False", "True True", "False", "0 1", "0 0"]


def test_a_page_outside_a_server_starts_nothing() -> None:
    opened("Home")
    assert not preload.load_keras_in_background()
    assert "preload" not in {thread.name for thread in threading.enumerate()}
