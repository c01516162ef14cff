"""Charts of Home are made without pandas, and never in the midst of its loading."""

import subprocess
import sys

from ..conftest import ROOT

CHART_FIRST = """
import sys, threading
from dashboard.whole import pandas_whole_or_absent

loader = threading.Thread(target=__import__, args=["pandas"])
with pandas_whole_or_absent():
    loader.start()
    loader.join(1)
    print(loader.is_alive(), "pandas" in sys.modules)
loader.join()
print(hasattr(sys.modules["pandas"], "Series"))
"""
PANDAS_FIRST = """
import sys, threading, time
from dashboard.whole import pandas_whole_or_absent

threading.Thread(target=__import__, args=["pandas"]).start()
while "pandas" not in sys.modules:
    time.sleep(0)
with pandas_whole_or_absent():
    print(hasattr(sys.modules["pandas"], "Series"))
"""
HOME = """
import sys
from streamlit.testing.v1 import AppTest

app = AppTest.from_file("app.py", default_timeout=60).run()
print(len(app.exception), "pandas" in sys.modules)
"""


def said(script: str) -> list[str]:
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


def test_who_loads_pandas_waits_for_a_chart_that_is_being_made() -> None:
    assert said(CHART_FIRST) == ["True False", "True"]


def test_a_chart_waits_for_pandas_that_is_being_loaded() -> None:
    assert said(PANDAS_FIRST) == ["True"]


def test_home_does_without_pandas() -> None:
    assert said(HOME) == ["0 False"]
