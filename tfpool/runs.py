"""The run store: SQLite for states and metrics, a folder a run for what it made. Loads no TensorFlow.

A run is queued, running, done, stopped, interrupted or failed. Each change of state is one transaction.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfpool.plan import Plan, plan
from tfpool.process import Process

if TYPE_CHECKING:
    import keras

METRICS = ("loss", "accuracy", "val_loss", "val_accuracy", "seconds")
"""What is recorded an epoch: mean cross entropy in nats, share of images classified rightly, time in seconds."""

ENDED = ("done", "stopped", "interrupted", "failed")

_VERSION = 1
_SCHEMA = f"""
CREATE TABLE runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, state TEXT NOT NULL, spec TEXT NOT NULL,
    created REAL NOT NULL, started REAL, ended REAL, pid INTEGER, pid_started TEXT,
    stop_requested INTEGER NOT NULL DEFAULT 0, progress TEXT NOT NULL DEFAULT '{{}}', result TEXT, error TEXT
);
CREATE TABLE metrics (
    run INTEGER NOT NULL REFERENCES runs, epoch INTEGER NOT NULL, {", ".join(f"{name} REAL" for name in METRICS)},
    PRIMARY KEY (run, epoch)
);
CREATE TABLE workers (pid INTEGER PRIMARY KEY, started TEXT NOT NULL);
PRAGMA user_version = {_VERSION};
"""


@dataclass(frozen=True)
class Run:
    """A training run as it stood when it was read.

    Attributes:
        id: the network, the head and a number, such as "resnet8-gap-1".
        state: "queued", "running", "done", "stopped", "interrupted" or "failed".
        spec: plain data of plan, data set and recipe: all that is needed to repeat the run.
        history: a list a metric of `METRICS`, a value an epoch.
        path: the run's folder, with model.keras, run.json, history.csv and tensorboard/.
        progress: of the running epoch: epoch, step, steps, loss, accuracy, images_per_second, elapsed (seconds).
        result: loss and accuracy on the test images, once the run is done.
        error: why the run failed.
        created, started, ended: seconds since 1970.
    """

    id: str
    state: str
    spec: dict[str, Any]
    history: dict[str, list[float]]
    path: Path
    progress: dict[str, float]
    result: dict[str, float] | None
    error: str | None
    created: float
    started: float | None
    ended: float | None

    @property
    def plan(self) -> Plan:
        return plan(**self.spec["plan"])

    @property
    def epochs(self) -> int:
        """Epochs that the recipe asks for."""
        return self.spec["recipe"]["epochs"]

    @property
    def current_epoch(self) -> int:
        """The epoch under way, counted from 1."""
        return min(int(self.progress.get("epoch", 0)) + 1, self.epochs)

    @property
    def model_path(self) -> Path:
        return self.path / "model.keras"

    @property
    def done(self) -> float:
        """Share of the training that is behind, 0 to 1."""
        if self.state == "done":
            return 1.0
        epoch, steps = self.progress.get("epoch", 0), self.progress.get("steps", 1)
        return min(1.0, (epoch * steps + self.progress.get("step", 0)) / (self.epochs * steps))

    @property
    def seconds_left(self) -> float | None:
        """Time that the rest of the training will take at the pace so far; None before the first step."""
        elapsed = self.progress.get("elapsed")
        return elapsed * (1 - self.done) / self.done if elapsed and self.done else None

    def load_model(self) -> keras.Model:
        """The trained model, from images (N, H, W, C) float32 from 0 to 1 to logits (N, K).

        Raises:
            ValueError: if the run has not finished an epoch yet.
        """
        if not self.model_path.exists():
            raise ValueError(f"Run {self.id} is {self.state} and has no model yet: it has not finished an epoch.")
        from tfpool.layers import load_model

        return load_model(self.model_path)


def runs(store: str | Path = "saved_models") -> list[Run]:
    """The runs in a store, newest first; none where the folder is empty or missing.

    Raises:
        ValueError: if `store` is a file.
    """
    return RunStore(store).runs()


class RunStore:
    """The runs in one folder. May be used from many threads and processes at once."""

    def __init__(self, folder: str | Path = "saved_models") -> None:
        self.folder = Path(folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise ValueError(f"{folder} is a file. A folder is needed to keep runs in.")

    def runs(self) -> list[Run]:
        """All runs, newest first. A running one whose process is gone becomes interrupted."""
        if not self._database.exists():
            return []
        with self._open() as db:
            running = db.execute("SELECT id, pid, pid_started FROM runs WHERE state = 'running'").fetchall()
        gone = [row for row in running if not Process(row["pid"], row["pid_started"]).is_alive]
        if gone:
            with self._open(write=True) as db:
                for row in gone:
                    self._end(db, row["id"], "interrupted", only_of=row["pid"])
        with self._open() as db:
            metrics: dict[int, list[sqlite3.Row]] = {}
            for row in db.execute("SELECT * FROM metrics ORDER BY run, epoch"):
                metrics.setdefault(row["run"], []).append(row)
            rows = db.execute("SELECT * FROM runs ORDER BY number DESC").fetchall()
        return [self._run(row, metrics.get(row["number"], [])) for row in rows]

    def get(self, run_id: str) -> Run:
        """The run of that id.

        Raises:
            ValueError: if there is none.
        """
        found = self.runs()
        for run in found:
            if run.id == run_id:
                return run
        if not found:
            raise ValueError(f"{self.folder} holds no runs yet. Train one: python -m tfpool train resnet8 --head gap")
        raise ValueError(f"There is no run {run_id!r} in {self.folder}. Newest: {', '.join(r.id for r in found[:5])}.")

    def add(self, spec: Mapping[str, Any]) -> str:
        """Queue a run and return its id."""
        with self._open(write=True) as db:
            cursor = db.execute(
                "INSERT INTO runs (state, spec, created) VALUES ('queued', ?, ?)", (json.dumps(spec), time.time())
            )
            run_id = f"{spec['plan']['backbone']}-{spec['plan']['head']['name']}-{cursor.lastrowid}"
            db.execute("UPDATE runs SET id = ? WHERE number = ?", (run_id, cursor.lastrowid))
        return run_id

    def claim(self, worker: Process) -> Run | None:
        """Take the oldest queued run for this worker; None where there is none."""
        with self._open(write=True) as db:
            row = db.execute(
                "UPDATE runs SET state = 'running', pid = ?, pid_started = ?, started = ? WHERE number = "
                "(SELECT number FROM runs WHERE state = 'queued' ORDER BY number LIMIT 1) RETURNING *",
                (*worker, time.time()),
            ).fetchone()
        return row and self._run(row, [])

    def report(self, run_id: str, **progress: float) -> None:
        """Replace the progress of a running run."""
        with self._open(write=True) as db:
            db.execute("UPDATE runs SET progress = ? WHERE id = ?", (json.dumps(progress), run_id))

    def record(self, run_id: str, epoch: int, metrics: Mapping[str, float]) -> None:
        """Keep the metrics of a finished epoch, counted from 0."""
        with self._open(write=True) as db:
            db.execute(
                f"INSERT INTO metrics (run, epoch, {', '.join(METRICS)}) "
                f"SELECT number, ?{', ?' * len(METRICS)} FROM runs WHERE id = ?",
                (epoch, *(metrics[name] for name in METRICS), run_id),
            )

    def end(self, run_id: str, state: str, error: str | None = None, result: Mapping[str, float] | None = None) -> None:
        """End a running run; one that has ended already stays as it is."""
        with self._open(write=True) as db:
            self._end(db, run_id, state, error, result)

    def request_stop(self, run_id: str) -> None:
        """Ask a run to stop: a queued one does at once, a running one when its worker sees it."""
        with self._open(write=True) as db:
            db.execute(
                "UPDATE runs SET state = 'stopped', ended = ? WHERE id = ? AND state = 'queued'", (time.time(), run_id)
            )
            db.execute("UPDATE runs SET stop_requested = 1 WHERE id = ? AND state = 'running'", (run_id,))

    def stop_requested(self, run_id: str) -> bool:
        with self._open() as db:
            row = db.execute("SELECT stop_requested FROM runs WHERE id = ?", (run_id,)).fetchone()
        return bool(row and row["stop_requested"])

    @contextmanager
    def roster(self) -> Iterator[Roster]:
        """Queue and workers, held still while the block decides how many workers to start."""
        with self._open(write=True) as db:
            yield Roster(db)

    @property
    def _database(self) -> Path:
        return self.folder / "runs.sqlite"

    @contextmanager
    def _open(self, write: bool = False) -> Iterator[sqlite3.Connection]:
        try:
            if write:
                self.folder.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._database, timeout=30, isolation_level=None)) as db:
                db.row_factory = sqlite3.Row
                db.execute("PRAGMA journal_mode = WAL")
                self._prepare(db)
                with db:
                    db.execute("BEGIN IMMEDIATE" if write else "BEGIN")
                    yield db
        except (sqlite3.DatabaseError, OSError) as error:
            raise ValueError(f"The run store {self._database} cannot be used: {error}.") from error

    def _prepare(self, db: sqlite3.Connection) -> None:
        if db.execute("PRAGMA user_version").fetchone()[0] == _VERSION:
            return
        with db:
            db.execute("BEGIN IMMEDIATE")
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > _VERSION:
                raise ValueError(f"{self._database} was made by a newer tfpool. Use that one to open it.")
            if version == 0:
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    db.execute(statement)

    def _end(
        self,
        db: sqlite3.Connection,
        run_id: str,
        state: str,
        error: str | None = None,
        result: Mapping[str, float] | None = None,
        only_of: int | None = None,
    ) -> None:
        db.execute(
            "UPDATE runs SET state = ?, ended = ?, error = ?, result = ? "
            "WHERE id = ? AND state = 'running' AND pid = coalesce(?, pid)",
            (state, time.time(), error, json.dumps(result) if result else None, run_id, only_of),
        )

    def _run(self, row: sqlite3.Row, metrics: list[sqlite3.Row]) -> Run:
        return Run(
            id=row["id"],
            state=row["state"],
            spec=json.loads(row["spec"]),
            history={name: [epoch[name] for epoch in metrics] for name in METRICS},
            path=self.folder / row["id"],
            progress=json.loads(row["progress"]),
            result=json.loads(row["result"]) if row["result"] else None,
            error=row["error"],
            created=row["created"],
            started=row["started"],
            ended=row["ended"],
        )


class Roster:
    """The workers of a store, inside one transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def wanted(self, most: int) -> int:
        """How many workers to start, so that all queued runs have one and at most `most` live."""
        alive = 0
        for row in self._db.execute("SELECT * FROM workers").fetchall():
            if Process(row["pid"], row["started"]).is_alive:
                alive += 1
            else:
                self.remove(row["pid"])
        count = dict(self._db.execute("SELECT state, count(*) FROM runs GROUP BY state").fetchall())
        idle = max(0, alive - count.get("running", 0))
        return max(0, min(count.get("queued", 0) - idle, most - alive))

    def add(self, worker: Process) -> None:
        self._db.execute("INSERT OR REPLACE INTO workers VALUES (?, ?)", worker)

    def remove(self, pid: int) -> None:
        self._db.execute("DELETE FROM workers WHERE pid = ?", (pid,))
