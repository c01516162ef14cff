"""A page run by Streamlit's test harness, and what is on it."""

from streamlit.testing.v1 import AppTest

from dashboard.common.page import PAGES
from tests.helpers.processes import ROOT


def opened(page: str, **query: str | list[str]) -> AppTest:
    """A page after its first run, at an address with these values."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    if page != "Home":
        app.switch_page(PAGES[page].path)
    app.run()
    sound(app)
    return app


def sound(app: AppTest) -> None:
    assert not app.exception


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def words(app: AppTest) -> str:
    return "\n".join(element.value for element in (*app.markdown, *app.caption, *app.info, *app.error, *app.warning))


class Bystander:
    """A worker that never works."""

    pid = 2**22
