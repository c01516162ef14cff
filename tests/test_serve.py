"""What pages load: Home nothing that `scripts/serve.py` has not loaded, pages that count or list no TensorFlow."""

from tests.helpers.processes import printed_words

PAGES = """
import sys
from dashboard.common.page import PAGES
from dashboard.preload import load_home
from streamlit.testing.v1 import AppTest

load_home()
before = set(sys.modules)
app = AppTest.from_file("app.py", default_timeout=120).run()
assert not app.exception and not app.get("plotly_chart")
print(*(name for name in set(sys.modules) - before if name.split(".")[0] in ("dashboard", "tfpool", "numpy")))
assert "pandas" not in sys.modules
for name in ("Build", "Parameters", "Data", "Train", "Runs"):
    assert not app.switch_page(PAGES[name].path).run().exception
    assert not {"tensorflow", "keras"} & set(sys.modules), name
"""


def test_home_has_only_its_frame_left_to_load_and_pages_that_count_load_no_tensorflow() -> None:
    assert set(printed_words(PAGES)) == {"dashboard.header", "dashboard.home.home_page"}
