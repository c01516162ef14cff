"""Several people open pages of a fresh server at the same time, like students in a class."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dashboard.common.page import PAGES
from tests.browser.conftest import free_port, start_server
from tests.helpers import streamlit_protocol

EACH = 2
PATIENCE = 120.0


@pytest.mark.slow
def test_all_pages_open_for_several_visitors_of_a_fresh_server_at_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    port = free_port()

    async def visit(page: str) -> str | None:
        async with streamlit_protocol.session(f"http://127.0.0.1:{port}") as opened:
            return await asyncio.wait_for(streamlit_protocol.answered(opened, page), PATIENCE)

    async def visits() -> list[str | None]:
        return await asyncio.gather(*(visit("" if page == "Home" else page) for page in PAGES for _ in range(EACH)))

    server = start_server(tmp_path / "saved_models", port, log)
    try:
        # A thread of its own: Playwright, where tests in a browser came before, has its loop in this one.
        with ThreadPoolExecutor() as aside:
            errors = aside.submit(lambda: asyncio.run(visits())).result()
        assert errors == [None] * EACH * len(PAGES), log.read_text()
    finally:
        server.terminate()
        server.wait(15)
    assert "Traceback" not in log.read_text()
