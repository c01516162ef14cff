"""Starts worker processes for the queued runs of a store."""

from __future__ import annotations

from tfpool.system.process import Process, cores
from tfpool.system.spawn import command, spawn
from tfpool.tracking.store import RunStore

WORKER = "tfpool.training.worker"


def launch(store: RunStore) -> None:
    """Start workers for queued runs, at most one per core, and remove the files of runs deleted long ago."""
    if not (store.has_queued and store.is_writable):
        return
    store.purge()
    # The dashboard may be killed at any time: workers are spawned in their own session and outlive it.
    with store.roster() as roster, (store.folder / "workers.log").open("ab") as log:
        for _ in range(roster.wanted(cores())):
            worker = spawn(command(WORKER, str(store.folder.resolve())), stdout=log, stderr=log)
            roster.add(Process.of(worker.pid))
