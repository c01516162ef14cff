"""The CAM page in Chromium: its first impression, dragging and enlarging an image by hand, and downloads."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import MINUTES, Browse, appears, looked_at, picture, serving, settle
from tests.helpers.pictures import pixels

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server without a run."""
    with serving(tmp_path_factory.mktemp("fresh") / "saved_models", warming="off") as url:
        yield url


def predictions(opened: Page) -> list[str]:
    """The models' predictions."""
    return opened.get_by_text("predicts: ").all_text_contents()


_PREDICTIONS = "[...document.querySelectorAll('p')].map(p => p.textContent).filter(text => text.includes('predicts: '))"


def changed(opened: Page, before: list[str]) -> list[str]:
    opened.wait_for_function(f"before => {_PREDICTIONS}.join() !== before.join()", arg=before, timeout=MINUTES)
    settle(opened)
    return predictions(opened)


def wait_for(opened: Page, expected: list[str]) -> None:
    """Wait until the models predict as expected. Scores of places on the way may be shown before."""
    opened.wait_for_function(f"expected => {_PREDICTIONS}.join() === expected.join()", arg=expected, timeout=MINUTES)


def test_the_likeliest_classes_stand_beside_a_map_and_a_click_explains_one(fresh: str, browse: Browse) -> None:
    opened = browse(f"{fresh}/CAM")
    rows = opened.get_by_role("button", name="Explain ")
    expect(rows).to_have_count(5, timeout=MINUTES)
    expect(rows.first).to_have_attribute("aria-pressed", "true")
    bars = [float((rect.get_attribute("width") or "").rstrip("%")) for rect in opened.locator("rect[width$='%']").all()]
    assert bars == sorted(bars, reverse=True)
    assert 30 < bars[0] < 45
    chart = opened.get_by_test_id("stPlotlyChart")
    before = pixels(chart)
    lynx = opened.get_by_role("button", name="Explain lynx")
    lynx.focus()
    opened.keyboard.press("Enter")
    expect(lynx).to_have_attribute("aria-pressed", "true")
    appears(chart.get_by_text("evidence for lynx"))
    opened.wait_for_url("**cam_target=lynx**")
    settle(opened)
    assert (pixels(chart) != before).any()
    looked_at(opened, "CAM-lynx")

    opened.get_by_role("button", name="Two heads: GAP and Flatten").click()
    expect(opened.get_by_text("predicts: Ankle boot")).to_have_count(2, timeout=MINUTES)
    expect(rows).to_have_count(2 * 5)
    assert "cam_target" not in opened.url


# 640 pixels are those of a window of 1280 pixels at 200 % zoom.
@pytest.mark.parametrize(
    "width", [390, pytest.param(640, marks=pytest.mark.exhaustive), pytest.param(1920, marks=pytest.mark.exhaustive)]
)
def test_the_answer_stands_before_the_controls_on_a_phone_and_is_larger_than_the_image(
    width: int, fresh: str, browse: Browse
) -> None:
    opened = browse(f"{fresh}/CAM", width)
    chart = opened.get_by_test_id("stPlotlyChart")
    expect(chart).to_have_count(1, timeout=MINUTES)
    settle(opened)
    drawn, models = (
        each.bounding_box()
        for each in (chart.locator(".hm, .heatmaplayer").first, opened.get_by_text("Models", exact=True))
    )
    frame = opened.locator(".frame").bounding_box()
    assert drawn
    assert models
    assert frame
    assert drawn["width"] > 1.3 * frame["width"]
    assert (models["y"] > drawn["y"] + drawn["height"]) == (width < 1000)
    assert drawn["y"] + drawn["height"] < 900


def test_an_image_is_dragged_and_enlarged_and_maps_and_scores_follow(shared: str, browse: Browse) -> None:
    opened = browse(f"{shared}/CAM")
    expect(opened.get_by_test_id("stPlotlyChart")).to_have_count(2, timeout=MINUTES)
    settle(opened)
    frame, first = opened.locator(".frame"), predictions(opened)
    before = pixels(opened.get_by_test_id("stPlotlyChart").first)
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    assert box
    opened.mouse.move(box["x"] + 80, box["y"] + 80)
    opened.mouse.down()
    opened.mouse.move(box["x"] + 80 + box["width"] * 6 / 28, box["y"] + 80 - box["height"] * 3 / 28, steps=4)
    opened.mouse.up()
    appears(opened.get_by_text("6 right, -3 down, 1.0 ×"))
    # Scores of places on the way may have been shown before.
    opened.wait_for_url("**cam_place=6_-3_1.0_*")
    moved = changed(opened, first)
    assert (pixels(opened.get_by_test_id("stPlotlyChart").first) != before).any()
    picture(opened, "CAM-dragged")

    frame.focus()
    opened.keyboard.press("ArrowLeft")
    appears(opened.get_by_text("5 right, -3 down, 1.0 ×"))
    opened.wait_for_url("**cam_place=5_-3_1.0_*")
    stepped = changed(opened, moved)
    opened.get_by_role("button", name="Larger").click()
    appears(opened.get_by_text("5 right, -3 down, 1.5 ×"))
    changed(opened, stepped)
    opened.get_by_role("button", name="Reset").click()
    wait_for(opened, first)


