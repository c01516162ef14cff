"""Uploaded files taken over from Streamlit, which would keep their bytes until the session ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from tfpool.data.custom.safe_names import clean


class Upload(NamedTuple):
    """A file's name, safe to show but never markup, and its bytes."""

    name: str
    content: bytes


def taken(files: Sequence[UploadedFile]) -> list[Upload]:
    """The files of an uploader, which the server holds no longer. Give the uploader another key afterwards."""
    uploads = [Upload(clean(file.name) or "file", file.getvalue()) for file in files]
    context = get_script_run_ctx()
    if context and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        for file in files:
            context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
    return uploads
