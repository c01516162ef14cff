"""Figures of all pages, while other sessions' threads do as they like."""

import subprocess
import sys

from ..conftest import ROOT

BESIDE = """
import sys, threading, time
from dashboard.charts import figure, trace

threading.Thread(target=__import__, args=["pandas"]).start()
while "pandas" not in sys.modules:
    time.sleep(0)
print(len(figure([trace("scatter", x=[1, 2], y=[3, 4])], {}).data), hasattr(sys.modules["pandas"], "Series"))
"""


def test_a_chart_waits_for_pandas_that_another_thread_is_loading() -> None:
    ended = subprocess.run([sys.executable, "-c", BESIDE], cwd=ROOT, capture_output=True, text=True)
    assert ended.stdout.split() == ["1", "True"], ended.stderr
