"""The run store: SQLite for states and metrics, one folder per run for its files. Loads no TensorFlow.

A run is queued, running, done, stopped, interrupted or failed. Each change of state is one transaction.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from tfpool.system.file_system import is_writable, network_file_system
from tfpool.system.files import is_full, use_reserve
from tfpool.system.process import Process
from tfpool.tracking.database import METRICS, grow_older, transaction
from tfpool.tracking.lease import Lease, Roster, holder, is_gone
from tfpool.tracking.run import ENDED, Run
from tfpool.tracking.run_row import run_of, state_of

RESUMABLE = ("stopped", "interrupted", "failed")
_DAY = 86_400.0


def default_store() -> Path:
    """The folder of the runs where none is named: TFPOOL_STORE, or `saved_models` in the current folder."""
    return Path(os.environ.get("TFPOOL_STORE") or "saved_models")


def no_runs_text(folder: str | Path) -> str:
    """What to say about a store without runs."""
    return f"{folder} holds no runs yet. Train one: python -m tfpool train resnet8 --head gap"


class RunStore:
    """The runs in one folder. Many threads and processes may use a store at once."""

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = default_store() if folder is None else Path(folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise ValueError(f"{self.folder} is a file. A folder is needed to keep runs in.")

    def runs(self) -> list[Run]:
        """All runs, newest first. Reading changes nothing: a running run whose worker is gone reads as interrupted."""
        if not self._database.exists():
            return []
        with self._open() as db:
            epochs = db.execute(f"SELECT run, {', '.join(METRICS)} FROM metrics ORDER BY run, epoch")
            epochs.row_factory = None
            metrics = {run: list(rows) for run, rows in groupby(epochs, itemgetter(0))}
            rows = db.execute("SELECT * FROM runs WHERE deleted IS NULL ORDER BY number DESC").fetchall()
        return [run_of(row, metrics.get(row["number"], []), self.folder) for row in rows]

    def get(self, run_id: str) -> Run:
        """The run with that id; a ValueError if there is none."""
        runs = self.runs()
        for run in runs:
            if run.id == run_id:
                return run
        if not runs:
            raise ValueError(no_runs_text(self.folder))
        raise ValueError(f"There is no run {run_id!r} in {self.folder}. Newest: {', '.join(r.id for r in runs[:5])}.")

    def add(
        self,
        spec: Mapping[str, Any],
        sweep: str | None = None,
        executor: str | None = None,
        artifacts: str | None = None,
        run_id: str | None = None,
    ) -> str:
        """Queue a run and return its id.

        Args:
            spec: plan, data set and recipe, as `training.queue.spec` makes it.
            sweep: name of the group that the run belongs to.
            executor: address of the cluster that trains the run; by default workers of this machine do.
            artifacts: URL of the folder through which the cluster returns files; by default it sends them.
            run_id: the id. Default: the network, the head and a number.
        """
        with self._open(write=True) as db:
            cursor = db.execute(
                "INSERT INTO runs (state, spec, created, sweep, executor, artifacts) VALUES ('queued', ?, ?, ?, ?, ?)",
                (json.dumps(spec), time.time(), sweep, executor, artifacts),
            )
            run_id = run_id or f"{spec['plan']['backbone']}-{spec['plan']['head']['name']}-{cursor.lastrowid}"
            db.execute("UPDATE runs SET id = ? WHERE number = ?", (run_id, cursor.lastrowid))
        return run_id

    def claim(self, worker: Process) -> Lease | None:
        """Take the oldest queued run to be trained on this machine for this worker; None if none is queued."""
        with self._open(write=True) as db:
            local = "SELECT * FROM runs WHERE state = 'queued' AND executor IS NULL ORDER BY number LIMIT 1"
            return self._take(db, db.execute(local).fetchone(), worker)

    def claim_for(self, worker: Process, run_id: str, host: str) -> Lease | None:
        """Take a run that a cluster trains on a host, for the driver that reports on the run; None if another has it.

        A run whose driver is gone is taken over.
        """
        with self._open(write=True) as db:
            row = db.execute("SELECT * FROM runs WHERE id = ? AND deleted IS NULL", (run_id,)).fetchone()
            is_free = row and (row["state"] == "queued" or (row["state"] == "running" and is_gone(row)))
            return self._take(db, row, worker, host) if is_free else None

    def _take(
        self, db: sqlite3.Connection, row: sqlite3.Row | None, worker: Process, host: str | None = None
    ) -> Lease | None:
        if row is None:
            return None
        token = secrets.token_hex(16)
        columns = {"state": "running", "started": time.time(), **holder(worker, token, host)}
        assignments = ", ".join(f"{name} = ?" for name in columns)
        changed = f"UPDATE runs SET {assignments} WHERE number = ? RETURNING *"
        taken = db.execute(changed, (*columns.values(), row["number"])).fetchone()
        return Lease(self._database, run_of(taken, [], self.folder), token)

    def request_stop(self, run_id: str) -> None:
        """Ask a run to stop: a queued run stops at once, a running run when its worker sees the request."""
        self.get(run_id)
        with self._open(write=True) as db:
            db.execute(
                "UPDATE runs SET state = 'stopped', ended = ? WHERE id = ? AND state = 'queued'", (time.time(), run_id)
            )
            db.execute("UPDATE runs SET stop_requested = 1 WHERE id = ? AND state = 'running'", (run_id,))

    def resume(self, run_id: str) -> None:
        """Queue a stopped, interrupted or failed run again; it continues from its last checkpoint."""
        queued = "state = 'queued', token = NULL, stop_requested = 0, error = NULL, ended = NULL, progress = '{}'"
        self._change(run_id, f"{queued}, resumes = resumes + 1", allowed=RESUMABLE, what="resumed")

    def move(self, run_id: str, executor: str | None, artifacts: str | None = None) -> None:
        """Let a run that has ended be resumed elsewhere: on a cluster, or on this machine if `executor` is None."""
        self._change(run_id, "executor = ?, artifacts = ?", executor, artifacts, allowed=ENDED, what="moved")

    def retry(self, run_id: str) -> str:
        """Queue a run with the same spec from the start, and return its id."""
        run = self.get(run_id)
        return self.add(run.spec, run.sweep, run.executor, run.artifacts)

    def rename(self, run_id: str, title: str) -> None:
        """Set a run's title; the id does not change. An empty title resets it to the id."""
        self._change(run_id, "title = ?", title.strip() or None)

    def annotate(self, run_id: str, note: str) -> None:
        """Set a run's note."""
        self._change(run_id, "note = ?", note)

    def delete(self, run_id: str) -> None:
        """Hide a run that has ended. `undelete` brings it back until `purge` removes its files."""
        if is_full(self.folder):
            use_reserve(self.folder)
        with self._changing(run_id, allowed=ENDED, what="deleted") as (db, state):
            changed = (grow_older(db), state, run_id)
            db.execute("UPDATE runs SET deleted = ?, state = ?, token = NULL WHERE id = ?", changed)

    def undelete(self, run_id: str) -> None:
        """Bring a deleted run back."""
        with self._open(write=True) as db:
            restored = db.execute("UPDATE runs SET deleted = NULL WHERE id = ? AND deleted IS NOT NULL", (run_id,))
            if not restored.rowcount:
                raise ValueError(f"There is no deleted run {run_id!r} to restore. Runs can be restored within a day.")

    def purge(self, seconds: float = _DAY) -> None:
        """Remove the runs for good that were deleted longer ago than `seconds`, by default a day."""
        if not self._database.exists():
            return
        with self._open(write=True) as db:
            deleted = "SELECT number, id FROM runs WHERE deleted <= ?"
            gone = db.execute(deleted, (grow_older(db) - seconds,)).fetchall()
            for row in gone:
                db.execute("DELETE FROM metrics WHERE run = ?", (row["number"],))
                db.execute("DELETE FROM runs WHERE number = ?", (row["number"],))
        for row in gone:
            shutil.rmtree(self.folder / row["id"], ignore_errors=True)

    def _change(
        self, run_id: str, change: str, *values: Any, allowed: Sequence[str] = (), what: str = "changed"
    ) -> None:
        with self._changing(run_id, allowed, what) as (db, _):
            db.execute(f"UPDATE runs SET {change} WHERE id = ?", (*values, run_id))

    @contextmanager
    def _changing(
        self, run_id: str, allowed: Sequence[str] = (), what: str = "changed"
    ) -> Iterator[tuple[sqlite3.Connection, str]]:
        """A transaction that changes an existing run, with the run's state, which is one of those allowed, if any."""
        self.get(run_id)
        with self._open(write=True) as db:
            state = state_of(db.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone())
            if allowed and state not in allowed:
                raise ValueError(f"Run {run_id} is {state}. Only a run that is {' or '.join(allowed)} can be {what}.")
            yield db, state

    @property
    def id(self) -> str:
        """What distinguishes this store from others on a cluster."""
        with self._open(write=True) as db:
            return db.execute("SELECT id FROM store").fetchone()["id"]

    def is_left(self, run_id: str) -> bool:
        """Whether a run is still running for the database, but who reported on it is gone."""
        with self._open() as db:
            row = db.execute("SELECT * FROM runs WHERE id = ? AND state = 'running'", (run_id,)).fetchone()
        return row is not None and is_gone(row)

    @property
    def waiting(self) -> list[str | None]:
        """Where runs wait to be trained: None for this machine, and addresses of clusters.

        A cluster goes on with a run whose driver is gone, so such a run waits for a new driver.
        """
        if not self._database.exists():
            return []
        with self._open() as db:
            rows = db.execute("SELECT * FROM runs WHERE state IN ('queued', 'running') AND deleted IS NULL").fetchall()
        waiting = (row for row in rows if row["state"] == "queued" or (row["executor"] and is_gone(row)))
        return list(dict.fromkeys(row["executor"] for row in waiting))

    @property
    def is_writable(self) -> bool:
        """Whether runs can be added and changed; a store on a disk that can only be read can be looked at."""
        return is_writable(self.folder)

    @property
    def warning(self) -> str:
        """What to know about the disk that the store is on; empty for a usual one."""
        if not self.folder.exists():
            return ""
        if kind := network_file_system(self.folder):
            return (
                f"{self.folder} is on a network disk ({kind}). Its database is kept safe by locking the whole file, "
                "which is slower than on a local disk."
            )
        return "" if self.is_writable else f"{self.folder} can only be read: its runs cannot be changed."

    @contextmanager
    def roster(self) -> Iterator[Roster]:
        """The queue and its workers, locked while the block decides how many workers to start."""
        with self._open(write=True) as db:
            yield Roster(db)

    @property
    def _database(self) -> Path:
        return self.folder / "runs.sqlite"

    def _open(self, write: bool = False) -> AbstractContextManager[sqlite3.Connection]:
        return transaction(self._database, write)
