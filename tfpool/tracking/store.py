"""The run store: SQLite for states and metrics, one folder per run for its files. Loads no TensorFlow.

A run is queued, running, done, stopped, interrupted or failed. Each change of state is one transaction.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from tfpool.system.process import Process
from tfpool.tracking.database import METRICS, Roster, transaction
from tfpool.tracking.run import ENDED, Run

_RESUMABLE = ("stopped", "interrupted", "failed")


def runs(store: str | Path = "saved_models") -> list[Run]:
    """The runs in a store, newest first; none if the folder is empty or missing.

    Args:
        store: the folder that `train` keeps its runs in.

    Raises:
        ValueError: if `store` is a file.

    Example:
        >>> import tfpool as tp
        >>> tp.runs("saved_models")  # nothing is trained yet
        []
    """
    return RunStore(store).runs()


def no_runs_text(folder: str | Path) -> str:
    """What to say about a store without runs."""
    return f"{folder} holds no runs yet. Train one: python -m tfpool train resnet8 --head gap"


class RunStore:
    """The runs in one folder. Many threads and processes may use a store at once."""

    def __init__(self, folder: str | Path = "saved_models") -> None:
        self.folder = Path(folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise ValueError(f"{folder} is a file. A folder is needed to keep runs in.")

    def runs(self) -> list[Run]:
        """All runs, newest first. A running run whose process is gone becomes interrupted."""
        if not self._database.exists():
            return []
        rows, metrics = self._read()
        gone = [
            row for row in rows if row["state"] == "running" and not Process(row["pid"], row["pid_started"]).is_alive
        ]
        if gone:
            for row in gone:
                self.end(row["id"], "interrupted", only_of=row["pid"])
            rows, metrics = self._read()
        return [self._run(row, metrics.get(row["number"], [])) for row in rows]

    def _read(self) -> tuple[list[sqlite3.Row], dict[int, list[tuple[Any, ...]]]]:
        """The rows of the runs, newest first, and by run number the rows of their epochs."""
        with self._open() as db:
            epochs = db.execute(f"SELECT run, {', '.join(METRICS)} FROM metrics ORDER BY run, epoch")
            epochs.row_factory = None
            metrics = {run: list(rows) for run, rows in groupby(epochs, itemgetter(0))}
            return db.execute("SELECT * FROM runs WHERE deleted IS NULL ORDER BY number DESC").fetchall(), metrics

    def get(self, run_id: str) -> Run:
        """The run with that id; a ValueError if there is none."""
        runs = self.runs()
        for run in runs:
            if run.id == run_id:
                return run
        if not runs:
            raise ValueError(no_runs_text(self.folder))
        raise ValueError(f"There is no run {run_id!r} in {self.folder}. Newest: {', '.join(r.id for r in runs[:5])}.")

    def add(self, spec: Mapping[str, Any], sweep: str | None = None) -> str:
        """Queue a run, as part of a sweep if named, and return its id."""
        with self._open(write=True) as db:
            cursor = db.execute(
                "INSERT INTO runs (state, spec, created, sweep) VALUES ('queued', ?, ?, ?)",
                (json.dumps(spec), time.time(), sweep),
            )
            run_id = f"{spec['plan']['backbone']}-{spec['plan']['head']['name']}-{cursor.lastrowid}"
            db.execute("UPDATE runs SET id = ? WHERE number = ?", (run_id, cursor.lastrowid))
        return run_id

    def claim(self, worker: Process) -> Run | None:
        """Take the oldest queued run for this worker; None if no run is queued."""
        with self._open(write=True) as db:
            row = db.execute(
                "UPDATE runs SET state = 'running', pid = ?, pid_started = ?, started = ? WHERE number = "
                "(SELECT number FROM runs WHERE state = 'queued' ORDER BY number LIMIT 1) RETURNING *",
                (*worker, time.time()),
            ).fetchone()
        return row and self._run(row, [])

    def report(self, run_id: str, **progress: float | str | None) -> None:
        """Replace the progress of a running run."""
        with self._open(write=True) as db:
            db.execute("UPDATE runs SET progress = ? WHERE id = ?", (json.dumps(progress), run_id))

    def record(self, run_id: str, epoch: int, metrics: Mapping[str, float]) -> None:
        """Store the metrics of a finished epoch, counted from 0; a repeated epoch overwrites its metrics."""
        with self._open(write=True) as db:
            db.execute(
                f"INSERT OR REPLACE INTO metrics (run, epoch, {', '.join(METRICS)}) "
                f"SELECT number, ?{', ?' * len(METRICS)} FROM runs WHERE id = ?",
                (epoch, *(metrics[name] for name in METRICS), run_id),
            )

    def end(
        self,
        run_id: str,
        state: str,
        error: str | None = None,
        result: Mapping[str, float] | None = None,
        only_of: int | None = None,
    ) -> None:
        """End a running run, only if it is that of process `only_of` where given; one that has ended is not changed."""
        with self._open(write=True) as db:
            db.execute(
                "UPDATE runs SET state = ?, ended = ?, error = ?, result = ? "
                "WHERE id = ? AND state = 'running' AND pid = coalesce(?, pid)",
                (state, time.time(), error, json.dumps(result) if result else None, run_id, only_of),
            )

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
        queued = "state = 'queued', stop_requested = 0, error = NULL, ended = NULL, progress = '{}'"
        self._change(run_id, queued, allowed=_RESUMABLE, what="resumed")

    def retry(self, run_id: str) -> str:
        """Queue a run with the same spec from the start, and return its id."""
        run = self.get(run_id)
        return self.add(run.spec, run.sweep)

    def rename(self, run_id: str, title: str) -> None:
        """Set a run's title; the id does not change. An empty title resets it to the id."""
        self._change(run_id, "title = ?", title.strip() or None)

    def annotate(self, run_id: str, note: str) -> None:
        """Set a run's note."""
        self._change(run_id, "note = ?", note)

    def delete(self, run_id: str) -> None:
        """Hide a run that has ended. `undelete` brings it back until `purge` removes its files."""
        self._change(run_id, "deleted = ?", time.time(), allowed=ENDED, what="deleted")

    def undelete(self, run_id: str) -> None:
        """Bring a deleted run back."""
        with self._open(write=True) as db:
            if not db.execute("UPDATE runs SET deleted = NULL WHERE id = ? AND deleted > 0", (run_id,)).rowcount:
                raise ValueError(f"There is no deleted run {run_id!r} to bring back.")

    def purge(self, seconds: float = 86_400.0) -> None:
        """Remove the runs for good that were deleted longer ago than `seconds`, by default a day."""
        if not self._database.exists():
            return
        with self._open(write=True) as db:
            gone = db.execute("SELECT number, id FROM runs WHERE deleted < ?", (time.time() - seconds,)).fetchall()
            for row in gone:
                db.execute("DELETE FROM metrics WHERE run = ?", (row["number"],))
                db.execute("DELETE FROM runs WHERE number = ?", (row["number"],))
        for row in gone:
            shutil.rmtree(self.folder / row["id"], ignore_errors=True)

    def _change(
        self, run_id: str, change: str, *values: Any, allowed: Sequence[str] = (), what: str = "changed"
    ) -> None:
        self.get(run_id)
        with self._open(write=True) as db:
            state = db.execute("SELECT state FROM runs WHERE id = ?", (run_id,)).fetchone()["state"]
            if allowed and state not in allowed:
                raise ValueError(f"Run {run_id} is {state}. Only one that is {' or '.join(allowed)} can be {what}.")
            db.execute(f"UPDATE runs SET {change} WHERE id = ?", (*values, run_id))

    def stop_requested(self, run_id: str) -> bool:
        with self._open() as db:
            row = db.execute("SELECT stop_requested FROM runs WHERE id = ?", (run_id,)).fetchone()
        return bool(row and row["stop_requested"])

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

    def _run(self, row: sqlite3.Row, metrics: list[tuple[Any, ...]]) -> Run:
        _, *columns = zip(*metrics, strict=True) if metrics else ((),) * (1 + len(METRICS))
        as_stored = ("id", "state", "error", "created", "started", "ended", "note", "sweep")
        return Run(
            **{name: row[name] for name in as_stored},
            spec=json.loads(row["spec"]),
            history={name: list(values) for name, values in zip(METRICS, columns, strict=True)},
            path=self.folder / row["id"],
            progress=json.loads(row["progress"]),
            result=json.loads(row["result"]) if row["result"] else None,
            title=row["title"] or row["id"],
            stopping=bool(row["stop_requested"]) and row["state"] == "running",
        )
