"""A run, read from its row in the database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfpool.tracking.database import METRICS
from tfpool.tracking.lease import is_gone
from tfpool.tracking.run import Run

_AS_STORED = ("id", "error", "created", "started", "note", "sweep", "host", "executor", "artifacts", "resumes")


def run_of(row: sqlite3.Row, metrics: Sequence[Sequence[Any]], folder: Path) -> Run:
    """The run of a row, with its epochs as rows of run, `METRICS`; its files are in the store's folder."""
    state = state_of(row)
    _, *columns = zip(*metrics, strict=True) if metrics else ((),) * (1 + len(METRICS))
    return Run(
        **{name: row[name] for name in _AS_STORED},
        state=state,
        # A worker that is gone was last seen at its last heartbeat.
        ended=row["heartbeat"] if state != row["state"] else row["ended"],
        spec=json.loads(row["spec"]),
        history={name: list(values) for name, values in zip(METRICS, columns, strict=True)},
        path=folder / row["id"],
        progress=json.loads(row["progress"]),
        result=json.loads(row["result"]) if row["result"] else None,
        title=row["title"] or row["id"],
        stopping=bool(row["stop_requested"]) and state == "running",
        began=json.loads(row["began"]) if row["began"] else None,
    )


def state_of(row: sqlite3.Row) -> str:
    """The state of a run: running only while its worker is."""
    return "interrupted" if row["state"] == "running" and is_gone(row) else row["state"]
