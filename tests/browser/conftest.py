"""The dashboard in Chromium: a server of its own for each test, and a page that must stay free of errors."""

import contextlib
import itertools
import os
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)

ROOT = Path(__file__).parents[2]
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
]
PROBES = ("/_stcore/health", "/_stcore/host-config")
"""Streamlit looks for its server below a page's path first, and finds it at the root."""
POINTS = """() => document.querySelector('[data-testid="stPlotlyChart"]')
    ?.querySelectorAll('.scatterlayer .point').length ?? 0"""
"""JavaScript: how many points the first chart's curves have."""
PATIENCE = 30_000
"""Milliseconds."""
Serve = Callable[[Path], str]
Browse = Callable[..., Page]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a fresh server over a store and return its address."""
    with contextlib.ExitStack() as servers:
        yield lambda store: servers.enter_context(_server(store))


@contextlib.contextmanager
def _server(store: Path) -> Iterator[str]:
    port = free_port()
    log = store.parent / f"server-{port}.log"
    # Most tests open no map, and there is a server for each.
    server = start_server(store, port, log, warming="off")
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


def start_server(store: Path, port: int, log: Path, warming: str = "on") -> subprocess.Popen[bytes]:
    """A dashboard over a store, once it answers."""
    options = {"--server.port": str(port), "--server.headless": "true"}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", *itertools.chain(*options.items())]
    environment = {**os.environ, "TFPOOL_STORE": str(store), "TFPOOL_WARMING": warming}
    with log.open("a") as output:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    _until_healthy(f"http://127.0.0.1:{port}", server, log)
    return server


def _until_healthy(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    while True:
        assert server.poll() is None, log.read_text()
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/_stcore/health", timeout=5) as answer:
            if answer.read() == b"ok":
                return


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"Browser tests need Chromium at {CHROMIUM}: install Debian's package chromium, or set CHROMIUM.")
    # As long as for actions: an expectation is met or not, however busy the machine.
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as started:
        yield started


@pytest.fixture
def browse(playwright: Playwright, tmp_path: Path) -> Iterator[Browse]:
    """Open an address in a browser of a width and colour scheme."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.location["url"].endswith(PROBES):
            faults.append(f"console: {message.text} {message.location['url']}")

    def asked(request: Request) -> None:
        address = urllib.parse.urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname != "127.0.0.1":
            faults.append(f"request to an outside address: {request.url}")

    def browse(url: str, width: int = 1280, scheme: str = "light") -> Page:
        context = playwright.chromium.launch_persistent_context(
            str(tmp_path / f"profile-{len(contexts)}"),
            executable_path=CHROMIUM,
            args=FLAGS,
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.on("console", said)
        context.on("request", asked)
        context.set_default_timeout(PATIENCE)
        page = context.pages[0]
        page.goto(url, wait_until="domcontentloaded")
        settle(page)
        return page

    yield browse
    for context in contexts:
        for page in context.pages:
            clean(page)
        context.close()
    assert not faults


def heading(page: str) -> str:
    """A page's title, by its name in the menu."""
    return "Flatten or GAP?" if page == "Home" else page


def settle(page: Page) -> None:
    """Wait until the script has run and nothing shown is out of date."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.wait_for_selector('[data-testid="stMain"] h1')
    page.wait_for_function('() => !document.querySelector(\'[data-stale="true"], [data-testid="stSkeleton"]\')')


def stop_button(page: Page) -> Locator:
    """The page's own Stop. Streamlit's header has another while a script runs."""
    return page.get_by_test_id("stMainBlockContainer").get_by_role("button", name="Stop", exact=True)


def clean(page: Page) -> None:
    """No traceback and no dialog, such as 'Page not found' or 'Connection error'."""
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def accessible(page: Page) -> None:
    """No fault that axe-core calls serious or critical."""
    found = Axe().run(page).response["violations"]
    serious = [
        f"{fault['impact']} {fault['id']}: {fault['help']}: {node['target']} {node['html'][:200]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]
    assert not serious, "\n".join(serious)


def picture(page: Page, name: str) -> Path:
    """Keep a screenshot of the whole page."""
    ARTEFACTS.mkdir(exist_ok=True)
    height = page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollHeight")
    size = page.viewport_size or {"width": 1280, "height": 900}
    page.set_viewport_size({"width": size["width"], "height": max(size["height"], height)})
    settle(page)
    page.screenshot(path=ARTEFACTS / f"{name}.png", animations="disabled")
    page.set_viewport_size(size)
    return ARTEFACTS / f"{name}.png"
