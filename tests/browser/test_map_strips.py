"""One image through training in Chromium: the slider, images and strips without the server, and epochs that arrive."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import MINUTES, Browse, Serve, appears, looked_at, settle
from tests.browser.test_inside_page import COUNT
from tests.helpers.stored_runs import claimed, finished, with_maps
from tfpool.tracking.store import RunStore

pytestmark = pytest.mark.browser


def picture(canvas: Locator) -> str:
    return canvas.evaluate("canvas => canvas.toDataURL()")


def test_slider_strip_and_images_change_the_maps_of_all_runs_without_the_server(
    tmp_path: Path, serve: Serve, browse: Browse
) -> None:
    store = RunStore(tmp_path / "saved_models")
    for head in ("gap", "flatten"):
        with_maps(finished(store, 0.7, head), epochs=3)
    opened = browse(f"{serve(store.folder)}/Train?runs=resnet8-gap-1&runs=resnet8-flatten-2")
    expect(opened.locator(".row")).to_have_count(2)
    settle(opened)
    opened.evaluate(COUNT)
    large, answers = opened.locator(".row > .map"), opened.locator(".answer")
    newest = [picture(large.nth(row)) for row in range(2)]
    expect(answers.first).to_contain_text("predicts Ankle boot")
    expect(answers.first).to_contain_text("correct")

    slider = opened.get_by_role("slider", name=re.compile("After epoch"))
    slider.press("Home")
    expect(opened.locator("output")).to_have_text("1 of 3")
    expect(slider).to_have_attribute("aria-valuetext", "epoch 1 of 3")
    for row in range(2):
        expect(answers.nth(row)).to_contain_text("wrong")
        expect(large.nth(row)).to_have_attribute("aria-label", re.compile("Ankle boot: epoch 1, .*predicts T-shirt"))
        assert picture(large.nth(row)) != newest[row]
    expect(opened.locator(".step.on")).to_have_text(["1", "1"])
    slider.press("ArrowRight")
    expect(opened.locator(".step.on")).to_have_text(["2", "2"])
    opened.locator(".step").nth(2).click()
    expect(opened.locator("output")).to_have_text("3 of 3")
    assert [picture(large.nth(row)) for row in range(2)] == newest

    image = opened.get_by_role("button", name=re.compile("^Dress, test image"))
    image.press("Enter")
    expect(image).to_be_focused()
    expect(image).to_have_attribute("aria-pressed", "true")
    expect(answers.first).to_contain_text("score of Dress")
    assert picture(large.first) != newest[0]
    assert opened.evaluate("() => window.sent") == 0
    looked_at(opened, "Train-class-maps")


def test_epochs_arrive_while_a_run_trains_and_a_chosen_epoch_stays(
    tmp_path: Path, serve: Serve, browse: Browse
) -> None:
    store = RunStore(tmp_path / "saved_models")
    store.add(finished(store, 0.7).spec)
    lease = claimed(store)
    running = lease.run
    with_maps(running, epochs=2)
    opened = browse(f"{serve(store.folder)}/Train?runs={running.id}", width=390, scheme="dark")
    output = opened.locator("output")
    expect(output).to_have_text("2 of 2", timeout=MINUTES)
    with_maps(running, epochs=3)
    expect(output).to_have_text("3 of 3", timeout=MINUTES)
    opened.get_by_role("slider", name=re.compile("After epoch")).press("Home")
    with_maps(running, epochs=4)
    expect(output).to_have_text("1 of 4", timeout=MINUTES)
    expect(opened.locator(".step")).to_have_count(4)
    lease.end("done", result={"loss": 0.3, "accuracy": 0.7})
    appears(opened.get_by_text("done", exact=True), timeout=MINUTES)
    looked_at(opened, "Train-class-maps-dark-390")
