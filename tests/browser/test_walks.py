"""What each page is for, done as a person does it: in a wide light window, and on a phone in the dark theme."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import MINUTES, appears, choose, faultless, heading, looked_at, settle, visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WIDE, NARROW = 1280, 390


class Window(NamedTuple):
    """A visitor's window, and what went wrong in it so far."""

    page: Page
    faults: list[str]
    width: int
    scheme: str


@pytest.fixture(
    scope="module",
    params=[(WIDE, "light"), (NARROW, "dark")],
    ids=lambda window: "-".join(map(str, window)),
)
def window(request: pytest.FixtureRequest, browser: Browser, shared: str) -> Iterator[Window]:
    """One visitor walks through all pages."""
    with visit(browser, *request.param) as (page, faults):
        page.goto(shared, wait_until="domcontentloaded")
        settle(page)
        yield Window(page, faults, *request.param)


def by_menu(window: Window, name: str) -> None:
    """To a page by the menu, which a narrow window has folded away."""
    if window.width == NARROW:
        window.page.get_by_test_id("stExpandSidebarButton").click()
    window.page.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True).click()
    if window.width == NARROW:
        window.page.get_by_role("button", name="Collapse sidebar").click()
    expect(window.page.get_by_role("heading", level=1)).to_have_text(heading(name))
    expect(window.page).to_have_title(f"{name} · tfpool")
    settle(window.page)


def drawn(charts: Locator) -> None:
    """Each of these charts shows more than its axes."""
    settle(charts.page)
    for chart in charts.all():
        expect(chart.locator(".main-svg").first).to_be_visible()
        expect(chart.locator(".point path, .scatterlayer path, .hm image, .heatmaplayer image")).not_to_have_count(0)


def points_tell(page: Page, place: str, *numbers: str) -> None:
    """The lines of growing heads stand apart, and one who points at a place is told its numbers and none of others."""
    heights = [box["y"] for dot in page.locator(".area circle").all() if (box := dot.bounding_box())]
    assert max(heights) - min(heights) > 20
    strip = page.locator(f".place:has(+ .tooltip > b:text-is('{place}'))")
    strip.hover()
    shown = page.locator(".tooltip:visible")
    expect(shown).to_have_count(1)
    for number in (place, *numbers):
        expect(shown).to_contain_text(number)
    assert (inside := shown.bounding_box())
    assert (all_of_it := page.locator(".chart").bounding_box())
    assert all_of_it["x"] <= inside["x"]
    assert inside["x"] + inside["width"] <= all_of_it["x"] + all_of_it["width"]


def home(page: Page) -> None:
    points_tell(page, "14", "GAP, GMP: 513,000", "Flatten: 100,353,000")
    page.get_by_label("Pointed ears, row 1, column 4").fill("8")
    page.keyboard.press("Tab")
    expect(page.locator(".head[data-head=gap]")).to_contain_text("mean of each map: 2 and")
    page.locator(".head[data-head=flatten]").click()
    expect(page.locator(".formula").first).to_contain_text("66")
    page.get_by_role("button", name="Average").click()
    expect(page.locator(".answer")).to_contain_text("evenly to all 4 cells")
    page.get_by_role("slider", name="Side, H = W").press("ArrowRight")
    appears(page.get_by_text("8·8·512·1,000 + 1,000"))
    for step in ("Count", "Learn", "Look"):
        page.get_by_role("button", name=f"Next: {step}").click()
        expect(page.get_by_role("radio", name=step, exact=True)).to_be_checked()
    page.get_by_role("radio", name="Sneaker").click()
    for head in ("GAP", "Flatten"):
        appears(page.get_by_label(f"Where {head} finds evidence for Sneaker, on the picture"))
    drawn(page.get_by_test_id("stPlotlyChart"))


def build(page: Page) -> None:
    appears(page.get_by_text("GAP compared with Flatten"))
    page.get_by_role("radio", name="GMP", exact=True).click()
    appears(page.get_by_text("GMP compared with Flatten"))
    appears(page.get_by_test_id("stPlotlyChart").get_by_text("Head: GMP"))
    page.get_by_text("Keras code: the same model without tfpool").click()
    expect(page.get_by_test_id("stCode")).to_contain_text("GlobalMaxPooling2D")
    drawn(page.get_by_test_id("stPlotlyChart"))


def parameters(page: Page) -> None:
    told = page.get_by_text("The largest head is").first
    before = told.inner_text()
    page.get_by_role("slider", name="Image side, pixels").press("ArrowRight")
    expect(told).not_to_have_text(before)
    bars = page.get_by_test_id("stPlotlyChart").first
    expect(bars.get_by_text("100k", exact=True)).to_have_count(0)
    page.get_by_text("Log scale", exact=True).click()
    expect(bars.get_by_text("100k", exact=True)).not_to_have_count(0)
    page.get_by_role("radio", name="classes", exact=True).click()
    expect(page.locator(".across")).to_have_text(re.compile("^classes"))
    drawn(page.get_by_test_id("stPlotlyChart"))
    points_tell(page, "1,000", "Flatten: ")


def data(page: Page) -> None:
    pictures = page.get_by_test_id("stImage").first.locator("img")
    choose(page, "Class", "Sneaker")
    expect(pictures.first).to_have_attribute("alt", re.compile("Sneaker$"))
    before = pictures.first.get_attribute("alt") or ""
    page.get_by_role("button", name="Other images").click()
    expect(pictures.first).not_to_have_attribute("alt", before)
    expect(pictures.first).to_have_attribute("alt", re.compile("Sneaker$"))
    page.get_by_role("radio", name="Folder or zip on this computer").click()
    appears(page.get_by_label("Path", exact=True))
    drawn(page.get_by_test_id("stPlotlyChart"))


