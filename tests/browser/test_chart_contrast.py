"""Text of charts can be read: axe-core does not see into SVG, so its contrast is computed from what is rendered."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import MINUTES, Browse, serving, settle

pytestmark = pytest.mark.browser
LEAST = 4.5
RUNS = "=resnet8-gap-1&{0}=resnet8-flatten-2"
FRESH = (
    "?home_step=Count",
    "?home_step=Learn",
    "Build",
    "Parameters",
    "Data",
    "Inside",
    "CAM?cam_models=example-gap&cam_models=example-flatten&cam_shift=true&cam_judge=true",
)
TRAINED = (
    f"Train?runs{RUNS.format('runs')}",
    f"Runs?runs_chosen{RUNS.format('runs_chosen')}&runs_mistakes=true",
    "Claims?claims_parameters=true&claims_overfitting=true&claims_position=true&claims_degradation=true",
)
"""Pages of a store with two runs."""
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
  // The color that an image has there, such as that of a cell of a heatmap.
  const pixel = (image, x, y) => {
    const box = image.getBoundingClientRect(), sheet = document.createElement("canvas");
    [sheet.width, sheet.height] = [Math.ceil(box.width), Math.ceil(box.height)];
    const drawn = sheet.getContext("2d");
    drawn.imageSmoothingEnabled = false;
    drawn.drawImage(image, 0, 0, sheet.width, sheet.height);
    const [r, g, b, alpha] = drawn.getImageData(x - box.x, y - box.y, 1, 1).data;
    return `rgba(${r},${g},${b},${alpha / 255})`;
  };
  const deepest = (x, y, root = document) => root.elementsFromPoint(x, y).flatMap((element) =>
    element.shadowRoot && root === document ? [...deepest(x, y, element.shadowRoot), element] : [element]);
  const behind = (text, x, y) => {
    let color = [255, 255, 255];
    for (const element of [...new Set(deepest(x, y))].reverse()) {
      if (text instanceof SVGElement && (element === text || text.contains(element))) continue;
      const style = getComputedStyle(element);
      const shape = element instanceof SVGGeometryElement;
      const paint = shape ? style.fill : style.backgroundColor;
      if (!paint || paint === "none" || paint.startsWith("url")) continue;
      color = over(paint, shape ? style.fillOpacity * style.opacity : 1, color);
    }
    // Cells of a heatmap are an image that no pointer meets.
    for (const image of text.closest(".js-plotly-plot")?.querySelectorAll("image") ?? []) {
      const box = image.getBoundingClientRect();
      if (box.left <= x && x < box.right && box.top <= y && y < box.bottom) color = over(pixel(image, x, y), 1, color);
    }
    return color;
  };
  const shadows = [...document.querySelectorAll("*")].map(({ shadowRoot }) => shadowRoot).filter(Boolean);
  const hasText = ({ childNodes }) => [...childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const isText = (node) => hasText(node) && !node.matches("style, script, option, :disabled, svg *");
  const texts = [document, ...shadows].flatMap((root) => [...root.querySelectorAll("svg text")]);
  const own = shadows.flatMap((root) => [...root.querySelectorAll("*")].filter(isText));
  const opacity = (node) => (node instanceof Element ? getComputedStyle(node).opacity * opacity(node.parentNode) : 1);
  return [...texts, ...own].filter((text) => text.textContent.trim()).flatMap((text) => {
    text.scrollIntoView({ block: "center" });
    const box = text.getBoundingClientRect(), style = getComputedStyle(text), shown = opacity(text);
    // What only a screen reader reads is one pixel wide.
    if (box.width < 2 || style.visibility === "hidden" || style.fillOpacity === "0" || !shown) return [];
    const below = behind(text, box.x + box.width / 2, box.y + box.height / 2);
    const isDrawn = text instanceof SVGElement;
    const above = over(isDrawn ? style.fill : style.color, shown * (isDrawn ? style.fillOpacity : 1), below);
    const [dark, bright] = [light(above), light(below)].sort((one, other) => one - other);
    const kind = `${text.getAttribute("class") ?? ""} in ${text.parentElement.getAttribute("class") ?? ""}`;
    return [{ text: text.textContent, kind, ratio: (bright + 0.05) / (dark + 0.05), above, below }];
  });
}"""
"""JavaScript: the texts in the page's SVG and in our components, each with its contrast to what is behind it."""

COVERED = """() => [...document.querySelectorAll('.js-plotly-plot')].flatMap((chart) => {
  const box = (name) => chart.querySelector(name)?.getBoundingClientRect();
  const bar = box('.modebar');
  return ['.legend', '.gtitle'].filter((name) => {
    const text = box(name);
    return bar?.width && text?.width && bar.left < text.right && text.left < bar.right
      && bar.top < text.bottom && text.top < bar.bottom;
  });
})"""
"""JavaScript: the legends and titles of charts that lie under Plotly's tool bar, which shows while one points at a
chart."""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server without a run."""
    with serving(tmp_path_factory.mktemp("fresh") / "saved_models", warming="off") as url:
        yield url


def texts(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(TEXTS)
    return found


@pytest.fixture(params=["fresh", "shared"])
def addresses(request: pytest.FixtureRequest) -> list[str]:
    """All pages with charts, of a server without a run or of one with two."""
    pages = {"fresh": FRESH, "shared": TRAINED}[request.param]
    server = request.getfixturevalue(request.param)
    return [f"{server}/{page}" for page in pages]


def visited(browse: Browse, address: str, **window: Any) -> Page:
    """A page with all its charts drawn."""
    opened = browse(address, **window)
    first = ".tile .read" if "Inside" in address else "svg text"
    expect(opened.locator(first).first).to_be_attached(timeout=MINUTES)
    settle(opened)
    return opened


@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "scheme"), [pytest.param(1280, "light", marks=pytest.mark.exhaustive), (390, "dark")]
)
def test_text_in_charts_can_be_read_and_no_legend_is_under_the_tool_bar(
    width: int, scheme: str, addresses: list[str], browse: Browse
) -> None:
    pale = []
    for address in addresses:
        opened = visited(browse, address, width=width, scheme=scheme)
        assert opened.evaluate(COVERED) == [], address
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


def test_a_covered_legend_is_found(fresh: str, browse: Browse) -> None:
    opened = visited(browse, f"{fresh}/Parameters")
    opened.add_style_tag(content=".js-plotly-plot .modebar-container { top: 0 !important; bottom: auto !important }")
    opened.add_style_tag(content=".js-plotly-plot .modebar { right: auto !important; left: 100px !important }")
    assert opened.evaluate(COVERED)
