"""WebSockets that pages of other websites ask for are refused here, before Streamlit looks at them.

Streamlit 1.67 asks a public service for the server's own address when it does not know an origin
(`streamlit.net_util.get_external_ip`), and everybody waits until that answers or gives up.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config, net_util
from streamlit.logger import get_logger
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

_LOOPBACK = ("localhost", "127.0.0.1")
_POLICY_VIOLATION = 1008
_LONGEST = 200
_logger = get_logger(__name__)


class OriginCheck:
    """Lets a WebSocket through to an app if `is_allowed` says so.

    Behind a proxy that names the visitor's host in X-Forwarded-Host, that is the host, if it is one of
    `server.allowedHosts`. No website can make a browser send this header with a WebSocket.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            headers = MutableHeaders(scope=scope)
            forwarded = headers.get("x-forwarded-host", "").partition(",")[0].strip()
            if forwarded and is_host_allowed(forwarded):
                headers["host"] = forwarded
            if not is_allowed(headers.get("origin"), headers.get("host")):
                _logger.warning("Refused a WebSocket: %s", _text(headers))
                await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
                return
        await self._app(scope, receive, send)


def is_allowed(origin: str | None, host: str | None) -> bool:
    """Whether a page of an origin may open a WebSocket to a host, by what is configured alone.

    Args:
        origin: as the browser sends it, such as "https://pool.example.org"; None from what is no browser.
        host: the host that the WebSocket is for, with its port unless that is the usual one.
    """
    if origin is None or not config.get_option("server.enableCORS"):
        return True
    try:
        parts = urlsplit(origin)
        hostname = parts.hostname
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not hostname:
        return False
    configured = {allowed.strip().rstrip("/") for allowed in config.get_option("server.corsAllowedOrigins")}
    own = config.get_option("browser.serverAddress") if config.is_manually_set("browser.serverAddress") else None
    return parts.netloc == host or hostname in (*_LOOPBACK, own) or origin in configured


def ask_nobody() -> None:
    """Keep Streamlit from asking for its address where it still would: for origins in `server.corsAllowedOrigins`."""
    net_util.get_external_ip = lambda: None


def _text(headers: Headers) -> str:
    return ", ".join(f"{name} {headers.get(name, '')[:_LONGEST]!r}" for name in ("origin", "host"))
