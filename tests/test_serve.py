"""`scripts/serve.py` loads what Home would otherwise load while its visitor waits."""

from tests.helpers.processes import printed_words

FIRST_PAGE = """
import sys
from dashboard.preload import load_home
from streamlit.testing.v1 import AppTest

load_home()
before = set(sys.modules)
app = AppTest.from_file("app.py", default_timeout=60).run()
assert not app.exception
print(*(name for name in set(sys.modules) - before if name.split(".")[0] in ("dashboard", "tfpool", "numpy")))
"""


def test_home_has_only_its_frame_left_to_load() -> None:
    assert printed_words(FIRST_PAGE) == ["dashboard.header"]
