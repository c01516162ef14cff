"""A signed cookie that tells a visitor from others, where the dashboard is served to others.

Nobody can make the cookie of somebody else: its signature needs the key, which is in the store's folder. So servers of
one store know the same visitors, also after a restart, and cookies of two stores on one host do not collide.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config

from dashboard.common.page import store
from dashboard.server.sharing import is_shared
from tfpool.system.files import atomic

_FILE = "visitors.key"
_KEY, _SIGNATURE = re.compile(r"[0-9a-f]{64}"), 32
_SECONDS = 400 * 24 * 3600
"""As long as browsers keep a cookie at most."""


class VisitorCookie:
    """Gives each new visitor a cookie with the first page, where the dashboard is served to others."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_shared() or read(HTTPConnection(scope).cookies):
            await self._app(scope, receive, send)
            return

        # A browser that has the page from a time without cookies would only hear that it has not changed.
        asked = MutableHeaders(scope=scope)
        if "text/html" in asked.get("accept", ""):
            del asked["if-none-match"], asked["if-modified-since"]

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                # Pages alone: scripts and pictures that are requested together would each give another one.
                if headers.get("content-type", "").startswith("text/html"):
                    headers.append("set-cookie", _cookie(scope))
            await send(message)

        await self._app(scope, receive, send_with_cookie)


def read(cookies: Mapping[str, str]) -> str | None:
    """The visitor that a request's cookies name; None without a cookie that this server has signed."""
    visitor, _, signature = cookies.get(name(), "").partition(".")
    valid = hmac.compare_digest(_signature(visitor).encode(), signature.encode())
    return visitor if visitor and valid else None


def name() -> str:
    """The name of the cookie, which differs between stores."""
    return f"tfpool_visitor_{sha256(_key(store().folder)).hexdigest()[:8]}"


def value(visitor: str) -> str:
    """What the cookie of a visitor holds."""
    return f"{visitor}.{_signature(visitor)}"


def _cookie(scope: Scope) -> str:
    path = f"/{config.get_option('server.baseUrlPath').strip('/')}"
    forwarded = HTTPConnection(scope).headers.get("x-forwarded-proto", "")
    secure = "; Secure" if "https" in (scope.get("scheme"), forwarded) else ""
    visitor = value(secrets.token_hex(12))
    return f"{name()}={visitor}; Path={path}; Max-Age={_SECONDS}; HttpOnly; SameSite=Lax{secure}"


def _signature(visitor: str) -> str:
    return hmac.new(_key(store().folder), visitor.encode(), sha256).hexdigest()[:_SIGNATURE]


@lru_cache(maxsize=8)
def _key(folder: Path) -> bytes:
    """The key of a store, made when it is first needed; on a disk that can only be read, one for this process."""
    path = folder / _FILE
    try:
        if not path.exists():
            with atomic(path) as temporary:
                temporary.touch(0o600)
                temporary.write_text(secrets.token_hex(32))
        key = path.read_text()
    except OSError:
        key = secrets.token_hex(32)
    if not _KEY.fullmatch(key):
        raise ValueError(f"{_FILE} in {folder.name} is damaged. Delete it: visitors then count as new ones.")
    return key.encode()
