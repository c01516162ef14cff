"""How fast the dashboard is in a real browser, over a store of many runs, while one more is training at low priority.

    python benchmarks/dashboard.py

Times are from a click, or from the address being opened, until the outcome stands on the page and its script has ended.
Beside each stands how many times as long it is as on a toy, two pages with a title and a chart each, in the same run:
seconds depend on the machine. Ends with exit code 1 where an aim is missed. `benchmarks/sessions.py` has twenty
sessions at once.
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
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import tfpool as tp
from benchmarks.filled import filled
from dashboard.common.page import PAGES, ROOT
from tests.browser.conftest import CHROMIUM, FLAGS, POINTS, STANDS, free_port, heading, settle, start_server
from tfpool.system.format import table
from tfpool.tracking.store import RunStore
from tfpool.training import enqueue_sweep, launch

RUNS, SERVERS, ROUNDS, MOVES = 100, 3, 4, 8
IDLE = 0.2
"""Share of a core below which a server that loads TensorFlow in the background has done so."""
LONG = 120_000
LOADED = "tensorflow"

TOY = Path(__file__).with_name("toy")
LARGEST, HEIGHT = "The largest head is", "The height is"
CLOCK = """([title, stands]) => { window.taken = new Promise(tell => addEventListener('click', ({timeStamp}) => {
    const shown = eval(stands);
    const watch = () => document.querySelector('[data-testid="stMain"] h1')?.innerText === title && shown()
        ? setTimeout(() => tell((performance.now() - timeStamp) / 1000)) : requestAnimationFrame(watch);
    watch();
}, {capture: true, once: true})); }"""
"""JavaScript: a clock in the page, from the next click until what was asked for has been painted."""
CHANGED = """([start, before]) => [...document.querySelectorAll('[data-testid="stMarkdownContainer"] p')]
    .some(told => told.innerText.startsWith(start) && told.innerText !== before)"""


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def shown(page: Page, title: str) -> None:
    page.locator("h1", has_text=title).wait_for()
    settle(page)


def opened(page: Page, url: str, title: str) -> None:
    page.goto(url, wait_until="commit")
    shown(page, title)


def clicked(page: Page, link: str, title: str) -> None:
    page.get_by_test_id("stSidebar").get_by_role("link", name=link, exact=True).click()
    shown(page, title)


def timed(page: Page, link: str, title: str) -> float:
    """Seconds of coming to another page, without what finding the link and reporting back take, by the page's clock."""
    page.evaluate(CLOCK, [title, STANDS])
    clicked(page, link, title)
    return float(page.evaluate("taken"))


def changes(page: Page, titles: Mapping[str, str]) -> dict[str, list[float]]:
    """Round the pages by the menu: for each what it took to come to it.

    Args:
        titles: the title of each page by its link.
    """
    clicked(page, *list(titles.items())[-1])
    # The first round loads each page's own scripts into the browser.
    rounds = [[timed(page, *each) for each in titles.items()] for _ in range(ROUNDS + 1)]
    return dict(zip(titles, map(list, zip(*rounds[1:], strict=True)), strict=True))


def slides(page: Page, label: str, start: str) -> tuple[list[float], list[float]]:
    """Steps of a slider: until a sentence has followed, and until all on the page has been drawn again."""
    slider, told = page.get_by_role("slider", name=label), page.get_by_text(start).first
    answered, settled = [], []
    for _ in range(MOVES):
        before = told.inner_text()
        began = time.perf_counter()
        slider.press("ArrowRight")
        page.wait_for_function(CHANGED, arg=[start, before])
        answered.append(time.perf_counter() - began)
        settle(page)
        settled.append(time.perf_counter() - began)
    return answered, settled


def warm(server: psutil.Process) -> None:
    """Wait until the server has TensorFlow and nothing more to do."""
    while not any(LOADED in mapped.path for mapped in server.memory_maps()) or server.cpu_percent(1.0) > 100 * IDLE:
        pass


def map_shown(page: Page, come: Callable[[], object]) -> None:
    come()
    page.locator("h1", has_text="CAM").wait_for()
    page.get_by_text("predicts: ").first.wait_for(timeout=LONG)
    settle(page)


def delays(page: Page, store: RunStore, run: str) -> list[float]:
    """From an epoch's row in the store until its points stand in the curves of the Train page."""
    clicked(page, "Train", "Train")
    page.locator(".scatterlayer .point").first.wait_for(timeout=LONG)
    taken = []
    for _ in range(3):
        before = len(store.get(run).history["loss"])
        while len(store.get(run).history["loss"]) == before:
            time.sleep(0.01)
        epochs = before + 1
        began = time.perf_counter()
        # A point on the training and one on the validation images an epoch.
        page.wait_for_function(f"wanted => ({POINTS})() >= wanted", arg=2 * epochs, timeout=LONG)
        taken.append(time.perf_counter() - began)
    return taken


