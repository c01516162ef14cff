"""What app.py serves: Streamlit's app with our middleware, and what is said and opened once it is up."""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.middleware import Middleware
from streamlit import cli_util, config
from streamlit.web.server import server_util

from dashboard.server import sharing
from dashboard.server.origins import OriginCheck, ask_nobody
from dashboard.server.upload_limit import UploadLimit
from dashboard.server.visitor_cookie import VisitorCookie

_CONTEXT_LOG = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
_THREADS = ("preload", "background")
"""How the names of threads begin that compute maps beside the pages."""


def middleware() -> list[Middleware]:
    """What requests pass before Streamlit's own middleware. A setting that cannot be used ends the server here."""
    try:
        sharing.check()
    except ValueError as error:
        sys.exit(f"tfpool: {error}")
    return [Middleware(OriginCheck), Middleware(UploadLimit), Middleware(VisitorCookie)]


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Print the address, and open it in a browser unless there is none.

    Streamlit's own lines, which `logger.hideWelcomeMessage` turns off, ask a public service for the server's address.
    """
    ask_nobody()
    # Those of our threads that work while the server stops would make Streamlit complain once per cached function.
    _CONTEXT_LOG.addFilter(lambda record: not str(record.threadName).startswith(_THREADS))
    address = server_util.get_url(_shown_host())
    others = ", for others, too: visitors change what is their own" if sharing.is_shared() else ""
    cli_util.print_to_cli(f"\n  tfpool is at {address}{others}\n", bold=True)
    if not config.get_option("server.headless"):
        cli_util.open_browser(address)
    yield


def _shown_host() -> str:
    if config.is_manually_set("browser.serverAddress"):
        return str(config.get_option("browser.serverAddress"))
    return server_util.get_display_address(config.get_option("server.address") or "localhost")
