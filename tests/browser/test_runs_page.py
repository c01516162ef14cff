"""The Runs page in Chromium: find, tick, compare by seconds, rename, see what is confused, take ONNX away."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Browse, Serve, appears, looked_at
from tfpool.tracking.store import RunStore

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_runs_are_found_ticked_compared_renamed_and_taken_away(
    trained: Path, tmp_path: Path, serve: Serve, browse: Browse
) -> None:
    store = tmp_path / "saved_models"
    shutil.copytree(trained, store)
    opened = browse(f"{serve(store)}/Runs?runs_chosen=resnet8-gap-1")
    appears(opened.get_by_text("2 of 2 runs."))
    # All columns that are shown at first can be seen.
    table = opened.get_by_test_id("stDataFrame").first
    appears(table.locator(".dvn-scroller"))
    assert table.evaluate(
        "table => { const all = table.querySelector('.dvn-scroller'); return all.scrollWidth <= all.clientWidth; }"
    )
    opened.get_by_label("Find").fill("flatten")
    opened.get_by_label("Find").press("Enter")
    appears(opened.get_by_text("1 of 2 runs."))

    # The table is a canvas: cells are found by their place.
    cells = opened.get_by_test_id("stDataFrame").first.locator(".dvn-scroller")
    cells.click(position={"x": 18, "y": 52})
    appears(opened.get_by_text("What differs"))
    cells.dblclick(position={"x": 100, "y": 52})
    editor = opened.locator("#portal textarea, #portal input")
    editor.fill("the **other** one")
    editor.press("Enter")
    # On its card, once the script has run: the table itself shows it sooner than it is kept.
    expect(opened.get_by_test_id("stText").get_by_text("the **other** one").first).to_be_visible()
    assert RunStore(store).get("resnet8-flatten-2").title == "the **other** one"

    opened.get_by_role("radio", name="seconds").click()
    appears(opened.get_by_text("seconds since the start"))
    opened.get_by_text("Confused classes").click()
    appears(opened.get_by_text("predicted class"))
    expect(opened.locator(".hm image, .heatmaplayer image").first).to_be_visible()
    opened.get_by_role("button", name="Make ONNX").click()
    with opened.expect_download() as download:
        opened.get_by_role("button", name="ONNX model").click()
    assert download.value.suggested_filename == "resnet8-gap-1.onnx"
    looked_at(opened, "Runs-compared")
    for part in ("runs_text=flatten", "runs_by=seconds", "runs_chosen=resnet8-gap-1", "runs_chosen=resnet8-flatten-2"):
        assert part in opened.url
    assert "runs_mistakes=true" in opened.url
