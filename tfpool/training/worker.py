"""A background process that trains one queued run and then starts the next worker.

python -m tfpool.training.worker STORE
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback

from tfpool.system import files
from tfpool.system.process import Process, lower_priority
from tfpool.system.startup import hide_packages, skip_garbage_collection
from tfpool.tracking.store import Run, RunStore
from tfpool.training.launcher import launch

_PAUSE = 0.25
_GRACE = 1.0
_FULL = "The disk is full. Free some space and resume the run: it continues from its last checkpoint."


def main(folder: str) -> None:
    lower_priority()
    store, me = RunStore(folder), Process.of()
    try:
        files.reserve(store.folder)
        run = store.claim(me)
        if run is not None:
            _work(store, run)
    finally:
        _retire(store, me)


def _work(store: RunStore, run: Run) -> None:
    stop = threading.Event()
    threading.Thread(target=_watch, args=(store, run, stop), daemon=True).start()
    store.report(run.id, **{**run.progress, "phase": "loading TensorFlow"})
    try:
        with skip_garbage_collection():
            from tfpool.training.fit import Stopped, fit_run, take_one_thread

        take_one_thread()
        try:
            result = fit_run(store, run, stop)
        except Stopped:
            store.end(run.id, "stopped")
        else:
            store.end(run.id, "done", result=result)
    except Exception as error:
        traceback.print_exc()
        full = files.is_full(store.folder)
        if full:
            files.use_reserve(store.folder)
        store.end(run.id, "failed", error=_FULL if full else f"{type(error).__name__}: {error}")


def _watch(store: RunStore, run: Run, stop: threading.Event) -> None:
    """Pass a request to stop on to the training, and end the process if the training does not react.

    Loading TensorFlow or tracing a deep network takes many seconds without a step. Ending the process then loses
    nothing: every file is written whole or not at all.
    """
    while not _stop_requested(store, run):
        time.sleep(_PAUSE)
    stop.set()
    time.sleep(_GRACE)
    store.end(run.id, "stopped")
    _retire(store, Process.of())
    os._exit(0)


def _stop_requested(store: RunStore, run: Run) -> bool:
    try:
        return store.stop_requested(run.id)
    except ValueError:
        # The store may be unreadable for a moment; later requests must still be seen.
        return False


def _retire(store: RunStore, me: Process) -> None:
    with store.roster() as roster:
        roster.remove(me.pid)
    launch(store)


if __name__ == "__main__":
    hide_packages("matplotlib", "pandas")
    main(sys.argv[1])