def train(page: Page) -> None:
    page.get_by_role("button", name="GMP", exact=True).click()
    appears(page.get_by_role("button", name="Train 3 runs"))
    repeats = page.get_by_role("spinbutton", name="Repeats")
    repeats.fill("2")
    repeats.press("Enter")
    expect(page.get_by_role("button", name="Train 6 runs")).to_be_enabled()
    choose(page, "Recipe", "resnet")
    expect(page.get_by_role("spinbutton", name="Epochs", exact=True)).to_have_value("30")
    # The settings before the recipe's may still stand beside its own.
    expect(page.get_by_text("Training settings")).to_have_count(1)
    page.get_by_text("Training settings").click()
    expect(page.get_by_role("spinbutton", name="Learning rate")).to_have_value("0.1")
    drawn(page.get_by_test_id("stPlotlyChart"))


def runs(page: Page) -> None:
    appears(page.get_by_text("2 of 2 runs."))
    appears(page.get_by_text("What differs"))
    # The table is a canvas: cells are found by their place.
    cells = page.get_by_test_id("stDataFrame").first.locator(".dvn-scroller")
    cells.click(position={"x": 18, "y": 52})
    expect(page.get_by_text("What differs")).to_have_count(0)
    page.get_by_role("radio", name="validation accuracy").click()
    expect(page.get_by_test_id("stPlotlyChart").first.locator(".xtitle")).to_have_text("last validation accuracy")
    page.get_by_role("radio", name="seconds").click()
    appears(page.get_by_text("seconds since the start"))
    page.get_by_text("Confused classes").click()
    appears(page.get_by_text("Most confident mistakes", exact=True))
    expect(page.get_by_test_id("stPlotlyChart")).to_have_count(3)
    drawn(page.get_by_test_id("stPlotlyChart"))


def cam(page: Page) -> None:
    maps = page.get_by_test_id("stPlotlyChart")
    expect(maps).to_have_count(2, timeout=MINUTES)
    number = page.get_by_role("spinbutton", name="Number")
    number.fill("2")
    number.press("Enter")
    appears(page.get_by_text("2 of 5,000: "))
    choose(page, "Methods", "gradcam")
    expect(maps).to_have_count(4, timeout=MINUTES)
    page.get_by_text("Break the score down").click()
    appears(page.get_by_text("This position adds"))
    appears(page.get_by_text("the map leaves nothing out"))
    drawn(maps)


def inside(page: Page) -> None:
    appears(page.get_by_text("of 64 maps"), timeout=MINUTES)
    slider = page.get_by_role("slider", name="Maps added")
    slider.press("Home")
    appears(page.get_by_text("0 of 64 maps"))
    slider.press("End")
    page.locator(".class").nth(1).click()
    expect(page.locator(".class").nth(1)).to_have_attribute("aria-pressed", "true")
    page.locator(".tile").first.focus()
    appears(page.get_by_text("alone, on a color scale of its own"))


def claims(page: Page) -> None:
    # One with a finding that ships and another of one's own.
    card = page.get_by_test_id("stExpander").filter(has_text="6. GAP loses where things are")
    card.locator("summary").first.click()
    appears(card.get_by_text("The mean over positions forgets them"))
    expect(card.get_by_test_id("stPlotlyChart")).to_have_count(4)
    card.get_by_text("How it was measured").click()
    appears(card.get_by_text("Rule, fixed before the run."))
    drawn(card.get_by_test_id("stPlotlyChart"))


WALKS = {
    "Home": home,
    "Build": build,
    "Parameters": parameters,
    "Data": data,
    "Train": train,
    "Runs": runs,
    "Inside": inside,
    "CAM": cam,
    "Claims": claims,
}


@pytest.mark.parametrize("name", WALKS)
def test_a_page_does_what_it_is_for_and_can_be_read(window: Window, name: str) -> None:
    by_menu(window, name)
    WALKS[name](window.page)
    screenshot = looked_at(window.page, f"{name}-{window.scheme}-{window.width}")
    with Image.open(screenshot) as image:
        corner = image.convert("L").getpixel((window.width - 5, 400))
    assert (corner > 200) == (window.scheme == "light")
    faultless(window.page, window.faults)


@pytest.mark.parametrize("window", [(NARROW, "dark")], indirect=True)
def test_a_run_is_trained_and_deleted_on_a_phone(window: Window, shared: str) -> None:
    page = window.page
    page.goto(f"{shared}/Train?train_networks=convnet&train_heads=GAP&train_epochs=1&train_images=64")
    page.get_by_role("button", name="Train 1 run").click()
    # Two others are done and stand there, one perhaps longer than the other, until this one does.
    expect(page).to_have_url(re.compile("runs=convnet-gap"))
    expect(page.get_by_text("done", exact=True)).to_have_count(1, timeout=MINUTES)
    expect(page.get_by_text("Test accuracy")).to_have_count(1)
    drawn(page.get_by_test_id("stPlotlyChart"))
    looked_at(page, "Train-trained-dark-390")
    page.get_by_role("button", name="Delete").click()
    appears(page.get_by_text("was deleted."))
    faultless(page, window.faults)
