"""Runs a claim in the background: a process that outlives its starter, and a file with its progress.

Loads no TensorFlow.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tfpool.lab.claim import CLAIMS
from tfpool.lab.protocol import FOLDER, SCALES
from tfpool.system.files import atomic
from tfpool.system.process import Process, interrupt
from tfpool.system.spawn import command, spawn
from tfpool.tracking.store import RunStore

_COMMAND = command("tfpool", "lab")
_WRITE_INTERVAL = 1.0
"""Seconds between two writes of the file at least."""
_GRACE = 2.0
"""Seconds until a stop request that comes without its signal is noticed."""
_MIN_FRACTION = 0.03
"""Fraction of the work after which its pace predicts the rest."""


@dataclass(frozen=True)
class Job:
    """A claim that is running, or that ended without a finding, with the reason in `error` if it failed.

    `state` is "running", "stopped", "interrupted" (its process is gone) or "failed". `done` is how much of `total` is
    done, and 0 is an unknown total. `seconds_left` is an estimate from the pace so far; None while there is none.
    `stopping`: it was asked to stop and still runs.
    """

    claim: str
    scale: str
    state: str
    done: float
    total: int
    seconds_left: float | None
    error: str
    stopping: bool

    @property
    def fraction(self) -> float:
        """How much is done, from 0 to 1."""
        return min(1.0, max(0.0, self.done / self.total)) if self.total else 0.0


@dataclass(frozen=True)
class _Note:
    """Content of the file, whose keys are these names; `done`, `total` and `error` as in `Job`.

    `pid` and `started` are the process. `began`, `told`, `since`: times of the start, of the last report, and of the
    first report of the current total. `before` is work already done at `since`, which says nothing about the pace.
    """

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
    """Run a claim in a process of its own, unless it is running already. An unfinished one resumes."""
    path = _path(store_folder, name, scale)
    # Two pages may start the same claim at once.
    with RunStore(store_folder).roster():
        job = state(store_folder, name)
        if job and job.state == "running":
            return job
        _stop_file(path).unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        with (path.parent / "jobs.log").open("ab") as log:
            arguments = (name, f"--{scale}", "--store", str(Path(store_folder).resolve()))
            child = spawn([*_COMMAND, *arguments], stdout=log, stderr=log)
        note = _Note.of(Process.of(child.pid))
        _write(path, note)
        return _job(name, scale, note, path)


def state(store_folder: Path, name: str) -> Job | None:
    """The running job of a claim, else the last one that ended without a finding, else None."""
    jobs = []
    for scale in SCALES:
        path = _path(store_folder, name, scale)
        if note := _read(path):
            jobs.append((note.began, _job(name, scale, note, path)))
    return max(jobs, key=lambda dated: (dated[1].state == "running", dated[0]))[1] if jobs else None


def stop(store_folder: Path, name: str) -> None:
    """Ask a claim's process to stop itself and its training runs, which can be resumed."""
    for scale in SCALES:
        path = _path(store_folder, name, scale)
        note = _read(path)
        if note is None or not note.process.is_alive:
            continue
        # A second signal would interrupt the stopping itself.
        with suppress(FileExistsError, ProcessLookupError):
            _stop_file(path).touch(exist_ok=False)
            interrupt(note.pid)


@contextmanager
def track(store_folder: Path, name: str, scale: str) -> Iterator[Callable[[float, int], None]]:
    """Write a job file while the block runs a claim; yields `on_progress(done, total)`.

    The file is deleted when the block succeeds, and keeps the error when it fails. A ValueError if another process runs
    the claim.
    """
    path, process = _path(store_folder, name, scale), Process.of()
    with RunStore(store_folder).roster():
        other = _read(path)
        if other is None or other.process != process:
            if other and other.process.is_alive:
                raise ValueError(f"{name}, {scale}, is running already, as process {other.pid}. Wait, or stop it.")
            _stop_file(path).unlink(missing_ok=True)
        note = _Note.of(process)
        _write(path, note)

    def on_progress(done: float, total: int) -> None:
        nonlocal note
        # This process may have been started so that it ignores the signal.
        with suppress(FileNotFoundError):
            if time.time() - _stop_file(path).stat().st_mtime > _GRACE:
                raise KeyboardInterrupt
        now, last = time.time(), note
        if total != last.total:
            note = replace(last, since=now, before=done)
        elif now - last.told < _WRITE_INTERVAL:
            return
        note = replace(note, told=now, done=done, total=total)
        # A full disk is reported by whatever has to write.
        with suppress(OSError):
            _write(path, note)

    try:
        yield on_progress
    except KeyboardInterrupt:
        _stop_file(path).touch()
        raise
    except Exception as error:
        _write(path, replace(note, error=str(error) or type(error).__name__))
        raise
    path.unlink(missing_ok=True)
    _stop_file(path).unlink(missing_ok=True)


def _job(name: str, scale: str, note: _Note, path: Path) -> Job:
    alive, stop_requested = note.process.is_alive, _stop_file(path).exists()
    ended = "failed" if note.error else "stopped" if stop_requested else "interrupted"
    done, seconds = note.done - note.before, note.told - note.since
    return Job(
        name,
        scale,
        "running" if alive and not note.error else ended,
        note.done,
        note.total,
        seconds * (note.total - note.done) / done if done > _MIN_FRACTION * note.total else None,
        note.error,
        alive and stop_requested,
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
        claims, scales = ", ".join(CLAIMS), ", ".join(SCALES)
        raise ValueError(f"There is no claim {name!r} at scale {scale!r}. Claims: {claims}. Scales: {scales}.")
    return Path(store_folder) / FOLDER / f"{name}-{scale}.job.json"


def _stop_file(path: Path) -> Path:
    """A file whose presence asks the job to stop."""
    return path.with_suffix(".stop")
