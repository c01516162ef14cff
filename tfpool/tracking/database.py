"""The SQLite file of a run store: its tables, their migrations, and its list of workers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tfpool.system.files import is_full
from tfpool.system.process import Process

METRICS = ("loss", "accuracy", "val_loss", "val_accuracy", "seconds")
"""Recorded per epoch: mean of the recipe's loss, fraction of correctly classified images, time in seconds."""

_TABLES = f"""
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
"""
_TITLES_AND_SWEEPS = """
ALTER TABLE runs ADD COLUMN title TEXT;
ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN sweep TEXT;
ALTER TABLE runs ADD COLUMN deleted REAL;
"""
_MIGRATIONS = (_TABLES, _TITLES_AND_SWEEPS)
"""SQL from each version of the file to the next."""


@contextmanager
def transaction(path: Path, write: bool = False) -> Iterator[sqlite3.Connection]:
    """One transaction on the file, which is created or migrated if necessary; a ValueError if it cannot be used."""
    try:
        if write:
            path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as db:
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA journal_mode = WAL")
            _migrate(db, path)
            with db:
                db.execute("BEGIN IMMEDIATE" if write else "BEGIN")
                yield db
    except (sqlite3.DatabaseError, OSError) as error:
        reason = "its disk is full, free some space" if path.parent.is_dir() and is_full(path.parent) else error
        raise ValueError(f"The run store {path} cannot be used: {reason}.") from error


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    newest = len(_MIGRATIONS)
    if _version(db) == newest:
        return
    with db:
        db.execute("BEGIN IMMEDIATE")
        if _version(db) > newest:
            raise ValueError(f"{path} was made by a newer tfpool. Update tfpool to open it.")
        for migration in _MIGRATIONS[_version(db) :]:
            for statement in filter(str.strip, migration.split(";")):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {newest}")


def _version(db: sqlite3.Connection) -> int:
    return db.execute("PRAGMA user_version").fetchone()[0]


class Roster:
    """The workers of a store, inside one transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def wanted(self, most: int) -> int:
        """The number of workers to start, so that each queued run has one and at most `most` are alive."""
        alive = 0
        for row in self._db.execute("SELECT * FROM workers").fetchall():
            if Process(row["pid"], row["started"]).is_alive:
                alive += 1
            else:
                self.remove(row["pid"])
        counts = dict(self._db.execute("SELECT state, count(*) FROM runs GROUP BY state").fetchall())
        idle = max(0, alive - counts.get("running", 0))
        return max(0, min(counts.get("queued", 0) - idle, most - alive))

    def add(self, worker: Process) -> None:
        self._db.execute("INSERT OR REPLACE INTO workers VALUES (?, ?)", worker)

    def remove(self, pid: int) -> None:
        self._db.execute("DELETE FROM workers WHERE pid = ?", (pid,))
