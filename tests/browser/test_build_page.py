"""The Build page in Chromium: blocks are drawn and tell of themselves, heads are swapped, on a phone too."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from dashboard.common.charts import BACKBONE
from tests.browser.conftest import Browse, Serve, appears, choose, fits, picture, settle
from tfpool.networks.heads import HEADS

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def drawing(page: Page) -> Locator:
    return page.get_by_test_id("stPlotlyChart")


def bars(page: Page, color: str) -> Locator:
    """The blocks of a color, or with an outline of it."""
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return drawing(page).locator(f".barlayer .point path[style*='rgb({red}, {green}, {blue})']")


def metric(page: Page, label: str) -> Locator:
    return page.get_by_test_id("stMetric").filter(has_text=label)


def test_blocks_are_drawn_and_tell_of_themselves(shared: str, browse: Browse) -> None:
    opened = browse(f"{shared}/Build?build_network=resnet152")
    expect(bars(opened, BACKBONE)).to_have_count(11)
    expect(bars(opened, HEADS["gap"].color)).to_have_count(2)
    appears(drawing(opened).get_by_text("conv4_block2–36 ×35"))
    name = drawing(opened).get_by_text("conv4_block2–36 ×35")
    name.scroll_into_view_if_needed()
    place = name.bounding_box()
    assert place
    # What covers the words is the chart's own layer, which a locator's hover would wait for to go away.
    opened.mouse.move(place["x"] + 5, place["y"] + 5)
    tooltip = drawing(opened).locator(".hoverlayer .hovertext")
    expect(tooltip).to_contain_text("39,262,720 parameters")
    expect(tooltip).to_contain_text("Output 14×14×1024")
    expect(tooltip).to_contain_text("stride 16")
    opened.get_by_role("radio", name="Layers", exact=True).click()
    expect(bars(opened, BACKBONE)).to_have_count(95)
    opened.wait_for_url("**build_detail=Layers**")


def test_another_head_changes_the_numbers_and_the_drawing(shared: str, browse: Browse) -> None:
    opened = browse(f"{shared}/Build")
    expect(metric(opened, "In the head")).to_contain_text("650")
    expect(metric(opened, "In the head")).to_contain_text("−40,320")
    expect(bars(opened, HEADS["flatten"].color)).to_have_count(2)
    opened.get_by_role("radio", name="Flatten", exact=True).click()
    expect(metric(opened, "In the head")).to_contain_text("40,970")
    expect(bars(opened, HEADS["gap"].color)).to_have_count(0)
    choose(opened, "Compared with", "GMP")
    expect(metric(opened, "In the head")).to_contain_text("+40,320")
    expect(bars(opened, HEADS["gmp"].color)).to_have_count(2)
    appears(opened.get_by_text("63 times"))
    opened.get_by_role("link", name="Compare both over image sizes").click()
    expect(opened.get_by_role("heading", level=1)).to_have_text("Parameters")
    settle(opened)
    assert "parameters_networks=resnet20" in opened.url


def test_choosing_a_network_takes_no_step_in_the_history_and_logs_nothing(
    tmp_path: Path, serve: Serve, browse: Browse
) -> None:
    opened = browse(f"{serve(tmp_path / 'saved_models')}/Build")
    steps = opened.evaluate("history.length")
    choose(opened, "Network", "vgg16")
    expect(metric(opened, "Last feature map")).to_contain_text("7×7×512")
    settle(opened)
    assert opened.evaluate("history.length") == steps
    assert all("default value" not in log.read_text() for log in tmp_path.glob("server-*.log"))


def test_names_and_shapes_stand_beside_each_other_on_a_phone(shared: str, browse: Browse) -> None:
    opened = browse(f"{shared}/Build?build_network=efficientnetb7", 390)
    name = drawing(opened).get_by_text("block6b–m ×12")
    appears(name)
    fits(opened)
    shape = drawing(opened).get_by_text("19×19×384").last
    left, right = name.bounding_box(), shape.bounding_box()
    assert left
    assert right
    assert left["x"] + left["width"] < right["x"]
    assert right["x"] + right["width"] < 390
    picture(opened, "Build-efficientnetb7-light-390")
