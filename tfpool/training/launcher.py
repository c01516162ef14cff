"""Starts worker processes for the queued runs of a store."""

from __future__ import annotations

from tfpool.system.gpus import gpu_count
from tfpool.system.process import Process, cores
from tfpool.system.spawn import command, spawn
from tfpool.tracking.store import RunStore

WORKER = "tfpool.training.worker"
DRIVER = "tfpool.training.cluster.driver"


def launch(store: RunStore) -> None:
    """Start what trains queued runs, and remove the files of runs deleted long ago.

    Workers train runs of this machine, at most one per GPU, or one per core if there is none. A driver per cluster
    sends it runs and collects results.
    """
    waiting = store.waiting
    if not (waiting and store.is_writable):
        return
    store.purge()
    folder, gpus = str(store.folder.resolve()), gpu_count()
    # The dashboard may be killed at any time: workers are spawned in their own session and outlive it.
    with store.roster() as roster, (store.folder / "workers.log").open("ab") as log:
        for _ in range(roster.wanted(gpus or cores())):
            gpu = roster.free_gpu(gpus)
            worker = spawn(command(WORKER, folder, *([] if gpu is None else [str(gpu)])), stdout=log, stderr=log)
            roster.add(Process.of(worker.pid), gpu=gpu)
        for executor in filter(None, waiting):
            if executor not in roster.drivers().values():
                driver = spawn(command(DRIVER, folder, executor), stdout=log, stderr=log)
                roster.add(Process.of(driver.pid), executor)
