"""Make the README's pictures: pages of the dashboard in Chromium, over an empty store and the runs that ship.

python scripts/make_pictures.py
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.browser.conftest import CHROMIUM, FLAGS, free_port, settle, start_server

FOLDER = Path(__file__).parents[1] / "docs/pictures"
SIZE = {"width": 1280, "height": 860}
PICTURES = {
    "home": "",
    "cam": "CAM",
}
_MINUTE = 60_000


def take(page: Page, url: str, name: str) -> None:
    page.goto(f"{url}/{PICTURES[name]}", wait_until="domcontentloaded")
    settle(page)
    page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")
    print(FOLDER / f"{name}.png")


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        port = free_port()
        server = start_server(Path(folder) / "saved_models", port, Path(folder) / "log")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            page = browser.new_page(viewport=SIZE, color_scheme="light", reduced_motion="reduce")  # type: ignore[arg-type]
            page.set_default_timeout(_MINUTE)
            for name in PICTURES:
                take(page, f"http://127.0.0.1:{port}", name)
        finally:
            browser.close()
            server.terminate()
            server.wait(15)


if __name__ == "__main__":
    main()
