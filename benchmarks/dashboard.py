"""How fast the dashboard is in a real browser, over a store of many runs, while one more is training at low priority.

    python benchmarks/dashboard.py [--servers 3] [--rounds 4] [--runs 100] [--short]

Times are from a click, or from opening an address, until the result is on the page and its script has ended. Seconds
depend on the machine, so each is also given as a multiple of a toy's: two pages with a title and a chart each. Ends
with exit code 1 if an aim is missed. `benchmarks/sessions.py` has twenty sessions at once.
"""

from __future__ import annotations

import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import Browser, Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import tfpool as tp
from benchmarks import example_store
from benchmarks.report import Rows, options
from dashboard.common.page import PAGES, ROOT
from tests.browser.conftest import CHROMIUM, FLAGS, POINTS, STANDS, free_port, heading, settle, start_server
from tfpool.tracking.store import RunStore
from tfpool.training import enqueue_sweep, launch

MOVES = 8
IDLE = 0.2
"""Fraction of a core: below it, a server has loaded TensorFlow in the background."""
LONG = 120_000
LOADED = "tensorflow"

TOY = Path(__file__).with_name("toy")
LARGEST, HEIGHT = "The largest head is", "The height is"
CLOCK = """([title, settled]) => { window.duration = new Promise(resolve => addEventListener('click', ({timeStamp}) => {
    const isSettled = eval(settled);
    const watch = () => document.querySelector('[data-testid="stMain"] h1')?.innerText === title && isSettled()
        ? setTimeout(() => resolve((performance.now() - timeStamp) / 1000)) : requestAnimationFrame(watch);
    watch();
}, {capture: true, once: true})); }"""
"""JavaScript: a clock in the page, from the next click until the new page has been painted."""
CHANGED = """([start, before]) => [...document.querySelectorAll('[data-testid="stMarkdownContainer"] p')]
    .some(({innerText}) => innerText.startsWith(start) && innerText !== before)"""


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def wait_for_page(page: Page, title: str) -> None:
    page.locator("h1", has_text=title).wait_for()
    settle(page)


def open_page(page: Page, url: str, title: str) -> None:
    page.goto(url, wait_until="commit")
    wait_for_page(page, title)


def click(page: Page, link: str, title: str) -> None:
    page.get_by_test_id("stSidebar").get_by_role("link", name=link, exact=True).click()
    wait_for_page(page, title)


def page_change(page: Page, link: str, title: str) -> float:
    """Seconds of a page change by the page's own clock: without finding the link and reporting back."""
    page.evaluate(CLOCK, [title, STANDS])
    click(page, link, title)
    return float(page.evaluate("duration"))


def page_changes(page: Page, titles: Mapping[str, str], rounds: int) -> dict[str, list[float]]:
    """Seconds of changing to each page by the menu, round after round.

    Args:
        titles: the title of each page by its link.
        rounds: how often to go around.
    """
    click(page, *list(titles.items())[-1])
    # The first round loads each page's own scripts into the browser.
    measured = [[page_change(page, *item) for item in titles.items()] for _ in range(rounds + 1)]
    return dict(zip(titles, map(list, zip(*measured[1:], strict=True)), strict=True))


def slider_moves(page: Page, label: str, start: str) -> tuple[list[float], list[float]]:
    """Seconds of steps of a slider: until a sentence has changed, and until the whole page is drawn again."""
    slider, sentence = page.get_by_role("slider", name=label), page.get_by_text(start).first
    answered, settled = [], []
    for _ in range(MOVES):
        before = sentence.inner_text()
        began = time.perf_counter()
        slider.press("ArrowRight")
        page.wait_for_function(CHANGED, arg=[start, before])
        answered.append(time.perf_counter() - began)
        settle(page)
        settled.append(time.perf_counter() - began)
    return answered, settled


def wait_until_warm(server: psutil.Process) -> None:
    """Wait until the server has loaded TensorFlow and is idle."""
    while not any(LOADED in mapped.path for mapped in server.memory_maps()) or server.cpu_percent(1.0) > 100 * IDLE:
        pass


def wait_for_map(page: Page, go: Callable[[], object]) -> None:
    go()
    page.locator("h1", has_text="CAM").wait_for()
    page.get_by_text("predicts: ").first.wait_for(timeout=LONG)
    settle(page)


def image_changes(page: Page) -> list[float]:
    """Seconds from another image on Inside until its score is there."""
    click(page, "Inside", "Inside")
    number, score = page.get_by_role("spinbutton", name="Number"), page.locator(".sum")
    score.wait_for(timeout=LONG)
    durations = []
    for _ in range(MOVES):
        before = score.get_attribute("data-score") or ""
        began = time.perf_counter()
        number.press("ArrowUp")
        number.press("Enter")
        expect(score).not_to_have_attribute("data-score", before, timeout=LONG)
        durations.append(time.perf_counter() - began)
        settle(page)
    return durations


def curve_delays(page: Page, store: RunStore, run: str, epochs: int) -> list[float]:
    """Seconds from an epoch's row in the store until its points are in the curves of the Train page."""
    click(page, "Train", "Train")
    page.locator(".scatterlayer .point").first.wait_for(timeout=LONG)
    durations = []
    for _ in range(epochs):
        before = len(store.get(run).history["loss"])
        while len(store.get(run).history["loss"]) == before:
            time.sleep(0.01)
        began = time.perf_counter()
        # One point per epoch for the training images and one for the validation images.
        page.wait_for_function(f"expected => ({POINTS})() >= expected", arg=2 * (before + 1), timeout=LONG)
        durations.append(time.perf_counter() - began)
    return durations


