"""The image files in a folder or zip, listed without unpacking anything and never outside of it."""

from __future__ import annotations

import os
import stat
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO

from tfpool.data.custom.code_pages import canonical
from tfpool.data.custom.folder_walk import list_folder
from tfpool.data.custom.listing import Listing
from tfpool.data.custom.safe_names import clean
from tfpool.data.custom.zip_entries import open_zip


def open_source(source: str | Path | IO[bytes], encoding: str | None = None) -> AbstractContextManager[Listing]:
    """The image files of a folder, of a zip file, or of an open zip file such as an upload.

    `encoding` is that of names in a zip that say none and of tables that are not in Unicode, by default a guess.
    """
    encoding = canonical(encoding) if encoding else ""
    if not isinstance(source, str | os.PathLike):
        return open_zip(source, clean(str(getattr(source, "name", ""))) or "The upload", encoding)
    name = clean(str(source), 200)
    path = Path(source)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        raise ValueError(f"There is nothing to read at {name!r}. Give a folder or a zip file of images.") from None
    if stat.S_ISDIR(mode):
        return nullcontext(list_folder(path.resolve(), name, encoding))
    if stat.S_ISREG(mode):
        return open_zip(path, name, encoding)
    raise ValueError(
        f"{name} is neither a folder nor a zip file. Give a folder or a zip with one sub-folder per class."
    )
