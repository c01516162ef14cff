"""The Claims page in Chromium: an address of one claim, its figure, and a run that is started, seen and stopped."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import MINUTES, Browse, Serve, appears, picture, stop_button
from tests.helpers.crafted_records import IN_PART, finding
from tfpool.lab import background_job
from tfpool.lab.finding import write
from tfpool.lab.protocol import FOLDER

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "saved_models"
    write(finding("position", IN_PART, "quick"), folder / FOLDER)
    yield folder
    background_job.stop(folder, "position")


def test_a_claim_is_opened_by_its_address_run_and_stopped(store: Path, serve: Serve, browse: Browse) -> None:
    url = f"{serve(store)}/Claims?claims_position=true"
    opened = browse(url)
    appears(opened.get_by_text("12. A parameter-free head is enough"))
    # One sentence, one picture, and the table of claims.
    drawn = opened.locator(".st-key-claims_picture")
    expect(drawn.locator(".scatterlayer .point")).to_have_count(4)
    rows = opened.locator(".st-key-claims_rows summary:has(.stMarkdownBadge)")
    picture_box, row = drawn.bounding_box(), rows.first.bounding_box()
    assert picture_box
    assert row
    assert row["y"] > picture_box["y"]
    verdicts = rows.locator(".stMarkdownBadge:last-child").evaluate_all(
        "all => all.map(x => x.getBoundingClientRect().right)"
    )
    assert max(verdicts) - min(verdicts) < 2
    appears(opened.get_by_text("Measured by you:"))
    appears(opened.get_by_text("yours, quick: holds in part"))
    appears(opened.get_by_text("The mean over positions forgets them"))
    # What ships and what is one's own, beside each other.
    charts = opened.locator(".st-key-claims_rows").get_by_test_id("stPlotlyChart")
    expect(charts).to_have_count(4)
    for number in range(4):
        expect(charts.nth(number).locator(".barlayer .point path").first).to_be_visible()
        box = charts.nth(number).locator(".main-svg").first.bounding_box()
        assert box
        assert min(box["width"], box["height"]) > 200
    picture(opened, "Claims-position")

    opened.get_by_text("2. GAP overfits less").click()
    appears(opened.get_by_text("Without a large dense layer there is less to overfit"))
    opened.wait_for_url("**claims_overfitting=true**")
    opened.get_by_text("2. GAP overfits less").click()
    expect(opened.get_by_text("Without a large dense layer there is less to overfit")).to_have_count(0)

    opened.get_by_role("button", name="Run here").click()
    appears(opened.get_by_text("Your quick run: "))
    card = opened.get_by_test_id("stExpander").filter(has_text="6. GAP loses where things are")
    expect(card.locator("summary").first).to_contain_text("running")
    # A refresh loses nothing.
    opened.reload(wait_until="domcontentloaded")
    appears(opened.get_by_text("Your quick run: "))
    expect(opened.get_by_text("Your quick run: starting")).to_have_count(0, timeout=MINUTES)
    stop_button(opened).click()
    appears(opened.get_by_text("Your quick run was stopped"), timeout=MINUTES)
    appears(opened.get_by_role("button", name="Resume"))
    expect(charts).to_have_count(4)
    job = background_job.state(store, "position")
    assert job
    assert job.state == "stopped"