@pytest.mark.parametrize(
    ("border", "beyond"),
    [
        ("reflect", "right"),
        pytest.param("wrap", "left", marks=pytest.mark.exhaustive),
        pytest.param("black", None, marks=pytest.mark.exhaustive),
    ],
)
def test_a_dragged_image_goes_on_beyond_its_border_as_chosen(
    border: str, beyond: str | None, fresh: str, browse: Browse
) -> None:
    opened = browse(f"{fresh}/CAM?cam_photograph=coffee&cam_border={border}")
    frame = opened.locator(".frame")
    expect(frame).to_have_attribute("data-border", border)
    frame.scroll_into_view_if_needed()
    before = pixels(frame)
    box = frame.bounding_box()
    assert box
    shift = round(box["width"] / 3)
    opened.mouse.move(box["x"] + box["width"] - 5, box["y"] + 40)
    opened.mouse.down()
    opened.mouse.move(box["x"] + box["width"] - 5 - shift, box["y"] + 40, steps=3)
    # Scores move before the hand is lifted, and the page that runs again does not end the drag.
    opened.wait_for_url("**cam_place=-*")
    settle(opened)
    opened.mouse.move(box["x"] + box["width"] - 7 - shift, box["y"] + 40)
    opened.mouse.move(box["x"] + box["width"] - 5 - shift, box["y"] + 40)
    opened.mouse.up()
    # A third of 450 pixels.
    appears(opened.get_by_text(re.compile(r"^-1[45]\d right, 0 down")))
    opened.wait_for_url(re.compile(r"cam_place=-1[45]\d_0_"))
    settle(opened)
    after = pixels(frame)
    width = after.shape[1]
    kept, new = after[20:-20, 10 : width - shift - 10], after[20:-20, width - shift + 10 : -10]
    assert np.abs(kept - before[20:-20, 10 + shift : width - 10]).mean() < 12
    sides = {"left": before[20:-20, 10 : shift - 10], "right": before[20:-20, width - shift + 10 : -10][:, ::-1]}
    if beyond:
        assert np.abs(new - sides[beyond]).mean() < 12
    else:
        assert not new.any()


def test_maps_are_downloaded_as_a_sheet_and_as_numbers(shared: str, browse: Browse) -> None:
    opened = browse(f"{shared}/CAM?cam_methods=hirescam&cam_methods=gradcam&cam_sum=true&cam_judge=true")
    expect(opened.get_by_test_id("stPlotlyChart")).to_have_count(4 + 2, timeout=MINUTES)
    appears(opened.get_by_text("the map leaves nothing out"))
    looked_at(opened, "CAM-sum-and-judge")
    with opened.expect_download() as download:
        opened.get_by_role("button", name="Download as a picture").click()
    with Image.open(download.value.path()) as sheet:
        # The image and two maps per row, one row per model.
        assert sheet.format == "PNG"
        assert min(sheet.size) > 2 * 300
    with opened.expect_download() as download:
        opened.get_by_role("button", name="Download as numbers").click()
    arrays = np.load(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert arrays["resnet8-gap-1_hirescam"].shape == (7, 7)
    assert arrays["resnet8-flatten-2_image"].shape == (28, 28, 1)
    positive = np.maximum(arrays["resnet8-gap-1_hirescam"], 0)
    np.testing.assert_allclose(arrays["resnet8-gap-1_gradcam"], positive, atol=1e-5)


def test_two_maps_are_swiped_by_hand_and_by_keyboard_and_flicker(fresh: str, browse: Browse) -> None:
    opened = browse(
        f"{fresh}/CAM?cam_models=example-gap&cam_models=example-flatten&cam_class=Ankle+boot&cam_swipe=true"
    )
    swipe = opened.get_by_role("application", name="GAP on the left, Flatten on the right")
    appears(swipe, timeout=MINUTES)
    settle(opened)
    divider, right = opened.get_by_role("slider", name="Divider"), swipe.locator("img.right")
    expect(divider).to_have_value("50")
    expect(right).to_have_attribute("alt", re.compile("Map of example-flatten by hirescam"))
    box = swipe.bounding_box()
    assert box
    frame = opened.locator(".frame[aria-label^='The image']").bounding_box()
    assert frame
    assert box["width"] > 1.3 * frame["width"]
    swipe.scroll_into_view_if_needed()
    box = swipe.bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    opened.mouse.move(box["x"] + box["width"] / 2, middle)
    opened.mouse.down()
    opened.mouse.move(box["x"] + box["width"] / 4, middle, steps=3)
    opened.mouse.up()
    expect(divider).to_have_value("25")
    # Both maps are painted, and the place between the old and the new divider now shows the right one.
    swipe.press("End")
    left_alone = pixels(swipe)
    swipe.press("Home")
    assert (pixels(swipe) != left_alone).any()
    swipe.press("ArrowRight")
    expect(divider).to_have_value("5")
    swipe.press("End")
    opened.keyboard.down(" ")
    expect(right).to_have_css("clip-path", "inset(0px 0px 0px 0%)")
    opened.keyboard.up(" ")
    expect(right).to_have_css("clip-path", "inset(0px 0px 0px 100%)")

    # Who wants no motion changes maps by hand; others let them flicker.
    button = opened.get_by_role("button", name="Show the other map")
    button.click()
    appears(opened.get_by_text("Shown: Flatten"))
    button.click()
    appears(opened.get_by_text("Shown: GAP"))
    looked_at(opened, "CAM-swipe")
    opened.emulate_media(reduced_motion="no-preference")
    opened.reload()
    flicker = opened.get_by_role("button", name="Flicker")
    flicker.click(timeout=MINUTES)
    expect(flicker).to_have_attribute("aria-pressed", "true")
    for clip in ("inset(0px 0px 0px 100%)", "inset(0px 0px 0px 0%)"):
        expect(right).to_have_css("clip-path", clip)
    flicker.click()
    expect(right).to_have_css("clip-path", "inset(0px 0px 0px 50%)")
