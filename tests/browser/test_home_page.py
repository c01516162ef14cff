"""Home in Chromium: scores, formulas and gradients follow each edit in the browser, as Python computes them."""

import math
import re
from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from dashboard.home import feature_map_editor, pooling_window
from tests.browser.conftest import Browse, appears, looked_at, serving, settle
from tfpool.networks import heads

pytestmark = pytest.mark.browser
CARDS, SUMS = ".head", ".class .sum"
ROOT = "[...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')].map(e => e.shadowRoot)"
COUNT = """() => { window.sent = 0; const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (...parts) { window.sent += 1; return send.apply(this, parts); }; }"""
"""JavaScript: count what the page sends to its server from now on."""
CONTRASTS = f"""() => {{
  const light = (color) => {{
    const unit = color.startsWith("color(") ? 1 : 255;
    const [r, g, b] = color.match(/[0-9.]+(?![a-z])/g).slice(0, 3).map((v) => v / unit)
      .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }};
  return {ROOT}.flatMap((root) => [...root.querySelectorAll(".cell")]).map((cell) => {{
    const style = getComputedStyle(cell);
    const [dark, bright] = [light(style.color), light(style.backgroundColor)].sort((one, other) => one - other);
    return (bright + 0.05) / (dark + 0.05);
  }});
}}"""
"""JavaScript: the contrast of the number in each cell to the cell."""


TIMES = f"""() => {{
    const roots = {ROOT}, times = [];
    const timed = (root, work) => {{ const start = performance.now(); work(); root.host.getBoundingClientRect();
        times.push(performance.now() - start); }};
    const editor = roots.find((root) => root.querySelector(".maps-side"));
    const slider = editor.querySelector(".term input"), outputs = roots.find((root) => root.querySelector(".output"));
    for (const weight of [-0.5, 0.5, 0.2]) timed(editor, () => {{ slider.value = weight; slider.oninput(); }});
    for (const button of editor.querySelectorAll(".arrows button")) timed(editor, () => button.click());
    for (const cell of outputs.querySelectorAll(".output .cell")) timed(outputs, () => cell.onpointerenter());
    return times; }}"""
