"""Atomic writes, and some disk space in reserve for the case that the disk is full."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

Guard = Callable[[], AbstractContextManager[object]]
"""Makes a context that a file is replaced in; it raises an exception if the file must stay."""


@contextmanager
def atomic(path: Path, guard: Guard = nullcontext) -> Iterator[Path]:
    """A temporary path beside `path`, with the same suffix, that replaces `path` if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Processes in two containers may have the same id, so the name is drawn at random.
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(8)}{path.suffix}")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        with guard():
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_temporary(folder: Path) -> None:
    """Remove what killed writers left in a folder: the temporary files of `atomic`."""
    for path in folder.rglob(".*"):
        if path.is_file():
            path.unlink(missing_ok=True)


_RESERVE = ".reserve"
_RESERVED = 1 << 20
"""Bytes: enough for SQLite to write a few rows and its journal."""


def reserve(folder: Path) -> None:
    """Reserve disk space, so that an error can still be recorded when the disk is full."""
    path = folder / _RESERVE
    if not path.exists():
        with atomic(path) as temporary:
            temporary.write_bytes(bytes(_RESERVED))


def use_reserve(folder: Path) -> None:
    """Free the space that `reserve` took."""
    (folder / _RESERVE).unlink(missing_ok=True)


def is_full(folder: Path) -> bool:
    """Whether the folder's disk has less free space than `reserve` takes."""
    return folder.is_dir() and shutil.disk_usage(folder).free < _RESERVED
