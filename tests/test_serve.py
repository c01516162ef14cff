"""`scripts/serve.py` has loaded what the first page's script would load."""

from tests.helpers.processes import said

FIRST_PAGE = """
import sys
from scripts import serve
from streamlit.testing.v1 import AppTest

serve.ready()
before = set(sys.modules)
app = AppTest.from_file("app.py", default_timeout=60).run()
assert not app.exception
loaded = set(sys.modules) - before
print(*(name for name in loaded if name.split(".")[0] in ("dashboard", "tfpool", "numpy", "PIL", "plotly", "pandas")))
"""


def test_the_first_page_has_nothing_left_to_load() -> None:
    assert said(FIRST_PAGE) == []
