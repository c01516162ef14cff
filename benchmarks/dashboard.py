"""How fast the dashboard is in a real browser, over a store of many runs, while one more is training at low priority.

    python benchmarks/dashboard.py

Times are from a click, or from the address being opened, until the outcome stands on the page and its script has ended.
Ends with exit code 1 where an aim is missed. `benchmarks/sessions.py` has twenty sessions at once.
"""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import tfpool as tp
from benchmarks.filled import filled
from dashboard.page import PAGES
from tests.browser.conftest import CHROMIUM, FLAGS, POINTS, free_port, heading, settle, start_server
from tfpool.runs import RunStore
from tfpool.table import table
from tfpool.training import enqueue_sweep, launch

RUNS, SERVERS, ROUNDS, MOVES = 100, 3, 4, 8
IDLE = 0.2
"""Share of a core below which a server that loads TensorFlow in the background has done so."""
LONG = 120_000
LOADED = "tensorflow"

LARGEST = "The largest head is"
CHANGED = f"""before => [...document.querySelectorAll('[data-testid="stMarkdownContainer"] p')]
    .some(told => told.innerText.startsWith('{LARGEST}') && told.innerText !== before)"""


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def shown(page: Page, name: str) -> None:
    page.locator("h1", has_text=heading(name)).wait_for()
    settle(page)


def opened(page: Page, url: str, name: str = "Home") -> None:
    page.goto(url if name == "Home" else f"{url}/{name}", wait_until="commit")
    shown(page, name)
    page.locator(".js-plotly-plot .main-svg").first.wait_for()


def clicked(page: Page, name: str) -> None:
    page.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True).click()
    shown(page, name)


def changes(page: Page) -> dict[str, list[float]]:
    """Round the pages by the menu: for each what it took to come to it."""
    names = list(PAGES)
    clicked(page, names[-1])
    # The first round loads each page's own scripts into the browser.
    rounds = [[seconds(lambda name=name: clicked(page, name)) for name in names] for _ in range(ROUNDS + 1)]  # type: ignore[misc]
    return dict(zip(names, map(list, zip(*rounds[1:], strict=True)), strict=True))


def slides(page: Page) -> list[float]:
    """Steps of the slider on Parameters, until its value and the sentence have followed."""
    clicked(page, "Parameters")
    slider = page.get_by_role("slider", name="Image side, pixels")
    told = page.get_by_text(LARGEST).first

    def move() -> None:
        before = told.inner_text()
        slider.press("ArrowRight")
        page.wait_for_function(CHANGED, arg=before)
        settle(page)

    return [seconds(move) for _ in range(MOVES)]


def warm(server: psutil.Process) -> None:
    """Wait until the server has TensorFlow and nothing more to do."""
    while not any(LOADED in mapped.path for mapped in server.memory_maps()) or server.cpu_percent(1.0) > 100 * IDLE:
        pass


def map_shown(page: Page) -> None:
    page.get_by_test_id("stSidebar").get_by_role("link", name="CAM", exact=True).click()
    page.locator("h1", has_text="CAM").wait_for()
    page.get_by_text("predicts: ").first.wait_for(timeout=LONG)
    page.locator(".js-plotly-plot .main-svg").first.wait_for(timeout=LONG)


def delays(page: Page, store: RunStore, run: str) -> list[float]:
    """From an epoch's row in the store until its points stand in the curves of the Train page."""
    clicked(page, "Train")
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
def serving(store: RunStore, browser: Browser, first: list[float]) -> Iterator[tuple[subprocess.Popen[bytes], Page]]:
    """A fresh server and a tab with its first page, whose seconds are kept."""
    port = free_port()
    server = start_server(store.folder, port, store.folder.parent / f"log-{port}")
    try:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(LONG)
        first.append(seconds(lambda: opened(page, f"http://127.0.0.1:{port}")))
        yield server, page
        page.close()
    finally:
        server.terminate()
        server.wait(15)


def measure(folder: Path, browser: Browser) -> list[tuple[str, float, float | None]]:
    """What was measured, in seconds, and the most that is asked of it, if anything is."""
    first: list[float] = []
    looked: list[float] = []
    store = filled(folder, RUNS)
    with training(store) as run:
        for number in range(SERVERS):
            with serving(store, browser, first) as (server, page):
                warm(psutil.Process(server.pid))
                looked.append(seconds(lambda: map_shown(page)))
                if number == SERVERS - 1:
                    changed, moved, delayed = changes(page), slides(page), delays(page, store, run)
    every = [taken for name in changed for taken in changed[name]]
    slowest = max(changed, key=lambda name: statistics.median(changed[name]))
    return [
        (f"first page on a fresh server, the median of {SERVERS}", statistics.median(first), 2.5),
        (f"first map on CAM, TensorFlow warm, the median of {SERVERS}", statistics.median(looked), 2.0),
        (f"page change, the median of {len(every)}", statistics.median(every), 0.5),
        ("page change, p95", float(np.percentile(every, 95)), 1.0),
        (f"page change, the median of the slowest ({slowest})", statistics.median(changed[slowest]), None),
        (f"slider on Parameters, the median of {len(moved)}", statistics.median(moved), 0.3),
        (f"live curve behind the store, the worst of {len(delayed)}", max(delayed), 2.0),
    ]


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with contextlib.closing(browser):
            measured = measure(Path(folder) / "saved_models", browser)
    missed = [what for what, taken, most in measured if most and taken > most]
    rows = [
        (what, f"{taken:.2f} s", f"≤ {most:g} s" if most else "–", "missed" * (what in missed))
        for what, taken, most in measured
    ]
    load = ", ".join(f"{each:.1f}" for each in psutil.getloadavg())
    print(f"{RUNS} runs, and one training beside it; load of the machine over 1, 5 and 15 minutes: {load}")
    print(table(("what", "measured", "aim", ""), rows, right=(1, 2)))
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
