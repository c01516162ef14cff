"""The Runs page in Chromium: find, compare by seconds, see what is confused; narrow and dark."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from .conftest import Browse, Serve, picture, settle

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_runs_are_found_compared_and_their_mistakes_seen(trained: Path, serve: Serve, browse: Browse) -> None:
    url = serve(trained)
    opened = browse(f"{url}/Runs")
    expect(opened.get_by_text("2 of 2 runs.")).to_be_visible()
    opened.get_by_label("Find").fill("flatten")
    opened.get_by_label("Find").press("Enter")
    expect(opened.get_by_text("1 of 2 runs.")).to_be_visible()
    opened.get_by_role("radio", name="seconds").click()
    expect(opened.get_by_text("seconds since the start")).to_be_visible()
    settle(opened)
    assert "runs_by=seconds" in opened.url
    assert "runs_text=flatten" in opened.url
    # A row and a column for each of ten classes.
    expect(opened.get_by_text("Surest and wrong", exact=False)).to_be_visible()
    picture(opened, "Runs-compared")

    narrow = browse(opened.url, width=390, scheme="dark")
    expect(narrow.get_by_text("1 of 2 runs.")).to_be_visible()
    main = narrow.get_by_test_id("stMain")
    assert main.evaluate("element => element.scrollWidth <= element.clientWidth")
    picture(narrow, "Runs-compared-narrow-dark")
