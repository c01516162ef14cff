"""Figures while threads of other sessions import the same libraries."""

from tests.helpers.processes import printed_words

BESIDE = """
import sys, threading, time
from dashboard.common.charts import figure, trace

threading.Thread(target=__import__, args=["pandas"]).start()
while "pandas" not in sys.modules:
    time.sleep(0)
print(len(figure([trace("scatter", x=[1, 2], y=[3, 4])], {}).data), hasattr(sys.modules["pandas"], "Series"))
"""


def test_a_chart_waits_for_pandas_that_another_thread_is_loading() -> None:
    assert printed_words(BESIDE) == ["1", "True"]
