"""Atomic writes, and some disk space in reserve for the case that the disk is full."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, with the same suffix, that replaces `path` if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


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
    return shutil.disk_usage(folder).free < _RESERVED
