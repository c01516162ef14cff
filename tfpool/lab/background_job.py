"""A claim run in the background: a process of its own that outlives who started it, and a file that says how far it is.

Loads no TensorFlow.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tfpool.lab.claim import CLAIMS
from tfpool.lab.protocol import FOLDER, SCALES
from tfpool.system.files import atomic
from tfpool.system.process import Process
from tfpool.system.spawn import command, spawn
from tfpool.tracking.store import RunStore

_COMMAND = command("tfpool", "lab")
_SECONDS = 1.0
"""How often the file is written, at most."""
_GRACE = 2.0
"""Seconds in which the signal that comes with a wish to stop should have been heard."""

_TELLING = 0.03
"""Share of the work that has to be done before its pace says something of the rest."""


@dataclass(frozen=True)
class Job:
    """A claim that is being run, or was and did not come to a finding.

    Attributes:
        claim: its name.
        scale: "quick" or "full".
        state: "running", "stopped", "interrupted" where its process is gone, or "failed".
        done: how much of `total` is done; a total of 0 is not known yet.
        total: how much there is in all.
        left: seconds that the rest will take at the pace so far; None where that says nothing yet.
        error: why it failed.
        stopping: whether it was asked to stop and still runs.
    """

    claim: str
    scale: str
    state: str
    done: float
    total: int
    left: float | None
    error: str
    stopping: bool

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1."""
        return min(1.0, max(0.0, self.done / self.total)) if self.total else 0.0


@dataclass(frozen=True)
class _Note:
    """What the file says. Of the work that was there from the start `before` was done: what is found is no pace."""

    pid: int
    started: str
    began: float
    told: float
    since: float
    before: float = 0.0
    done: float = 0.0
    total: int = 0
    error: str = ""

    @classmethod
    def of(cls, process: Process) -> _Note:
        now = time.time()
        return cls(*process, began=now, told=now, since=now)

    @property
    def process(self) -> Process:
        return Process(self.pid, self.started)


def start(store_folder: Path, name: str, scale: str) -> Job:
    """Run a claim in a process of its own, unless it is being run; one that was broken off goes on.

    Args:
        store_folder: of the run store.
        name: of the claim.
        scale: "quick" or "full".

    Raises:
        ValueError: if there is no such claim or scale, or the store cannot be used.
    """
    path = _path(store_folder, name, scale)
    # Two pages that start one claim come one after the other.
    with RunStore(store_folder).roster():
        known = state(store_folder, name)
        if known and known.state == "running":
            return known
        _wish(path).unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        with (path.parent / "jobs.log").open("ab") as log:
            arguments = (name, f"--{scale}", "--store", str(Path(store_folder).resolve()))
            child = spawn([*_COMMAND, *arguments], stdout=log, stderr=log)
        note = _Note.of(Process.of(child.pid))
        _write(path, note)
        return _job(name, scale, note, path)


def state(store_folder: Path, name: str) -> Job | None:
    """How the run of a claim stands: the one under way, else the last that was broken off; None where all are done.

    Args:
        store_folder: of the run store.
        name: of the claim.

    Raises:
        ValueError: if there is no such claim.
    """
    found = []
    for scale in SCALES:
        path = _path(store_folder, name, scale)
        if note := _read(path):
            found.append((note.began, _job(name, scale, note, path)))
    return max(found, key=lambda each: (each[1].state == "running", each[0]))[1] if found else None


def stop(store_folder: Path, name: str) -> None:
    """Ask a claim's process to stop, which stops its training runs. What they have is kept.

    Args:
        store_folder: of the run store.
        name: of the claim.

    Raises:
        ValueError: if there is no such claim.
    """
    for scale in SCALES:
        path = _path(store_folder, name, scale)
        note = _read(path)
        if note is None or not note.process.is_alive:
            continue
        # A second signal would break off the stopping itself.
        with suppress(FileExistsError, ProcessLookupError):
            _wish(path).touch(exist_ok=False)
            os.kill(note.pid, signal.SIGINT)


@contextmanager
def reporting(store_folder: Path, name: str, scale: str) -> Iterator[Callable[[float, int], None]]:
    """Keep a file while the block runs a claim, and give what to call with how much is done and how much there is.

    The file goes when the block ends well, and says why where it fails.

    Args:
        store_folder: of the run store.
        name: of the claim.
        scale: "quick" or "full".

    Raises:
        ValueError: if there is no such claim or scale, or another process runs it.
    """
    path, process = _path(store_folder, name, scale), Process.of()
    with RunStore(store_folder).roster():
        known = _read(path)
        if known is None or known.process != process:
            if known and known.process.is_alive:
                raise ValueError(f"{name}, {scale}, is being run already, by process {known.pid}. Wait, or stop that.")
            _wish(path).unlink(missing_ok=True)
        note = _Note.of(process)
        _write(path, note)

    def told(done: float, total: int) -> None:
        nonlocal note
        # Whoever started this process may have had it ignore the signal.
        with suppress(FileNotFoundError):
            if time.time() - _wish(path).stat().st_mtime > _GRACE:
                raise KeyboardInterrupt
        now, last = time.time(), note
        if total != last.total:
            note = replace(last, since=now, before=done)
        elif now - last.told < _SECONDS:
            return
        note = replace(note, told=now, done=done, total=total)
        # A full disk will be told of by what cannot do without.
        with suppress(OSError):
            _write(path, note)

    try:
        yield told
    except KeyboardInterrupt:
        _wish(path).touch()
        raise
    except Exception as error:
        _write(path, replace(note, error=str(error) or type(error).__name__))
        raise
    path.unlink(missing_ok=True)
    _wish(path).unlink(missing_ok=True)


def _job(name: str, scale: str, note: _Note, path: Path) -> Job:
    alive, wished = note.process.is_alive, _wish(path).exists()
    ended = "failed" if note.error else "stopped" if wished else "interrupted"
    done, seconds = note.done - note.before, note.told - note.since
    return Job(
        name,
        scale,
        "running" if alive and not note.error else ended,
        note.done,
        note.total,
        seconds * (note.total - note.done) / done if done > _TELLING * note.total else None,
        note.error,
        alive and wished,
    )


def _write(path: Path, note: _Note) -> None:
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(asdict(note)))


def _read(path: Path) -> _Note | None:
    try:
        return _Note(**json.loads(path.read_text()))
    except (OSError, TypeError, ValueError):
        return None


def _path(store_folder: Path, name: str, scale: str) -> Path:
    if name not in CLAIMS or scale not in SCALES:
        raise ValueError(f"There is no claim {name!r} that is run {scale!r}. Claims: {', '.join(CLAIMS)}.")
    return Path(store_folder) / FOLDER / f"{name}-{scale}.job.json"


def _wish(path: Path) -> Path:
    """A file beside a job's that says that somebody wants it stopped."""
    return path.with_suffix(".stop")
