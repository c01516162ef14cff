"""What app.py serves: Streamlit's app with our middleware, and what is said and opened once it is up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.middleware import Middleware
from streamlit import cli_util, config
from streamlit.web.server import server_util

from dashboard.server.origins import OriginCheck, ask_nobody


def middleware() -> list[Middleware]:
    """What requests pass before Streamlit's own middleware."""
    return [Middleware(OriginCheck)]


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Print the address, and open it in a browser unless there is none.

    Streamlit's own lines, which `logger.hideWelcomeMessage` turns off, ask a public service for the server's address.
    """
    ask_nobody()
    address = server_util.get_url(_shown_host())
    cli_util.print_to_cli(f"\n  tfpool is at {address}\n", bold=True)
    if not config.get_option("server.headless"):
        cli_util.open_browser(address)
    yield


def _shown_host() -> str:
    if config.is_manually_set("browser.serverAddress"):
        return str(config.get_option("browser.serverAddress"))
    return server_util.get_display_address(config.get_option("server.address") or "localhost")
