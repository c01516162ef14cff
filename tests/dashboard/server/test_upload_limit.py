"""How much a visitor may upload, in all pages together, before any of it is read."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import AsyncMock

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from dashboard.server import upload_limit, visitor_cookie
from dashboard.server.upload_limit import UploadLimit

MEGABYTE = 2**20


class Upload:
    """Uploads to an app that keeps what it gets, as Streamlit does."""

    def __init__(self) -> None:
        self.files = MemoryUploadedFileManager("/_stcore/upload_file")
        self.passed, self.send = AsyncMock(), AsyncMock()
        self.app = UploadLimit(self.passed)

    def __call__(self, visitor: str | None, session: str, size: int | None, method: str = "PUT") -> int:
        """The status of an answer, 204 if the upload was taken."""
        cookie = f"{visitor_cookie.name()}={visitor_cookie.value(visitor)}" if visitor else ""
        headers = [(b"cookie", cookie.encode())]
        if size is not None:
            headers.append((b"content-length", str(size).encode()))
        path = f"/tfpool/_stcore/upload_file/{session}/1"
        scope = {"type": "http", "method": method, "path": path, "headers": headers}
        self.passed.reset_mock()
        self.send.reset_mock()
        asyncio.run(self.app(scope, AsyncMock(), self.send))
        if not self.passed.await_count:
            return self.send.await_args_list[0].args[0]["status"]
        if method == "PUT":
            name = str(len(self.files.file_storage[session]))
            self.files.add_file(session, UploadedFileRec(name, "a.zip", "application/zip", bytes(size or 0)))
        return 204


@pytest.fixture
def upload(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Upload:
    monkeypatch.setenv("TFPOOL_SHARED", "1")
    monkeypatch.setenv("TFPOOL_STORE", str(tmp_path))
    monkeypatch.setenv("TFPOOL_VISITOR_UPLOAD", "2")
    upload = Upload()
    runtime = SimpleNamespace(uploaded_file_mgr=upload.files, is_active_session=lambda session: session != "made up")
    monkeypatch.setattr(upload_limit, "get_instance", lambda: runtime)
    return upload


def test_the_pages_of_a_visitor_share_a_limit(upload: Upload) -> None:
    assert upload("anna", "first", 2 * MEGABYTE + 300) == 204
    assert upload("anna", "second", MEGABYTE) == 413
    assert upload("anna", "made up", MEGABYTE) == 413
    assert upload("ben", "third", MEGABYTE) == 204
    # The page has taken the file over, or was closed.
    upload.files.remove_session_files("first")
    assert upload("anna", "second", MEGABYTE) == 204
    assert upload("anna", "first", MEGABYTE + MEGABYTE // 2) == 413


def test_a_file_that_is_too_large_is_refused_at_once(upload: Upload) -> None:
    assert upload("anna", "first", 3 * MEGABYTE) == 413


def test_an_upload_needs_a_visitor_and_a_length(upload: Upload) -> None:
    assert upload(None, "first", 10) == 403
    assert upload("anna", "first", None) == 411


def test_only_uploads_are_limited_and_only_for_others(upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    assert upload(None, "first", None, method="DELETE") == 204
    monkeypatch.setenv("TFPOOL_SHARED", "0")
    assert upload(None, "first", 3 * MEGABYTE) == 204