"""JavaScript: milliseconds from an event until the page is drawn and laid out anew."""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server without a run."""
    with serving(tmp_path_factory.mktemp("fresh") / "saved_models", warming="off") as url:
        yield url


def maps(page: Page) -> np.ndarray:
    """The cells of both maps as they are on the page, (H, W, C)."""
    cells = page.locator(".maps-side .cell").evaluate_all("cells => cells.map(({value}) => Number(value))")
    side = feature_map_editor.SIDE
    return np.moveaxis(np.reshape(cells, (-1, side, side)), 0, -1)


def weights(word: str) -> np.ndarray:
    """Weights of each class, map by map, and its bias, from a word of the address, (K, weights + 1)."""
    tenths = [int(letter) if letter.isdigit() else ord("a") - 1 - ord(letter) for letter in word]
    return np.reshape(tenths, (len(feature_map_editor.CLASSES), -1)) / 10


def scores(head: str, cells: np.ndarray, rows: np.ndarray) -> list[float]:
    """The scores of the classes after a head, from the cells (H, W, C)."""
    by_map = np.moveaxis(cells, -1, 0).reshape(cells.shape[-1], -1)
    read = {"gap": by_map.mean(1), "gmp": by_map.max(1), "flatten": by_map.ravel()}[head]
    return [float(row[:-1] @ read + row[-1]) for row in rows]


def class_maps(head: str, cells: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """What each cell adds for each class after a head, (K, H, W)."""
    added = []
    for row in rows[:, :-1]:
        factors = np.moveaxis(row.reshape(cells.shape[-1], *cells.shape[:2]), 0, -1) if head == "flatten" else row
        kept = cells
        if head == "gmp":
            # The first of equal maxima.
            first = cells.reshape(-1, cells.shape[-1]).argmax(0)
            kept = np.where(np.arange(cells[..., 0].size)[:, None] == first, cells.reshape(-1, cells.shape[-1]), 0)
            kept = kept.reshape(cells.shape)
        added.append((kept * factors).sum(-1))
    return np.array(added)


def shown(locator: Locator) -> list[float]:
    return [float(value) for value in locator.evaluate_all("all => all.map(({dataset}) => dataset.score)")]


def numbers(locator: Locator) -> np.ndarray:
    return np.array(locator.evaluate_all("all => all.map(({dataset}) => Number(dataset.value))"))


def check_scores(page: Page, per_map: str, per_cell: str) -> None:
    """All heads show the scores that the cells and weights give, and the largest as the prediction."""
    cells = maps(page)
    for head in feature_map_editor.HEADS:
        expected = scores(head, cells, weights(per_cell if head == "flatten" else per_map))
        card = page.locator(f"{CARDS}[data-head={head}]")
        assert shown(card.locator(".score")) == pytest.approx(expected)
        expect(card).to_contain_text(f"predicts {feature_map_editor.CLASSES[int(np.argmax(expected))]}")
        if card.get_attribute("aria-pressed") == "true":
            assert shown(page.locator(SUMS)) == pytest.approx(expected)
            rows = weights(per_cell if head == "flatten" else per_map)
            found = numbers(page.locator(".class-map .cell")).reshape(len(rows), *cells.shape[:2])
            assert found == pytest.approx(class_maps(head, cells, rows))
            whole = found.mean((1, 2)) if head == "gap" else found.sum((1, 2))
            assert whole + rows[:, -1] == pytest.approx(expected)


def check_bars(page: Page) -> None:
    """A bar begins at the line of zero if its score is positive, and ends there if the score is negative."""
    bars = page.locator(f"{CARDS} .score").evaluate_all("""all => all.map(row => {
        const [bar, zero] = ["bar", "zero"].map(name => row.querySelector(`.${name}`).getBoundingClientRect());
        return [Number(row.dataset.score), bar.left - zero.left, bar.right - zero.left]; })""")
    assert any(score < 0 for score, *_ in bars)
    for score, left, right in bars:
        assert (right if score < 0 else left) == pytest.approx(0, abs=1.5)
        assert (left < -1) == (score < 0)


def word(name: str) -> str:
    return feature_map_editor.KEPT[name].default


def test_cells_and_weights_change_the_scores_and_the_address_shows_the_same(fresh: str, browse: Browse) -> None:
    opened = browse(fresh)
    per_map, per_cell = word("home_weights"), word("home_cell_weights")
    check_scores(opened, per_map, per_cell)
    check_bars(opened)
    opened.get_by_label("Pointed ears, row 1, column 4").focus()
    opened.keyboard.type("8")
    opened.keyboard.press("Tab")
    expect(opened.get_by_label("Pointed ears, row 2, column 1")).to_be_focused()
    check_scores(opened, per_map, per_cell)
    opened.get_by_role("button", name="Shift down").focus()
    opened.keyboard.press("Enter")
    check_scores(opened, per_map, per_cell)
    opened.wait_for_url("**home_map=0000960863000000**")
    opened.get_by_label("Pointed ears, row 1, column 1").fill("-3")
    opened.keyboard.press("Enter")
    expect(opened.get_by_label("Pointed ears, row 1, column 1")).to_have_value("0")

    # A weight per map is a slider: the cat's for the snout, from -0.4 to -0.2.
    slider = opened.get_by_role("slider", name="Cat, long snout: weight")
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    expect(opened.locator(SUMS).first).to_contain_text("× (−0.2)")
    per_map = "8b1c82"
    check_scores(opened, per_map, per_cell)

    opened.locator(f"{CARDS}[data-head=gmp]").click()
    check_scores(opened, per_map, per_cell)

    # A weight per cell is a field.
    opened.locator(f"{CARDS}[data-head=flatten]").click()
    opened.get_by_role("button", name="Weights of dog").click()
    field = opened.get_by_label("Weights of dog for pointed ears, row 2, column 4")
    field.fill("-0.5")
    field.press("Enter")
    per_cell = per_cell[: 33 + 7] + "e" + per_cell[33 + 8 :]
    check_scores(opened, per_map, per_cell)
    opened.wait_for_url(f"**home_cell_weights={per_cell}**")
    again = browse(opened.url)
    expect(again.get_by_label("Pointed ears, row 2, column 4", exact=True)).to_have_value("8")
    check_scores(again, per_map, per_cell)
    expect(again.locator(f"{CARDS}[data-head=flatten]")).to_have_attribute("aria-pressed", "true")


def test_after_a_shift_flatten_alone_changes_its_mind_without_the_server(fresh: str, browse: Browse) -> None:
    opened = browse(fresh)
    before = {head: shown(opened.locator(f"{CARDS}[data-head={head}] .score")) for head in feature_map_editor.HEADS}
    opened.evaluate("() => { WebSocket.prototype.send = () => {}; }")
    for _ in range(2):
        opened.get_by_role("button", name="Shift right").click()
    after = {head: shown(opened.locator(f"{CARDS}[data-head={head}] .score")) for head in feature_map_editor.HEADS}
    assert after["gap"] == before["gap"]
    assert after["gmp"] == before["gmp"]
    assert after["flatten"] != before["flatten"]
    expect(opened.locator(f"{CARDS}[data-head=gap]")).to_contain_text("predicts cat")
    expect(opened.locator(f"{CARDS}[data-head=flatten]")).to_contain_text("predicts dog")


def test_the_numbers_follow_within_50_milliseconds(fresh: str, browse: Browse) -> None:
    times = sorted(browse(f"{fresh}/?home_head=flatten").evaluate(TIMES))
    assert times[len(times) // 2] < 50


def test_formulas_count_the_parameters_of_the_maps_on_the_page(fresh: str, browse: Browse) -> None:
    opened = browse(fresh)
    for head in feature_map_editor.HEADS:
        opened.locator(f"{CARDS}[data-head={head}]").click()
        params = heads.get(head).params(maps(opened).shape, opened.locator(SUMS).count())
        formula = opened.locator(".formula").first
        expect(formula).to_contain_text(heads.HEADS[head].formula)
        expect(formula.locator("b")).to_have_text(str(params))
        expect(opened.locator(f"{CARDS}[data-head={head}]")).to_contain_text(f"{params} parameters")
        # As many numbers can be changed as there are parameters.
        fields = opened.locator(".weights .cell:visible").count() * opened.locator(SUMS).count()
        assert fields + opened.locator(".term input").count() == params
        terms = formula.inner_text().split(" = ")[1].split(" + ")
        assert sum(math.prod(map(int, term.split("·"))) for term in terms) == params


def pooled(cells: np.ndarray, mode: str, window: int, stride: int) -> tuple[np.ndarray, np.ndarray]:
    """The outputs (n, n), and the gradient of each with respect to the cells (n, n, H, W)."""
    across = (len(cells) - window) // stride + 1
    outputs, gradients = np.zeros((across, across)), np.zeros((across, across, *cells.shape))
    for row, column in product(range(across), repeat=2):
        place = slice(row * stride, row * stride + window), slice(column * stride, column * stride + window)
        part = cells[place]
        outputs[row, column] = part.max() if mode == "max" else part.mean()
        first = np.arange(part.size).reshape(part.shape) == part.argmax()
        gradients[row, column][place] = first if mode == "max" else 1 / part.size
    return outputs, gradients


def values(page: Page, name: str) -> np.ndarray:
    found = numbers(page.locator(f".{name} .cell"))
    return found.reshape(round(len(found) ** 0.5), -1)


def test_the_window_slides_and_the_gradient_goes_where_the_numbers_say(fresh: str, browse: Browse) -> None:
    opened = browse(fresh)
    word = pooling_window.KEPT["home_pool_map"].default
    cells = np.array([*map(int, word)]).reshape(pooling_window.SIDE, -1)

    def press(group: str, name: str | re.Pattern[str]) -> None:
        opened.get_by_role("group", name=group).get_by_role("button", name=name).click()

    for mode, window, stride in product(("max", "average"), pooling_window.WINDOWS, pooling_window.STRIDES):
        press("Pooling", mode)
        press("Window", re.compile(f"^{window}"))
        press("Stride", str(stride))
        outputs, gradients = pooled(cells, mode, window, stride)
        assert values(opened, "output") == pytest.approx(outputs)
        opened.locator(".output .cell").last.click()
        assert values(opened, "gradient") == pytest.approx(gradients[-1, -1])
        press("Gradient of", "all outputs")
        assert values(opened, "gradient") == pytest.approx(gradients.sum((0, 1)))
        press("Gradient of", "this output")
    expect(opened.locator(".answer")).to_contain_text("this is GAP")
    opened.wait_for_url(re.compile("home_pool=average.*home_window=6|home_window=6.*home_pool=average"))


def test_pointing_and_sliding_by_keyboard_need_no_server(fresh: str, browse: Browse) -> None:
    opened = browse(fresh)
    opened.evaluate(COUNT)
    opened.locator(".output .cell").nth(4).hover()
    expect(opened.locator(".answer")).to_contain_text("is 8")
    window = opened.locator(".window")
    assert window.evaluate("({style}) => [style.left, style.top]") == ["33.3333%", "33.3333%"]
    slider = opened.get_by_role("slider", name="Slide the window")
    slider.press("End")
    expect(opened.locator(".output .on")).to_have_attribute("aria-label", "Output, row 3, column 3: 5")
    slider.press("ArrowLeft")
    expect(opened.locator(".output .on")).to_have_attribute("aria-label", "Output, row 3, column 2: 3")
    opened.locator(".output .on").focus()
    opened.keyboard.press("ArrowUp")
    expect(opened.locator(".output .cell").nth(4)).to_be_focused()
    assert values(opened, "gradient")[3, 3] == 1
    assert opened.evaluate("() => window.sent") == 0


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (1280, "dark"),
        (390, "light"),
        pytest.param(1280, "light", marks=pytest.mark.exhaustive),
        pytest.param(390, "dark", marks=pytest.mark.exhaustive),
    ],
)
def test_numbers_in_cells_can_be_read(width: int, scheme: str, fresh: str, browse: Browse) -> None:
    opened = browse(f"{fresh}/?home_head=flatten&home_pool_map={'0123456789' * 3}012345", width, scheme)
    settle(opened)
    ratios = opened.evaluate(CONTRASTS)
    assert len(ratios) > 100
    assert min(ratios) >= 4.5
    looked_at(opened, f"Home-{scheme}-{width}")


def test_a_preset_opens_build_which_goes_to_another_one(fresh: str, browse: Browse) -> None:
    opened = browse(fresh)
    opened.get_by_role("radio", name="NIN", exact=True).click()
    opened.wait_for_url("**home_preset=NIN**")
    settle(opened)
    opened.get_by_test_id("stMainBlockContainer").get_by_role("link", name="Build", exact=True).click()
    expect(opened.get_by_role("heading", level=1)).to_have_text("Build")
    settle(opened)
    appears(opened.get_by_text("NIN compared with Flatten"))
    presets = opened.get_by_test_id("stButtonGroup").filter(has_text="AlexNet")
    expect(presets.locator("[aria-checked=true], [aria-pressed=true]")).to_have_text("NIN")
    presets.get_by_text("AlexNet").click()
    appears(opened.get_by_text("FC compared with GAP"))
    opened.wait_for_url("**build_network=alexnet**")
    expect(presets.locator("[aria-checked=true], [aria-pressed=true]")).to_have_text("AlexNet")
    looked_at(opened, "Build-preset")