@contextlib.contextmanager
def training(store: RunStore) -> Iterator[str]:
    """A run that goes on until all is measured."""
    recipe = tp.Recipe(epochs=2000, train_images=2000)
    # On the images of the others: maps are at first those of the newest finished runs on the images trained on last.
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
    """A fresh server: its process, its address, a tab with its first page, and the seconds which that took."""
    port = free_port()
    # As `make app` does; the toy has nothing to make ready.
    script = ("scripts/serve.py",) if root == ROOT else ("-m", "streamlit", "run", "app.py")
    server = start_server(folder, port, folder.parent / f"log-{port}", root=root, script=script)
    try:
        page, url = browser.new_page(viewport={"width": 1280, "height": 900}), f"http://127.0.0.1:{port}"
        page.set_default_timeout(LONG)
        yield server.pid, url, page, seconds(lambda: opened(page, url, title))
        page.close()
    finally:
        server.terminate()
        server.wait(15)


def measure(folder: Path, browser: Browser) -> list[tuple[str, float, float | None, float | None]]:
    """What was measured, in seconds; the most that is asked of it, and the seconds of the toy, if anything is."""
    firsts, toys, looked = [], [], []
    store = filled(folder, RUNS)
    pair = "&".join(f"cam_models={run.id}" for run in store.runs()[10:12])
    with training(store) as run:
        for number in range(SERVERS):
            with serving(folder, browser, "Home", TOY) as (_, _, page, first):
                toys.append(first)
                if number == 0:
                    toy_changes = changes(page, {"app": "Home", "Other": "Other"})
                    toy_answered, toy_settled = slides(page, "Height", HEIGHT)
            with serving(folder, browser, heading("Home"), ROOT) as (pid, url, page, first):
                firsts.append(first)
                warm(psutil.Process(pid))
                menu = page.get_by_test_id("stSidebar").get_by_role("link", name="CAM", exact=True)
                looked.append(seconds(lambda menu=menu, page=page: map_shown(page, menu.click)))  # type: ignore[misc]
                if number == SERVERS - 1:
                    changed = changes(page, {name: heading(name) for name in PAGES})
                    clicked(page, "Parameters", "Parameters")
                    answered, settled = slides(page, "Image side, pixels", LARGEST)
                    delayed = delays(page, store, run)
                    other = seconds(lambda: map_shown(page, lambda: page.goto(f"{url}/CAM?{pair}")))
    median = statistics.median
    every, toy = list(chain(*changed.values())), list(chain(*toy_changes.values()))
    slowest = max(changed, key=lambda name: median(changed[name]))
    p95, toy_p95 = (float(np.percentile(each, 95)) for each in (every, toy))
    return [
        (f"first page on a fresh server, the median of {SERVERS}", median(firsts), 2.5, median(toys)),
        (f"first map on CAM, TensorFlow warm, the median of {SERVERS}", median(looked), 2.0, None),
        ("CAM opened anew by an address, two other runs", other, None, None),
        (f"page change, the median of {len(every)}", median(every), 0.5, median(toy)),
        ("page change, p95", p95, 1.0, toy_p95),
        (f"page change, the median of the slowest ({slowest})", median(changed[slowest]), None, median(toy)),
        (f"slider on Parameters, the median of {MOVES}", median(answered), 0.3, median(toy_answered)),
        ("the same until all charts are drawn again", median(settled), None, median(toy_settled)),
        (f"live curve behind the store, the worst of {len(delayed)}", max(delayed), 2.0, None),
    ]


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with contextlib.closing(browser):
            measured = measure(Path(folder) / "saved_models", browser)
    missed = [what for what, taken, most, _ in measured if most and taken > most]
    rows = [
        (
            what,
            f"{taken:.2f} s",
            f"≤ {most:g} s" if most else "–",
            f"{taken / toy:.1f} × {toy:.2f} s" if toy else "–",
            "missed" * (what in missed),
        )
        for what, taken, most, toy in measured
    ]
    load = ", ".join(f"{each:.1f}" for each in psutil.getloadavg())
    print(f"{RUNS} runs, and one training beside it; load of the machine over 1, 5 and 15 minutes: {load}")
    print(table(("what", "measured", "aim", "of the toy's", ""), rows, right=(1, 2, 3)))
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
