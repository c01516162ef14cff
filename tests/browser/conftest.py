"""The dashboard in Chromium: servers, visitors, and pages that must stay free of errors."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect, sync_playwright

from dashboard.common.page import PAGES
from tests.helpers.crafted_records import IN_PART, finding
from tests.helpers.processes import ROOT
from tfpool.lab.finding import write
from tfpool.lab.protocol import FOLDER

ARTEFACTS = ROOT / "test-artefacts"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A camera that shows a test picture.
    "--use-fake-device-for-media-stream",
]
PROBES = ("/_stcore/health", "/_stcore/host-config")
"""Streamlit looks for its server below a page's path first, and finds it at the root."""
POINTS = """() => document.querySelector('[data-testid="stPlotlyChart"]')
    ?.querySelectorAll('.scatterlayer .point').length ?? 0"""
"""JavaScript: how many points the first chart's curves have."""
STANDS = """() => document.querySelector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    && document.querySelector('[data-testid="stMain"] h1')
    && !document.querySelector('[data-stale="true"], [data-testid="stSkeleton"]')
    && !document.querySelector('[data-testid="stPlotlyChart"]:not(:has(.main-svg))')
    && [...document.querySelectorAll('[data-testid="stBidiComponentIsolated"]')].every(
        ({shadowRoot}) => shadowRoot?.querySelector('svg, input, img'))
    && [...document.querySelectorAll('[data-testid="stImage"] img')].every(({complete}) => complete)"""
"""JavaScript: whether a page's script has run and all that it shows is drawn."""
PATIENCE = 30_000
"""Milliseconds."""
MINUTES = 180_000
"""Milliseconds until TensorFlow is loaded, or a worker has trained, on a busy machine."""
Serve = Callable[[Path], str]
Browse = Callable[..., Page]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a fresh server over a store and return its address."""
    with contextlib.ExitStack() as servers:
        # Most tests open no map, and each has a server of its own.
        yield lambda store: servers.enter_context(serving(store, warming="off"))


@pytest.fixture(scope="session")
def shared(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one server for all tests that leave its store as they found it: two trained runs and a finding."""
    store = tmp_path_factory.mktemp("shared") / "saved_models"
    shutil.copytree(trained, store)
    write(finding("position", IN_PART, "quick"), store / FOLDER)
    with serving(store, environment={"TFPOOL_DATASETS": str(store.parent / "datasets")}) as url:
        yield url


@contextlib.contextmanager
def serving(store: Path, warming: str = "on", environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """A server over a store, by its address. No traceback is in its log."""
    port = free_port()
    log = store.parent / f"server-{port}.log"
    log.parent.mkdir(exist_ok=True)
    server = start_server(store, port, log, warming, environment=environment)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        # The server alone: workers have sessions of their own and must survive this.
        server.terminate()
        server.wait(15)
    assert "Traceback" not in log.read_text(), log.read_text()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def start_server(
    store: Path,
    port: int,
    log: Path,
    warming: str = "on",
    *options: str,
    root: Path = ROOT,
    script: Sequence[str] = ("-m", "streamlit", "run", "app.py"),
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a dashboard over a store, and return once it answers.

    Args:
        store: its folder.
        port: where it listens.
        log: where its output goes.
        warming: "off" where no map is opened.
        options: more options of Streamlit's command line.
        root: the folder of app.py.
        script: what Python runs there.
        environment: more variables.
    """
    own = ("--server.port", str(port), "--server.headless", "true")
    command = [sys.executable, *script, *own, *options]
    variables = {**os.environ, "TFPOOL_STORE": str(store), "TFPOOL_WARMING": warming, **(environment or {})}
    with log.open("a") as output:
        server = subprocess.Popen(command, cwd=root, env=variables, stdout=output, stderr=subprocess.STDOUT)
    until_healthy(f"http://127.0.0.1:{port}", server, log)
    return server


def until_healthy(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server answers, for as long as it lives."""
    while True:
        assert server.poll() is None, log.read_text()
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/_stcore/health", timeout=5) as answer:
            if answer.read() == b"ok":
                return


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"Browser tests need Chromium at {CHROMIUM}: install Debian's package chromium, or set CHROMIUM.")
    # As long as for actions, since the machine may be busy.
    expect.set_options(timeout=PATIENCE)
    with (
        sync_playwright() as playwright,
        contextlib.closing(playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)) as browser,
    ):
        yield browser


