"""Who a process is: its id with its start time, since ids are used again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

_PROC = Path("/proc")
_NICE = 10


class Process(NamedTuple):
    """A process id, and a text that no other process of that id has."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int | None = None) -> Process:
        """The process of that id, by default this one."""
        pid = os.getpid() if pid is None else pid
        return cls(pid, _state_and_start(pid)[1])

    @property
    def is_alive(self) -> bool:
        state, started = _state_and_start(self.pid)
        return started == self.started and state != "zombie"


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def give_way() -> None:
    """Let others go first on this process's cores: the pages, and whatever else its owner does."""
    if hasattr(os, "nice"):
        os.nice(_NICE)
    # Many Linux systems share the cores out by sessions first. There a process is no lower than others, if it is the
    # only one of its session, until its session is.
    with contextlib.suppress(OSError):
        (_PROC / "self/autogroup").write_text(str(_NICE))


def end(child: subprocess.Popen[Any], patience: float) -> None:
    """End a child as Ctrl-C does, so that it clears half a file away; with force where it has not heard in time.

    Args:
        patience: seconds.
    """
    if child.poll() is None:
        child.send_signal(signal.SIGINT)
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _state_and_start(pid: int) -> tuple[str, str]:
    """A process's state and start; empty where there is none.

    Linux counts from its boot, whatever is done to the clock; psutil's time, for other systems, moves with it.
    """
    if _PROC.is_dir():
        try:
            fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
            boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        except (FileNotFoundError, ProcessLookupError):
            return "", ""
        return "zombie" if fields[0] in "ZX" else "alive", f"{boot} {fields[19]}"
    import psutil

    try:
        process = psutil.Process(pid)
        return process.status(), str(process.create_time())
    except psutil.NoSuchProcess:
        return "", ""
