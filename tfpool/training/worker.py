"""A background process that trains one queued run and then starts the next worker.

python -m tfpool.training.worker STORE [GPU]
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from contextlib import suppress

from tfpool.system import files
from tfpool.system.process import Process, lower_priority
from tfpool.system.startup import hide_packages, skip_garbage_collection
from tfpool.tracking.lease import HEARTBEAT, Lease, LeaseLost
from tfpool.tracking.store import RunStore
from tfpool.training.launcher import launch

_PAUSE = 0.25
_GRACE = 1.0
_FULL = "The disk is full. Free some space and resume the run: it continues from its last checkpoint."


def main(folder: str, gpu: str = "0") -> None:
    lower_priority()
    store, me = RunStore(folder), Process.of()
    try:
        files.reserve(store.folder)
        lease = store.claim(me)
        if lease is not None:
            _work(store, lease, int(gpu))
    finally:
        _retire(store, me)


def _work(store: RunStore, lease: Lease, gpu: int) -> None:
    stop, finished = threading.Event(), threading.Event()
    threading.Thread(target=_watch, name="watch", args=(store, lease, stop, finished), daemon=True).start()
    try:
        lease.enter("loading TensorFlow")
        with skip_garbage_collection():
            from tfpool.training.device import take_device
            from tfpool.training.fit import Stopped, fit_run

        take_device(lease.run.spec["recipe"].get("device", "auto"), gpu)
        try:
            result = fit_run(lease, stop)
        except Stopped:
            lease.end("stopped")
        else:
            lease.end("done", result=result)
    except LeaseLost as lost:
        print(f"tfpool: {lost}", file=sys.stderr)
    except Exception as error:
        traceback.print_exc()
        full = files.is_full(store.folder)
        if full:
            files.use_reserve(store.folder)
        with suppress(LeaseLost):
            lease.end("failed", error=_FULL if full else f"{type(error).__name__}: {error}")
    finally:
        finished.set()


def _watch(store: RunStore, lease: Lease, stop: threading.Event, finished: threading.Event) -> None:
    """Renew the lease, pass a request to stop on to the training, and end the process if the training does not react.

    Loading TensorFlow or tracing a deep network takes many seconds without a step. Ending the process then loses
    nothing: every file is written whole or not at all. The same holds for a run that another worker has claimed.
    """
    with suppress(LeaseLost):
        renewed = time.monotonic()
        # The store may be unreadable for a moment; later requests must still be seen.
        while not _stop_requested(lease):
            if finished.wait(_PAUSE):
                return
            if time.monotonic() - renewed > HEARTBEAT:
                with suppress(ValueError):
                    lease.renew()
                    renewed = time.monotonic()
    # A lease is lost as well when the run has just ended: the process then ends by itself.
    stop.set()
    if finished.wait(_GRACE):
        return
    with suppress(LeaseLost):
        lease.end("stopped")
    _retire(store, Process.of())
    os._exit(0)


def _stop_requested(lease: Lease) -> bool:
    try:
        return lease.stop_requested
    except ValueError:
        return False


def _retire(store: RunStore, me: Process) -> None:
    with store.roster() as roster:
        roster.remove(me.pid)
    launch(store)


if __name__ == "__main__":
    hide_packages("matplotlib", "pandas")
    main(*sys.argv[1:])
