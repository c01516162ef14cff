"""A lock between processes and threads, held as long as a file is open."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO


def try_lock(path: Path) -> IO[str] | None:
    """Lock a file, made if need be, and return it open: closing releases it. None if another holder has it.

    A holder may delete the file before it closes it. A process that is killed leaves the file and no lock.
    """
    lock = path.open("w")
    with suppress(OSError):
        _lock(lock)
        # Another holder may have deleted the file meanwhile.
        if os.fstat(lock.fileno()).st_ino == path.stat().st_ino:
            return lock
    lock.close()
    return None


def _lock(file: IO[str]) -> None:
    """Lock an open file; an OSError if it is locked."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
