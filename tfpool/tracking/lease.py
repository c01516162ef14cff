"""A worker's hold on a running run, and the list of the workers on a machine."""

from __future__ import annotations

import json
import socket
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tfpool.system.process import Process, place
from tfpool.tracking.database import METRICS, transaction
from tfpool.tracking.run import Run

LEASE = 60.0
"""Seconds without a heartbeat after which a run on another machine counts as interrupted."""
HEARTBEAT = 10.0
"""Seconds between two heartbeats of a worker."""


class LeaseLost(Exception):
    """The run is no longer this worker's: it has ended, or it was resumed and claimed by another worker."""


class Lease:
    """A worker's hold on a running run. Every write checks that the run is still this worker's.

    A worker that was taken for dead can therefore neither end nor overwrite a run that another one has resumed.

    Attributes:
        run: the run as it was claimed.
    """

    def __init__(self, database: Path, run: Run, token: str) -> None:
        self.run = run
        self._database, self._token = database, token
        self._progress = run.progress

    def enter(self, phase: str) -> None:
        """Report that a phase begins; the progress of an earlier attempt stays."""
        self.report(**{**self._progress, "phase": phase})

    def report(self, **progress: float | str | None) -> None:
        """Replace the progress of the run."""
        self._progress = progress
        with self._held(progress=json.dumps(progress)):
            pass

    def record(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Store the metrics of a finished epoch, counted from 0; a repeated epoch overwrites its metrics."""
        with self._held() as db:
            db.execute(
                f"INSERT OR REPLACE INTO metrics (run, epoch, {', '.join(METRICS)}) "
                f"SELECT number, ?{', ?' * len(METRICS)} FROM runs WHERE id = ?",
                (epoch, *(metrics[name] for name in METRICS), self.run.id),
            )

    @property
    def history(self) -> dict[str, list[float]]:
        """For each of `METRICS` a list with one value per recorded epoch."""
        with transaction(self._database) as db:
            rows = db.execute(
                f"SELECT {', '.join(METRICS)} FROM metrics WHERE run = (SELECT number FROM runs WHERE id = ?) "
                "ORDER BY epoch",
                (self.run.id,),
            ).fetchall()
        return {name: [row[name] for row in rows] for name in METRICS}

    def begin(self, facts: Mapping[str, Any]) -> None:
        """Store what the run begins with; what it began with before is never overwritten."""
        with self._held() as db:
            db.execute("UPDATE runs SET began = coalesce(began, ?) WHERE id = ?", (json.dumps(facts), self.run.id))

    def move_to(self, host: str) -> None:
        """Say that another host trains the run now."""
        with self._held(host=host):
            pass

    def renew(self) -> None:
        """Say that the worker is alive."""
        with self._held():
            pass

    def end(self, state: str, error: str | None = None, result: Mapping[str, float] | None = None) -> None:
        """End the run."""
        changed = {"state": state, "ended": time.time(), "error": error, "token": None}
        with self._held(**changed, result=json.dumps(result) if result else None):
            pass

    @property
    def stop_requested(self) -> bool:
        with transaction(self._database) as db:
            row = db.execute("SELECT token, stop_requested FROM runs WHERE id = ?", (self.run.id,)).fetchone()
        if row is None or row["token"] != self._token:
            raise self._lost()
        return bool(row["stop_requested"])

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Keep the run claimed while the block runs, such as while a file is replaced."""
        with self._held():
            yield

    @contextmanager
    def _held(self, **changed: object) -> Iterator[sqlite3.Connection]:
        """A transaction that renews the lease and changes the run; `LeaseLost` if the run is not this worker's."""
        columns = {"heartbeat": time.time(), **changed}
        assignments = ", ".join(f"{name} = ?" for name in columns)
        with transaction(self._database, write=True) as db:
            updated = db.execute(
                f"UPDATE runs SET {assignments} WHERE id = ? AND token = ? AND state = 'running'",
                (*columns.values(), self.run.id, self._token),
            )
            if not updated.rowcount:
                raise self._lost()
            yield db

    def _lost(self) -> LeaseLost:
        return LeaseLost(f"Run {self.run.id} has ended, or another worker has claimed it.")


def holder(worker: Process, token: str, host: str | None = None) -> dict[str, Any]:
    """The columns of a run that say who holds it, and the host that trains it, by default this one."""
    return {
        "pid": worker.pid,
        "pid_started": worker.started,
        "place": place(),
        "host": host or socket.gethostname(),
        "token": token,
        "heartbeat": time.time(),
    }


def is_gone(row: sqlite3.Row) -> bool:
    """Whether the worker of a running run is gone.

    Its process is looked up where process ids are comparable; elsewhere its lease has to run out. A heartbeat far in
    the future is by a clock that was wrong, so it says as little as an old one.
    """
    if row["place"] == place():
        return not Process(row["pid"], row["pid_started"]).is_alive
    return row["heartbeat"] is None or abs(time.time() - row["heartbeat"]) > LEASE


class Roster:
    """The workers of a store in this place, inside one transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def wanted(self, most: int) -> int:
        """The number of workers to start, so that each queued run has one and at most `most` are alive."""
        alive = sum(row["executor"] is None for row in self._alive().values())
        here = "SELECT * FROM runs WHERE state = 'running' AND executor IS NULL AND place = ?"
        held = self._db.execute(here, (place(),)).fetchall()
        busy = sum(not is_gone(row) for row in held)
        queued = self._db.execute("SELECT count(*) FROM runs WHERE state = 'queued' AND executor IS NULL").fetchone()[0]
        return max(0, min(queued - max(0, alive - busy), most - alive))

    def drivers(self) -> dict[Process, str]:
        """The live processes here that drive the runs of a cluster, with the cluster's address."""
        return {process: row["executor"] for process, row in self._alive().items() if row["executor"]}

    def free_gpu(self, gpus: int) -> int | None:
        """The first of so many GPUs that no worker here computes on; None if all are taken."""
        taken = {row["gpu"] for row in self._alive().values()}
        return next((number for number in range(gpus) if number not in taken), None)

    def _alive(self) -> dict[Process, sqlite3.Row]:
        """The live processes here, with their rows; `executor` is the cluster that one drives, if it does."""
        alive: dict[Process, sqlite3.Row] = {}
        for row in self._db.execute("SELECT * FROM workers WHERE place = ?", (place(),)).fetchall():
            process = Process(row["pid"], row["started"])
            if process.is_alive:
                alive[process] = row
            else:
                self.remove(row["pid"])
        return alive

    def add(self, worker: Process, executor: str | None = None, gpu: int | None = None) -> None:
        self._db.execute("INSERT OR REPLACE INTO workers VALUES (?, ?, ?, ?, ?)", (place(), *worker, executor, gpu))

    def remove(self, pid: int) -> None:
        self._db.execute("DELETE FROM workers WHERE place = ? AND pid = ?", (place(), pid))
