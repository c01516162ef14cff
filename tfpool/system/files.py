"""Writing a file so that a reader sees the old one or the new one, never a part."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, with its suffix, that takes its place if the block ends well."""
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
"""Bytes: enough for SQLite to write a few rows, with what it needs beside its file."""


def reserve(folder: Path) -> None:
    """Keep some space of a disk, so that what went wrong can still be written when the disk is full."""
    path = folder / _RESERVE
    if not path.exists():
        with atomic(path) as temporary:
            temporary.write_bytes(bytes(_RESERVED))


def use_reserve(folder: Path) -> None:
    """Give back what `reserve` kept."""
    (folder / _RESERVE).unlink(missing_ok=True)


def is_full(folder: Path) -> bool:
    """Whether the folder's disk has less space left than `reserve` keeps."""
    return shutil.disk_usage(folder).free < _RESERVED