@contextlib.contextmanager
def training(store: RunStore) -> Iterator[str]:
    """A run that trains for as long as the measurements take."""
    recipe = tp.Recipe(epochs=2000, train_images=2000)
    # On the data of the other runs: the CAM page opens with runs on the data set that was trained on last.
    (run,) = enqueue_sweep(["resnet8"], ["gap"], 1, store.runs()[0].spec["data"], recipe, store)
    launch(store)
    try:
        yield run
    finally:
        store.request_stop(run)
        while store.get(run).state == "running":
            time.sleep(0.1)


@contextlib.contextmanager
def serving(folder: Path, browser: Browser, title: str, root: Path) -> Iterator[tuple[int, str, Page, float]]:
    """A fresh server: its process id, its address, a tab with its first page, and the seconds until that was ready."""
    port = free_port()
    # As `make app` does. The toy has nothing to preload.
    script = ("scripts/serve.py",) if root == ROOT else ("-m", "streamlit", "run", "app.py")
    server = start_server(folder, port, folder.parent / f"log-{port}", root=root, script=script)
    try:
        page, url = browser.new_page(viewport={"width": 1280, "height": 900}), f"http://127.0.0.1:{port}"
        page.set_default_timeout(LONG)
        yield server.pid, url, page, seconds(lambda: open_page(page, url, title))
        page.close()
    finally:
        server.terminate()
        server.wait(15)


Measured = tuple[str, float, float | None, float | None]


def measure(folder: Path, browser: Browser, servers: int, rounds: int, runs: int) -> Iterator[Measured]:
    """What is measured, its seconds, the aim, and the seconds of the toy, the last two where there are any."""
    firsts, toys, maps = [], [], []
    median = statistics.median
    store = example_store.create(folder, runs)
    pair = "&".join(f"cam_models={run.id}" for run in store.runs()[10:12])
    with training(store) as run:
        for number in range(servers):
            with serving(folder, browser, "Home", TOY) as (_, _, page, first):
                toys.append(first)
                if number == 0:
                    toy_changes = page_changes(page, {"app": "Home", "Other": "Other"}, rounds)
                    toy_answered, toy_settled = slider_moves(page, "Height", HEIGHT)
            with serving(folder, browser, heading("Home"), ROOT) as (pid, url, page, first):
                firsts.append(first)
                wait_until_warm(psutil.Process(pid))
                menu = page.get_by_test_id("stSidebar").get_by_role("link", name="CAM", exact=True)
                maps.append(seconds(lambda menu=menu, page=page: wait_for_map(page, menu.click)))  # type: ignore[misc]
                if number < servers - 1:
                    continue
                yield f"first page on a fresh server, median of {servers}", median(firsts), 2.5, median(toys)
                yield f"first map on CAM, TensorFlow loaded, median of {servers}", median(maps), 2.0, None
                changes = page_changes(page, {name: heading(name) for name in PAGES}, rounds)
                every, toy = list(chain(*changes.values())), list(chain(*toy_changes.values()))
                slowest = max(changes, key=lambda name: median(changes[name]))
                p95, toy_p95 = (float(np.percentile(values, 95)) for values in (every, toy))
                yield f"page change, median of {len(every)}", median(every), 0.5, median(toy)
                yield "page change, p95", p95, 1.0, toy_p95
                yield f"page change, median of the slowest ({slowest})", median(changes[slowest]), None, median(toy)
                click(page, "Parameters", "Parameters")
                answered, settled = slider_moves(page, "Image side, pixels", LARGEST)
                yield f"slider on Parameters, median of {MOVES}", median(answered), 0.3, median(toy_answered)
                yield "the same until all charts are drawn again", median(settled), None, median(toy_settled)
                yield f"another image on Inside, median of {MOVES}", median(image_changes(page)), 1.0, None
                delays = curve_delays(page, store, run, min(3, rounds))
                yield f"live curve after the store, worst of {len(delays)}", max(delays), 2.0, None
                opened = seconds(lambda page=page, url=url: wait_for_map(page, lambda: page.goto(f"{url}/CAM?{pair}")))  # type: ignore[misc]
                yield "CAM opened by an address, two other runs", opened, None, None


def main() -> int:
    settings = options(__doc__, servers=(3, 1), rounds=(4, 1), runs=(100, 20)).parse_args()
    print(f"{settings.runs} runs, and one that trains")
    rows, missed = Rows("what", "measured", "aim", "× the toy's", ""), False
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with contextlib.closing(browser):
            store = Path(folder) / "saved_models"
            for what, duration, aim, toy in measure(store, browser, settings.servers, settings.rounds, settings.runs):
                too_slow = bool(aim and duration > aim)
                missed |= too_slow
                rows.add(
                    what,
                    f"{duration:.2f} s",
                    f"≤ {aim:g} s" if aim else "–",
                    f"{duration / toy:.1f}" if toy else "–",
                    "missed" * too_slow,
                )
    print("load of the machine over 1, 5 and 15 minutes:", *(f"{load:.1f}" for load in psutil.getloadavg()))
    return int(missed and not settings.short)


if __name__ == "__main__":
    sys.exit(main())
