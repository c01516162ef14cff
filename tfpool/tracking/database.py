"""The SQLite file of a run store: how it is opened, its tables and their migrations."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from tfpool.system.file_system import is_writable, network_file_system
from tfpool.system.files import atomic, is_full

METRICS = ("loss", "accuracy", "val_loss", "val_accuracy", "seconds")
"""Recorded per epoch: mean of the recipe's loss, fraction of correctly classified images, time in seconds."""

_HOUR = 3_600.0
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
_LEASES = """
ALTER TABLE runs ADD COLUMN token TEXT;
ALTER TABLE runs ADD COLUMN host TEXT;
ALTER TABLE runs ADD COLUMN place TEXT;
ALTER TABLE runs ADD COLUMN heartbeat REAL;
ALTER TABLE runs ADD COLUMN began TEXT;
ALTER TABLE runs ADD COLUMN executor TEXT;
DROP TABLE workers;
CREATE TABLE workers (place TEXT NOT NULL, pid INTEGER NOT NULL, started TEXT NOT NULL, PRIMARY KEY (place, pid));
CREATE TABLE age (seconds REAL NOT NULL, seen REAL NOT NULL);
INSERT INTO age VALUES (0, 0);
UPDATE runs SET deleted = 0 WHERE deleted IS NOT NULL;
"""
"""Who holds a run, what it began with, and where it is trained if not here. `deleted` becomes an age of the store."""
_CLUSTERS = """
ALTER TABLE runs ADD COLUMN artifacts TEXT;
ALTER TABLE runs ADD COLUMN resumes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workers ADD COLUMN executor TEXT;
CREATE TABLE store (id TEXT NOT NULL, age REAL NOT NULL, seen REAL NOT NULL);
INSERT INTO store SELECT lower(hex(randomblob(8))), seconds, seen FROM age;
DROP TABLE age;
"""
_GPUS = "ALTER TABLE workers ADD COLUMN gpu INTEGER;"
_MIGRATIONS = (_TABLES, _TITLES_AND_SWEEPS, _LEASES, _CLUSTERS, _GPUS)
"""SQL from each version of the file to the next."""


@contextmanager
def transaction(path: Path, write: bool = False) -> Iterator[sqlite3.Connection]:
    """One transaction on the file; a ValueError if it cannot be used.

    Writing creates or migrates the file if necessary. Reading never changes it: what an older tfpool wrote is migrated
    in memory.
    """
    try:
        with closing(_open_to_write(path)) if write else _open_to_read(path) as db, db:
            db.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            yield db
    except (sqlite3.DatabaseError, OSError) as error:
        raise ValueError(f"The run store {path} cannot be used: {_reason(path, write) or error}.") from error


def _reason(path: Path, write: bool) -> str:
    if not path.parent.is_dir():
        return ""
    if is_full(path.parent):
        return "its disk is full, free some space"
    return "its folder can only be read" if write and not is_writable(path.parent) else ""


def _open_to_write(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    db = _connect(str(path))
    try:
        # The log beside the database is shared memory, which machines that share a folder do not share.
        db.execute(f"PRAGMA journal_mode = {'DELETE' if network_file_system(path.parent) else 'WAL'}")
        if _is_outdated(db, path):
            with db:
                db.execute("BEGIN IMMEDIATE")
                if _version(db):
                    _keep_copy(path, _version(db))
                _migrate(db, path)
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def _open_to_read(path: Path) -> Iterator[sqlite3.Connection]:
    with ExitStack() as resources:
        uri, log = f"{path.absolute().as_uri()}?mode=ro", path.with_name(f"{path.name}-wal")
        try:
            db = resources.enter_context(closing(_connect(uri, uri=True)))
            outdated = _is_outdated(db, path)
        except sqlite3.OperationalError:
            # On a disk that can only be read or is full, SQLite cannot make the file that readers share.
            if log.exists() and log.stat().st_size:
                copy = Path(resources.enter_context(tempfile.TemporaryDirectory())) / path.name
                shutil.copyfile(path, copy)
                shutil.copyfile(log, copy.with_name(log.name))
                db = resources.enter_context(closing(_connect(str(copy))))
            else:
                db = resources.enter_context(closing(_connect(f"{uri}&immutable=1", uri=True)))
            outdated = _is_outdated(db, path)
        if outdated:
            memory = resources.enter_context(closing(_connect(":memory:")))
            db.backup(memory)
            _migrate(memory, path)
            db = memory
        yield db


def grow_older(db: sqlite3.Connection) -> float:
    """The age of a store in seconds, which grows by at most an hour per call: a clock that jumps adds no more."""
    age, seen = db.execute("SELECT age, seen FROM store").fetchone()
    now = time.time()
    age += min(max(0.0, now - seen), _HOUR)
    db.execute("UPDATE store SET age = ?, seen = ?", (age, now))
    return age


def _connect(address: str, uri: bool = False) -> sqlite3.Connection:
    db = sqlite3.connect(address, timeout=30, isolation_level=None, uri=uri)
    db.row_factory = sqlite3.Row
    return db


def _keep_copy(path: Path, version: int) -> None:
    """Copy the file before it is migrated, so that the tfpool that wrote it can still open it."""
    with (
        atomic(path.with_name(f"{path.stem}.version-{version}{path.suffix}")) as temporary,
        closing(_connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source,
        closing(_connect(str(temporary))) as target,
    ):
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    # Another process may have migrated the file while this one waited for its turn.
    if _is_outdated(db, path):
        for migration in _MIGRATIONS[_version(db) :]:
            for statement in filter(str.strip, migration.split(";")):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")


def _is_outdated(db: sqlite3.Connection, path: Path) -> bool:
    if _version(db) > len(_MIGRATIONS):
        raise ValueError(f"{path} was made by a newer tfpool. Update tfpool to open it.")
    return _version(db) < len(_MIGRATIONS)


def _version(db: sqlite3.Connection) -> int:
    return db.execute("PRAGMA user_version").fetchone()[0]
