"""The harness of these tests sees what goes wrong in a page."""

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import accessible, fits, visit

pytestmark = pytest.mark.browser


def test_errors_and_outside_addresses_are_faults(browser: Browser) -> None:
    with visit(browser, 390, "light") as (page, faults):
        outside = "localhost:9/outside"
        asks = f"fetch('http://{outside}').catch(() => 0); new WebSocket('ws://{outside}')"
        with page.expect_websocket(), page.expect_event("requestfailed"), page.context.expect_event("weberror"):
            page.set_content(f"<script>console.error('said'); {asks}; throw new Error('thrown')</script>")
        for each in ("console: said", "not caught: thrown", f"address: http://{outside}", f"address: ws://{outside}"):
            assert any(each in fault for fault in faults), faults


def test_what_is_too_wide_or_cannot_be_read_is_told(browser: Browser) -> None:
    with visit(browser, 390, "light") as (page, _):
        page.set_content("<main data-testid=stMain style='overflow: auto'><h1 style='width: 500px'>Wide</h1></main>")
        with pytest.raises(AssertionError, match="wider"):
            fits(page)
        page.set_content("<html lang=en><title>Pale</title><main><h1 style='color: #eee'>Pale</h1></main></html>")
        with pytest.raises(AssertionError, match="color-contrast"):
            accessible(page)
