"""Who a process is: its id with its start time, since ids are used again."""

from __future__ import annotations

import os
from typing import NamedTuple


class Process(NamedTuple):
    pid: int
    started: float

    @classmethod
    def of(cls, pid: int | None = None) -> Process:
        """The process of that id, by default this one."""
        import psutil

        process = psutil.Process(pid if pid is not None else os.getpid())
        return cls(process.pid, process.create_time())

    @property
    def is_alive(self) -> bool:
        import psutil

        try:
            process = psutil.Process(self.pid)
            # The start time is derived from the clock, which may have been set since.
            same = abs(process.create_time() - self.started) < 2
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
