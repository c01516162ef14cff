"""The CAM page in Chromium: dragging and enlarging an image by hand, and downloads."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import MINUTES, Browse, looked_at, picture, settle
from tests.helpers.pictures import pixels

pytestmark = pytest.mark.browser


def predictions(opened: Page) -> list[str]:
    """The models' predictions."""
    return opened.get_by_text("predicts: ").all_text_contents()


def changed(opened: Page, before: list[str]) -> list[str]:
    paragraphs = "() => [...document.querySelectorAll('p')].filter(p => p.textContent.startsWith('predicts: '))"
    opened.wait_for_function(
        f"before => (({paragraphs})().map(p => p.textContent).join() !== before.join())", arg=before, timeout=MINUTES
    )
    settle(opened)
    return predictions(opened)


def test_an_image_is_dragged_and_enlarged_and_maps_and_scores_follow(shared: str, browse: Browse) -> None:
    opened = browse(f"{shared}/CAM")
    expect(opened.get_by_test_id("stPlotlyChart")).to_have_count(2, timeout=MINUTES)
    settle(opened)
    frame, first = opened.locator(".frame"), predictions(opened)
    before = pixels(opened.get_by_test_id("stPlotlyChart").first)
    box = frame.bounding_box()
    assert box
    opened.mouse.move(box["x"] + 80, box["y"] + 80)
    opened.mouse.down()
    opened.mouse.move(box["x"] + 80 + box["width"] * 6 / 28, box["y"] + 80 - box["height"] * 3 / 28, steps=4)
    opened.mouse.up()
    expect(opened.get_by_text("6 right, -3 down, 1.0 ×")).to_be_visible()
    moved = changed(opened, first)
    assert (pixels(opened.get_by_test_id("stPlotlyChart").first) != before).any()
    picture(opened, "CAM-dragged")

    frame.focus()
    opened.keyboard.press("ArrowLeft")
    expect(opened.get_by_text("5 right, -3 down, 1.0 ×")).to_be_visible()
    stepped = changed(opened, moved)
    opened.get_by_role("button", name="Larger").click()
    expect(opened.get_by_text("5 right, -3 down, 1.5 ×")).to_be_visible()
    enlarged = changed(opened, stepped)
    opened.get_by_role("button", name="Reset").click()
    assert changed(opened, enlarged) == first


def test_maps_are_downloaded_as_a_sheet_and_as_numbers(shared: str, browse: Browse) -> None:
    opened = browse(f"{shared}/CAM?cam_methods=hirescam&cam_methods=gradcam&cam_sum=true&cam_judge=true")
    expect(opened.get_by_test_id("stPlotlyChart")).to_have_count(4 + 2, timeout=MINUTES)
    expect(opened.get_by_text("all of the evidence")).to_be_visible()
    looked_at(opened, "CAM-sum-and-judge")
    with opened.expect_download() as download:
        opened.get_by_role("button", name="Sheet, PNG").click()
    with Image.open(download.value.path()) as sheet:
        # The image and two maps per row, one row per model.
        assert sheet.format == "PNG"
        assert min(sheet.size) > 2 * 300
    with opened.expect_download() as download:
        opened.get_by_role("button", name="Arrays, NPZ").click()
    arrays = np.load(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert arrays["resnet8-gap-1_hirescam"].shape == (7, 7)
    assert arrays["resnet8-flatten-2_image"].shape == (28, 28, 1)
    positive = np.maximum(arrays["resnet8-gap-1_hirescam"], 0)
    np.testing.assert_allclose(arrays["resnet8-gap-1_gradcam"], positive, atol=1e-5)
