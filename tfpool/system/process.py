"""The identity of a process: its id with its start time, since systems reuse ids."""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import subprocess
import sys
import uuid
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

_PROC = Path("/proc")
_NICE = 10


class Process(NamedTuple):
    """A process id, and its start as a text, which no other process with this id has."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int | None = None) -> Process:
        """The process with that id; by default this process."""
        pid = os.getpid() if pid is None else pid
        return cls(pid, _state_and_start(pid)[1])

    @property
    def is_alive(self) -> bool:
        state, started = _state_and_start(self.pid)
        return started == self.started and state != "zombie"


@cache
def place() -> str:
    """Where process ids are comparable: this boot of this machine and, on Linux, this PID namespace.

    Two containers on one machine count their processes separately, so they are two places.
    """
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return f"{platform.node()} {uuid.getnode()}"


def cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def lower_priority() -> None:
    """Lower this process's priority, so that the dashboard and other programs go first."""
    if sys.platform == "win32":
        import psutil

        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        os.nice(_NICE)
    # Many Linux systems divide the cores among sessions first. A process alone in its session gets a lower priority
    # only if the session does.
    with contextlib.suppress(OSError):
        (_PROC / "self/autogroup").write_text(str(_NICE))


def end(child: subprocess.Popen[Any], patience: float) -> None:
    """End a child as Ctrl-C does, so that it removes temporary files; kill it if it takes over `patience` seconds.

    Windows has no Ctrl-C for a single process: there it is killed.
    """
    if child.poll() is None:
        interrupt(child.pid)
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def interrupt(pid: int) -> None:
    """Send a process what Ctrl-C sends. On Windows nothing happens: there, the signal would kill it on the spot."""
    if sys.platform != "win32":
        os.kill(pid, signal.SIGINT)


def _state_and_start(pid: int) -> tuple[str, str]:
    """A process's state and start; empty texts if there is no such process.

    Linux counts from boot, independently of the clock; psutil's time, for other systems, changes with the clock.
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
