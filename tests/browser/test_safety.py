"""What goes wrong in a page's script is not told to who looks at it."""

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import ROOT, appears, free_port, start_server, visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SECRET = "the words of an error"
FAULTY = f'''
import streamlit as st

st.title("Faulty")
raise RuntimeError("{SECRET}")
'''


def test_a_page_that_raises_shows_neither_traceback_nor_words_nor_paths(tmp_path: Path, browser: Browser) -> None:
    root, port = tmp_path / "copy", free_port()
    # Streamlit looks for pages beside the script that a link leads to.
    shutil.copytree(ROOT / "pages", root / "pages")
    shutil.copy(ROOT / "app.py", root)
    for name in ("dashboard", "tfpool", ".streamlit"):
        (root / name).symlink_to(ROOT / name)
    (root / "pages" / "8_Faulty.py").write_text(FAULTY)
    server = start_server(tmp_path / "saved_models", port, tmp_path / "log", "off", root=root)
    try:
        with visit(browser, 1280, "light") as (page, faults):
            page.goto(f"http://127.0.0.1:{port}/Faulty", wait_until="domcontentloaded")
            expect(page.get_by_role("heading", level=1)).to_have_text("Faulty")
            appears(page.get_by_test_id("stException"))
            seen = page.content()
            assert not faults
    finally:
        server.terminate()
        server.wait(15)
    # Whoever runs the server has all of it. Lines are coloured, and broken at a width, within a name if need be.
    told = ("Traceback", SECRET, "8_Faulty.py")
    log = re.sub(r"\x1b\[[\d;]*m|\s", "", (tmp_path / "log").read_text())
    assert [word for word in told if word.replace(" ", "") not in log] == []
    assert [word for word in (*told, "RuntimeError", str(tmp_path)) if word in seen] == []
