"""Text of charts can be read: axe-core does not see into SVG, so its contrast is computed from what is rendered."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browse, serving, settle

pytestmark = pytest.mark.browser
LEAST = 4.5
PAGES = (
    "?home_step=Count",
    "?home_step=Learn",
    "Build",
    "Parameters",
    "Data",
    "CAM?cam_models=example-gap&cam_models=example-flatten&cam_shift=true&cam_judge=true",
)
TEXTS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  // Any color of CSS over another, as red, green, blue from 0 to 255.
  const over = (color, opacity, below) => {
    canvas.globalAlpha = 1;
    canvas.fillStyle = `rgb(${below.join(",")})`;
    canvas.fillRect(0, 0, 1, 1);
    canvas.globalAlpha = opacity;
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (color) => {
    const [r, g, b] = color.map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const deepest = (x, y, root = document) => root.elementsFromPoint(x, y).flatMap((element) =>
    element.shadowRoot && root === document ? [...deepest(x, y, element.shadowRoot), element] : [element]);
  const behind = (text, x, y) => {
    let color = [255, 255, 255];
    for (const element of [...new Set(deepest(x, y))].reverse()) {
      if (element === text || text.contains(element)) continue;
      const style = getComputedStyle(element);
      const shape = element instanceof SVGGeometryElement;
      const paint = shape ? style.fill : style.backgroundColor;
      if (!paint || paint === "none" || paint.startsWith("url")) continue;
      color = over(paint, shape ? style.fillOpacity * style.opacity : 1, color);
    }
    return color;
  };
  const roots = [document, ...[...document.querySelectorAll("*")].map(({ shadowRoot }) => shadowRoot).filter(Boolean)];
  const texts = roots.flatMap((root) => [...root.querySelectorAll("svg text")]);
  return texts.filter((text) => text.textContent.trim()).flatMap((text) => {
    text.scrollIntoView({ block: "center" });
    const box = text.getBoundingClientRect(), style = getComputedStyle(text);
    if (!box.width || style.visibility === "hidden" || style.fillOpacity === "0" || style.opacity === "0") return [];
    const below = behind(text, box.x + box.width / 2, box.y + box.height / 2);
    const above = over(style.fill, style.fillOpacity * style.opacity, below);
    const [dark, bright] = [light(above), light(below)].sort((one, other) => one - other);
    const kind = `${text.getAttribute("class") ?? ""} in ${text.parentElement.getAttribute("class") ?? ""}`;
    return [{ text: text.textContent, kind, ratio: (bright + 0.05) / (dark + 0.05), above, below }];
  });
}"""
"""JavaScript: the texts in the page's SVG, each with its contrast to what is behind it."""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server without a run."""
    with serving(tmp_path_factory.mktemp("fresh") / "saved_models", warming="off") as url:
        yield url


def texts(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(TEXTS)
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_in_charts_has_the_contrast_that_text_on_pages_has(scheme: str, fresh: str, browse: Browse) -> None:
    pale = []
    for address in PAGES:
        opened = browse(f"{fresh}/{address}", scheme=scheme)
        expect(opened.locator("svg text").first).to_be_attached()
        settle(opened)
        read = texts(opened)
        assert len(read) > 5, address
        pale += [{"page": address, **text} for text in read if text["ratio"] < LEAST]
    assert not pale, "\n".join(map(str, pale))


def test_pale_text_is_found(browse: Browse, fresh: str) -> None:
    opened = browse(f"{fresh}/Parameters")
    settle(opened)
    pale = "{ fill: #8C8C8C !important; fill-opacity: 1 !important }"
    opened.add_style_tag(content=f".js-plotly-plot .xtick text:not(.a, .b):not(.c) {pale}")
    assert min(text["ratio"] for text in texts(opened)) == pytest.approx(3.36, abs=0.05)


def test_the_tool_bar_of_a_chart_covers_no_legend(fresh: str, browse: Browse) -> None:
    for address in ("Parameters", "?home_step=Learn"):
        opened = browse(f"{fresh}/{address}")
        chart = opened.get_by_test_id("stPlotlyChart").first
        expect(chart.locator(".legend").first).to_be_attached()
        settle(opened)
        chart.hover()
        bar = chart.locator(".modebar").first
        expect(bar).to_be_visible()
        tools, legend = bar.bounding_box(), chart.locator(".legend").first.bounding_box()
        assert tools
        assert legend
        assert tools["y"] >= legend["y"] + legend["height"]
