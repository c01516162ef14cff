"""The main path through the dashboard, as a user takes it."""

import os
import re
import signal
import sqlite3
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from dashboard.common.page import PAGES
from tests.browser.conftest import (
    MINUTES,
    POINTS,
    Browse,
    Serve,
    appears,
    choose,
    heading,
    looked_at,
    picture,
    serving,
    settle,
)
from tests.helpers.pictures import pixels
from tests.helpers.stored_runs import finished
from tfpool.tracking.store import RunStore

RUNNING = re.compile(r"^epoch \d+ of \d+")

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def store(few: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TFPOOL_DATASETS", str(Path(few).parent))
    return tmp_path / "saved_models"


def address(url: str, page: str) -> str:
    return url if page == "Home" else f"{url}/{page}"


def points(page: Page) -> int:
    """How many points the accuracy curves have."""
    return page.evaluate(POINTS)


@pytest.mark.parametrize(
    "page",
    [page if page in ("Runs", "CAM") else pytest.param(page, marks=pytest.mark.exhaustive) for page in PAGES],
)
def test_every_page_opens_by_its_own_address_on_a_fresh_server_and_can_be_read_without_a_run(
    page: str, store: Path, serve: Serve, browse: Browse
) -> None:
    opened = browse(address(serve(store), page))
    expect(opened.get_by_role("heading", level=1)).to_have_text(heading(page))
    expect(opened).to_have_title(f"{page} · tfpool")
    if page == "CAM":
        expect(opened.get_by_test_id("stPlotlyChart")).to_have_count(1, timeout=MINUTES)
    looked_at(opened, f"{page}-without-a-run")


def test_home_needs_no_plotly(shared: str, browse: Browse) -> None:
    scripts = "() => performance.getEntriesByType('resource').filter(({name}) => name.includes('PlotlyChart.')).length"
    opened = browse(shared)
    expect(opened.get_by_test_id("stPlotlyChart")).to_have_count(0)
    assert opened.evaluate(scripts) == 0
    opened.get_by_test_id("stSidebar").get_by_role("link", name="Parameters", exact=True).click()
    expect(opened.locator(".main-svg")).not_to_have_count(0)
    assert opened.evaluate(scripts) == 1


def test_the_tour_leads_on_to_the_same_models(shared: str, browse: Browse) -> None:
    opened = browse(f"{shared}/?home_step=Look")
    opened.get_by_role("link", name="Other clothes").click()
    expect(opened.get_by_text("predicts: ")).to_have_count(2, timeout=MINUTES)
    expect(opened.get_by_text("example-flatten").first).to_be_visible()


def test_train_two_heads_watch_them_learn_and_look_at_their_maps(store: Path, serve: Serve, browse: Browse) -> None:
    url = serve(store)
    # The small data set, since the bundled one has 5,000 images to test on.
    settings = "train_data=few&train_networks=resnet8&train_heads=GAP&train_heads=Flatten&train_recipe=default"
    opened = browse(f"{url}/Train?{settings}&train_epochs=3&train_images=300&train_batch_size=32")
    opened.get_by_role("button", name="Train 2 runs").click()
    appears(opened.get_by_text("75,482 parameters, 650 in the head"))
    appears(opened.get_by_text("106,202 parameters, 31,370 in the head"))
    expect(opened.get_by_text(RUNNING).first).to_be_visible(timeout=MINUTES)
    opened.wait_for_function(f"() => ({POINTS})() >= 2", timeout=MINUTES)
    some = points(opened)

    # A page refresh loses nothing: the address names the runs, and the training goes on.
    assert "runs=resnet8-gap-1" in opened.url
    opened.reload(wait_until="domcontentloaded")
    settle(opened)
    appears(opened.get_by_text("106,202 parameters, 31,370 in the head"))
    opened.wait_for_function(f"some => ({POINTS})() > some", arg=some, timeout=MINUTES)
    expect(opened.get_by_text("done", exact=True)).to_have_count(2, timeout=MINUTES)
    expect(opened.get_by_text("Test accuracy")).to_have_count(2)
    opened.wait_for_function(f"() => ({POINTS})() >= 2 * 2 * 3")
    picture(opened, "Train-after-training")

    opened.get_by_test_id("stSidebar").get_by_role("link", name="CAM", exact=True).click()
    maps = opened.get_by_test_id("stPlotlyChart")
    # The charts of the page before may still stand when this one's are counted.
    expect(opened.get_by_text("predicts: ")).to_have_count(2, timeout=MINUTES)
    expect(maps).to_have_count(2)
    expect(opened.locator(".js-plotly-plot .hm image, .js-plotly-plot .heatmaplayer image").first).to_be_visible()
    settle(opened)
    # The image alone is grey; the evidence on the others is red or blue.
    alone, *others = (opened.locator(".frame"), *(maps.nth(number).locator(".main-svg").first for number in range(2)))
    assert np.ptp(pixels(alone)[10:-10, 10:-10], axis=2).max() < 40
    assert max(np.ptp(pixels(chart), axis=2)[:250].max() for chart in others) > 100
    picture(opened, "CAM-after-training")


def test_a_selected_recipe_fills_the_controls_and_changed_values_stay(shared: str, browse: Browse) -> None:
    opened = browse(f"{shared}/Train?train_epochs=3")
    details = opened.get_by_test_id("stExpander").first
    for name, epochs, side, rate in (("transfer", "20", "96", "0.005"), ("default", "5", "0", "0.002")):
        choose(opened, "Recipe", name)
        expect(opened.get_by_role("spinbutton", name="Epochs", exact=True)).to_have_value(epochs)
        settle(opened)
        # Selecting another recipe closes the expander.
        if not details.locator("input[aria-label='Image side, pixels']").is_visible():
            details.get_by_text("Training settings").click()
        expect(details.locator("input[aria-label='Image side, pixels']")).to_have_value(side)
        expect(details.locator("input[aria-label='Learning rate']")).to_have_value(rate)
    opened.get_by_role("spinbutton", name="Epochs", exact=True).fill("7")
    opened.get_by_role("spinbutton", name="Epochs", exact=True).press("Enter")
    opened.wait_for_url("**train_epochs=7**")
    again = browse(opened.url)
    expect(again.get_by_role("spinbutton", name="Epochs", exact=True)).to_have_value("7")


def endless(url: str, browse: Browse) -> Page:
    """The Train page with a run that does not end by itself."""
    # By default the page trains a head on a pretrained network if there are few images.
    settings = "train_data=few&train_networks=convnet&train_heads=GAP&train_recipe=default"
    opened = browse(f"{url}/Train?{settings}&train_epochs=900&train_images=500")
    opened.get_by_role("button", name="Train 1 run").click()
    expect(opened.get_by_text(RUNNING).first).to_be_visible(timeout=MINUTES)
    return opened


def test_buttons_beside_a_running_run_update_the_whole_page(store: Path, serve: Serve, browse: Browse) -> None:
    done = finished(RunStore(store), 0.7)
    url = serve(store)
    running = parse_qs(urlsplit(endless(url, browse).url).query)["runs"]
    opened = browse(f"{url}/Train?" + urlencode({"runs": [done.id, *running]}, doseq=True))
    cards = opened.get_by_test_id("stMainBlockContainer").get_by_text("parameters, ")
    expect(cards).to_have_count(2)

    opened.get_by_role("button", name="Delete").click()
    appears(opened.get_by_text(f"{done.id} was deleted."))
    expect(cards).to_have_count(1)
    opened.get_by_role("button", name="Undo").click()
    expect(cards).to_have_count(2)
    opened.get_by_role("button", name="Retrain").click()
    expect(cards).to_have_count(3)
    assert len(parse_qs(urlsplit(opened.url).query)["runs"]) == 3

    opened.get_by_role("button", name="Stop all 2").click()
    expect(opened.get_by_text("stopped", exact=True)).to_have_count(2)
    expect(opened.get_by_role("button", name="Resume")).to_have_count(2)
    assert [run.state for run in RunStore(store).runs()] == ["stopped", "stopped", "done"]


def test_a_run_outlives_the_server_and_is_shown_as_interrupted_when_its_worker_is_killed(
    store: Path, serve: Serve, browse: Browse
) -> None:
    with serving(store, warming="off") as url:
        opened = endless(url, browse)
        opened.goto("about:blank")
    assert RunStore(store).runs()[0].state == "running"
    opened = browse(f"{serve(store)}/Train")
    expect(opened.get_by_text(RUNNING).first).to_be_visible()
    with sqlite3.connect(store / "runs.sqlite") as db:
        (pid,) = db.execute("SELECT pid FROM runs").fetchone()
    os.kill(pid, signal.SIGKILL)
    # Without a reload.
    appears(opened.get_by_text("interrupted", exact=True))
    appears(opened.get_by_role("button", name="Resume"))
    expect(opened.get_by_text("running")).to_have_count(0)


def test_an_uploaded_image_is_explained_and_another_file_is_refused(
    shared: str, browse: Browse, tmp_path: Path
) -> None:
    opened = browse(f"{shared}/CAM?cam_source=my+own")
    appears(opened.get_by_text("take a picture"), timeout=MINUTES)
    Image.effect_noise((60, 60), 90).save(tmp_path / "my *photo*.png")
    uploader = opened.get_by_test_id("stFileUploader").filter(has_text="Image files")
    choose = uploader.locator('input[type="file"]')
    choose.set_input_files(tmp_path / "my *photo*.png")
    appears(opened.get_by_role("application", name="The image: drag it"))
    expect(opened.get_by_text("predicts: ")).to_have_count(2)
    appears(opened.get_by_text("my *photo*.png Drag"))

    (tmp_path / "fake.png").write_text("no image")
    choose.set_input_files(tmp_path / "fake.png")
    appears(opened.get_by_text("fake.png"))
