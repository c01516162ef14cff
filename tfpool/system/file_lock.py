"""A lock between processes and threads, held as long as a file is open."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import IO


def try_lock(path: Path) -> IO[str] | None:
    """Lock a file, made if need be, and return it open: closing releases it. None if another holder has it.

    A holder may delete the file before it closes it. A process that is killed leaves the file and no lock.
    """
    # Not on Windows: what needs no lock works there.
    import fcntl

    lock = path.open("w")
    with suppress(OSError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Another holder may have deleted the file meanwhile.
        if os.fstat(lock.fileno()).st_ino == path.stat().st_ino:
            return lock
    lock.close()
    return None