@pytest.fixture
def browse(browser: Browser) -> Iterator[Browse]:
    """Open an address in a window of a width and color scheme, as a new visitor each time."""
    with contextlib.ExitStack() as visits:

        def browse(url: str, width: int = 1280, scheme: str = "light") -> Page:
            page, faults = visits.enter_context(visit(browser, width, scheme))
            visits.callback(lambda: faultless(page, faults))
            page.goto(url, wait_until="domcontentloaded")
            settle(page)
            return page

        yield browse


@contextlib.contextmanager
def visit(browser: Browser, width: int, scheme: str) -> Iterator[tuple[Page, list[str]]]:
    """An empty page of a new visitor, and a list of what goes wrong in it."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE)
    with contextlib.closing(context):
        faults = watched(context)
        yield context.new_page(), faults


def watched(context: BrowserContext) -> list[str]:
    """A list that grows with each error on a context's pages, and with each outside address that they request."""
    faults: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.location["url"].endswith(PROBES):
            faults.append(f"console: {message.text} {message.location['url']}")

    def check_address(url: str) -> None:
        address = urllib.parse.urlsplit(url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname != "127.0.0.1":
            faults.append(f"request to an outside address: {url}")

    context.on("console", on_console)
    # Uncaught errors are not on the console, and WebSockets are not requests.
    context.on("weberror", lambda failed: faults.append(f"not caught: {failed.error}"))
    context.on("request", lambda request: check_address(request.url))
    context.on("page", lambda page: page.on("websocket", lambda socket: check_address(socket.url)))
    return faults


def faultless(page: Page, faults: list[str]) -> None:
    """Neither a fault so far, nor a traceback, nor a dialog such as 'Page not found' or 'Connection error'."""
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert not faults


def heading(page: str) -> str:
    """A page's heading, by its name in the menu."""
    return PAGES[page].heading or page


def settle(page: Page) -> None:
    """Wait until the script has run, which may load TensorFlow, and everything is drawn."""
    page.wait_for_function(STANDS, timeout=MINUTES)


def appears(element: Locator, timeout: float = PATIENCE) -> None:
    """Wait until exactly one such element can be seen.

    While a page is drawn anew, old elements stand beside new ones for a moment. Playwright's `to_be_visible` fails then
    at once, without waiting.
    """
    expect(element.filter(visible=True)).to_have_count(1, timeout=timeout)


def choose(page: Page, label: str, option: str) -> None:
    """Choose an option of a list, by the label of the list. A list closes by itself while the page moves."""
    settle(page)
    page.get_by_role("combobox", name=label).scroll_into_view_if_needed()
    page.get_by_role("combobox", name=label).click()
    page.keyboard.type(option)
    page.get_by_role("option", name=option, exact=True).click()
    # A list of which several can be chosen stays open.
    page.keyboard.press("Escape")
    appears(page.locator(f'[role=combobox][aria-label="{label}"][value="{option}"], [data-tag][aria-label="{option}"]'))


def stop_button(page: Page) -> Locator:
    """The page's own Stop. Streamlit's header has another while a script runs."""
    return page.get_by_test_id("stMainBlockContainer").get_by_role("button", name="Stop", exact=True)


def looked_at(page: Page, name: str) -> Path:
    """Check that a page is accessible and fits its window, and save a screenshot."""
    settle(page)
    fits(page)
    accessible(page)
    return picture(page, name)


def fits(page: Page) -> None:
    """Check that nothing has to be scrolled to sideways."""
    wider = page.get_by_test_id("stMain").evaluate("main => main.scrollWidth - main.clientWidth")
    assert wider <= 0, f"{page.url} is {wider} pixels wider than its window"


def accessible(page: Page) -> None:
    """Check that axe-core finds nothing serious or critical."""
    violations = Axe().run(page).response["violations"]
    serious = [
        f"{fault['impact']} {fault['id']}: {fault['help']}: {node['target']} {node['html'][:200]}"
        for fault in violations
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]
    assert not serious, "\n".join(serious)


def picture(page: Page, name: str) -> Path:
    """Save a screenshot of the whole page."""
    ARTEFACTS.mkdir(exist_ok=True)
    height = page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollHeight")
    size = page.viewport_size or {"width": 1280, "height": 900}
    page.set_viewport_size({"width": size["width"], "height": max(size["height"], height)})
    settle(page)
    page.screenshot(path=ARTEFACTS / f"{name}.png", animations="disabled")
    page.set_viewport_size(size)
    return ARTEFACTS / f"{name}.png"
