"""What every page brings along: a link that can be copied, and the script that draws charts, before it is needed."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from dashboard.preload import chart_script
from tests.browser.conftest import Browse, appears, looked_at, serving, settle

pytestmark = pytest.mark.browser
READ = "() => navigator.clipboard.readText()"
WITHOUT = "() => Object.defineProperty(navigator, 'clipboard', { value: undefined })"

LOADED = "name => performance.getEntriesByType('resource').some(entry => entry.name.endsWith(name))"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server without a run."""
    with serving(tmp_path_factory.mktemp("fresh") / "saved_models", warming="off") as url:
        yield url


def press(page: Page) -> None:
    page.get_by_role("button", name="Copy link").click()


@pytest.mark.parametrize(
    ("width", "scheme"), [pytest.param(1280, "light", marks=pytest.mark.exhaustive), (390, "dark")]
)
def test_the_copied_link_opens_the_page_as_it_is(width: int, scheme: str, fresh: str, browse: Browse) -> None:
    opened = browse(f"{fresh}/Build?build_network=alexnet", width, scheme)
    opened.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened.get_by_role("radio", name="GMP", exact=True).click()
    opened.wait_for_url("**build_head=GMP**")
    settle(opened)
    press(opened)
    appears(opened.get_by_role("button", name="Copied"))
    assert opened.evaluate(READ) == opened.url
    again = browse(opened.evaluate(READ), width, scheme)
    appears(again.get_by_text("GMP compared with Flatten"))
    appears(opened.get_by_role("button", name="Copy link"))
    looked_at(opened, f"copy-link-{scheme}-{width}")


def test_without_a_clipboard_the_link_is_shown_and_selected(fresh: str, browse: Browse) -> None:
    opened = browse(f"{fresh}/Claims?claims_position=true")
    opened.evaluate(WITHOUT)
    press(opened)
    field = opened.get_by_role("textbox", name="Link to this page")
    expect(field).to_have_value(opened.url)
    expect(field).to_be_focused()
    assert field.evaluate("field => [field.selectionStart, field.selectionEnd]") == [0, len(opened.url)]
    looked_at(opened, "copy-link-shown")
    field.press("Tab")
    expect(field).to_be_hidden()


def test_the_script_of_the_charts_is_loaded_while_nobody_moves(fresh: str, browse: Browse) -> None:
    opened = browse(fresh)
    assert opened.locator(".stPlotlyChart").count() == 0
    opened.wait_for_function(LOADED, arg=f"/static/js/{chart_script()}")
