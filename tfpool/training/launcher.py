"""Starting workers for the runs that wait in a store."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tfpool.system.process import Process, cores
from tfpool.tracking.store import RunStore


def launch(store: RunStore) -> None:
    """Start workers for queued runs, until as many live as there are cores; clear away what was deleted long ago."""
    store.purge()
    package = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    # Pages may be killed at any time: a worker has its own session and outlives whoever started it.
    with store.roster() as roster, (store.folder / "workers.log").open("ab") as log:
        for _ in range(roster.wanted(cores())):
            worker = subprocess.Popen(
                [sys.executable, "-m", "tfpool.training.worker", str(store.folder.resolve())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"},
                start_new_session=True,
            )
            roster.add(Process.of(worker.pid))
