"""Starting workers for the runs that wait in a store."""

from __future__ import annotations

from tfpool.system.process import Process, cores
from tfpool.system.spawn import command, spawn
from tfpool.tracking.store import RunStore

WORKER = "tfpool.training.worker"


def launch(store: RunStore) -> None:
    """Start workers for queued runs, until as many live as there are cores; clear away what was deleted long ago."""
    store.purge()
    # Pages may be killed at any time: a worker has its own session and outlives whoever started it.
    with store.roster() as roster, (store.folder / "workers.log").open("ab") as log:
        for _ in range(roster.wanted(cores())):
            worker = spawn(command(WORKER, str(store.folder.resolve())), stdout=log, stderr=log)
            roster.add(Process.of(worker.pid))
