"""How much a visitor may upload, where the dashboard is served to others: refused before any of it is read."""

from __future__ import annotations

from collections import defaultdict

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.runtime import get_instance
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from dashboard.server import visitor_cookie
from dashboard.server.sharing import UPLOAD, is_shared, limit

_PATH = "/_stcore/upload_file/"
_MEGABYTE = 2**20
_AROUND = 2**16
"""Bytes that a browser adds to a file."""


class UploadLimit:
    """Refuses an upload if the server would hold more of a visitor's files than the limit, in all of their pages.

    A visitor without a cookie is refused, too. Streamlit itself limits the size of a file.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._sessions: defaultdict[str, set[str]] = defaultdict(set)
        self._arriving: defaultdict[str, int] = defaultdict(int)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_upload = scope["type"] == "http" and scope["method"] == "PUT" and _PATH in scope["path"]
        if not is_upload or not is_shared():
            await self._app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        visitor = visitor_cookie.read(request.cookies)
        if visitor is None:
            await _refuse(403, "Allow cookies for this site and reload the page.", scope, receive, send)
            return
        length = request.headers.get("content-length", "")
        if not length.isdecimal():
            await _refuse(411, "An upload has to say its length.", scope, receive, send)
            return
        size, most = int(length), limit(UPLOAD)
        session = scope["path"].partition(_PATH)[2].partition("/")[0]
        if get_instance().is_active_session(session):
            self._sessions[visitor].add(session)
        if self._held(visitor, session) + size > most * _MEGABYTE + _AROUND:
            await _refuse(413, f"Each visitor can upload {most} MB. Remove a file first.", scope, receive, send)
            return
        self._arriving[visitor] += size
        try:
            await self._app(scope, receive, send)
        finally:
            self._arriving[visitor] -= size

    def _held(self, visitor: str, session: str) -> int:
        """Bytes that the server holds of a visitor, whose last session is given, and those on their way."""
        manager = get_instance().uploaded_file_mgr
        assert isinstance(manager, MemoryUploadedFileManager)
        files = manager.file_storage
        # Of other sessions Streamlit holds nothing: they have ended, or their files were taken over.
        self._sessions[visitor] &= {*files, session}
        held = (file for each in self._sessions[visitor] for file in list(files.get(each, {}).values()))
        return sum(len(file.data) for file in held) + self._arriving[visitor]


async def _refuse(status: int, text: str, scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(text, status)(scope, receive, send)
