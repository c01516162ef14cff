"""The Inside page in Chromium: pointing, adding and choosing without the server; layers and heads with it."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import MINUTES, Browse, Serve, appears, looked_at, settle

pytestmark = pytest.mark.browser
COUNT = """() => { window.sent = 0; const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (...parts) { window.sent += 1; return send.apply(this, parts); }; }"""
"""JavaScript: count what the page sends to its server from now on."""
INSIDE = "[...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')].map(e => e.shadowRoot)"
TIMES = f"""() => {{
    const root = {INSIDE}.find(root => root.querySelector('.bars')), slider = root.querySelector('input'), times = [];
    const tiles = [...root.querySelectorAll('.tile')];
    const timed = (work) => {{ const start = performance.now(); work(); root.host.getBoundingClientRect();
        times.push(performance.now() - start); }};
    for (const step of [10, 20, 30, 40, 64]) timed(() => {{ slider.value = step; slider.oninput(); }});
    for (const tile of tiles.slice(0, 5)) timed(() => tile.dispatchEvent(new PointerEvent('pointerenter')));
    for (const index of [1, 2, 3, 4, 0]) timed(() => root.querySelectorAll('.class')[index].click());
    return times; }}"""
"""JavaScript: milliseconds from an event until the page is drawn and laid out anew."""


def value(page: Page, name: str) -> float:
    return float(page.locator(".sum").get_attribute(f"data-{name}") or "nan")


def test_maps_are_added_pointed_at_and_asked_of_other_classes_without_the_server(
    tmp_path: Path, serve: Serve, browse: Browse
) -> None:
    opened = browse(f"{serve(tmp_path / 'saved_models')}/Inside")
    expect(opened.locator(".tile .read").first).to_be_visible(timeout=MINUTES)
    expect(opened.locator(".stage")).to_have_count(3, timeout=MINUTES)
    settle(opened)
    opened.evaluate(COUNT)
    score = value(opened, "score")
    assert value(opened, "sum") == pytest.approx(score, abs=1e-4 * abs(score))

    # Without any map the bias is left, and the sum grows map by map.
    slider = opened.get_by_role("slider", name="Maps added")
    slider.press("Home")
    expect(opened.locator(".adder output")).to_have_text("0 of 64")
    bias = value(opened, "sum")
    slider.press("ArrowRight")
    first = opened.locator(".tile").first
    added = re.search(r"= ([+−][0-9.]+)$", first.get_attribute("aria-label") or "")
    assert added
    assert value(opened, "sum") - bias == pytest.approx(float(added[1].replace("−", "-")), abs=6e-3)
    expect(opened.locator(".tile.waits")).to_have_count(63)
    slider.press("End")

    # A tile points at its bar and its part in the map, a bar at its tile, and a cell of the map at the strongest tiles.
    opened.locator(".tile").nth(2).hover()
    expect(opened.locator(".map-text")).to_contain_text("alone")
    expect(opened.locator(".bars g.on")).to_have_attribute("data-index", "3")
    opened.locator(".bars g").nth(5).locator(".whole").hover()
    expect(opened.locator(".tile.on")).to_have_count(1)
    expect(opened.locator(".tile").nth(4)).to_have_class(re.compile(r"\bon\b"))
    opened.locator(".plot").focus()
    opened.keyboard.press("ArrowUp")
    expect(opened.locator(".status").first).to_contain_text("Row 4, column 5")
    expect(opened.locator(".tile.on")).to_have_count(3)

    # By keyboard: tiles are one stop, and arrows go through them.
    opened.locator(".tile").first.focus()
    opened.keyboard.press("ArrowRight")
    expect(opened.locator(".tile").nth(1)).to_be_focused()
    opened.keyboard.press("Enter")
    expect(opened.locator(".tile").nth(1)).to_have_attribute("aria-pressed", "true")
    opened.keyboard.press("Escape")
    expect(opened.locator(".tile[aria-pressed=true]")).to_have_count(0)

    opened.locator(".class").nth(1).click()
    expect(opened.locator(".class").nth(1)).to_have_attribute("aria-pressed", "true")
    second = value(opened, "score")
    assert second < score
    assert value(opened, "sum") == pytest.approx(second, abs=1e-4 * max(1, abs(second)))
    assert sorted(opened.evaluate(TIMES))[7] < 50
    assert opened.evaluate("() => window.sent") == 0

    # With the server: another head for the same image, and another layer.
    opened.get_by_role("radio", name="Flatten", exact=True).click()
    appears(opened.get_by_text("The head reads all cells of each map"), timeout=MINUTES)
    settle(opened)
    score = value(opened, "score")
    assert value(opened, "sum") == pytest.approx(score, abs=1e-4 * max(1, abs(score)))
    opened.locator(".stage").first.click()
    expect(opened.locator(".text")).to_contain_text("32 × 32 cells")
    opened.wait_for_url("**inside_layer=**")
    opened.locator(".stage").first.hover()
    picture = opened.get_by_role("button", name=re.compile("move over its cells")).first
    picture.focus()
    appears(opened.locator(".field"))
    looked_at(opened, "Inside-flatten")


def test_a_residual_block_and_the_score_without_its_shortcut_on_a_phone(
    tmp_path: Path, serve: Serve, browse: Browse
) -> None:
    opened = browse(f"{serve(tmp_path / 'saved_models')}/Inside", width=390, scheme="dark")
    appears(opened.get_by_text("Without this shortcut"), timeout=MINUTES)
    expect(opened.locator(".line")).to_have_count(3)
    plot, model = (each.bounding_box() for each in (opened.locator(".plot"), opened.get_by_text("Model", exact=True)))
    assert plot
    assert model
    assert plot["y"] + plot["height"] < model["y"]
    looked_at(opened, "Inside-dark-390")
