"""Work of seconds in a thread: the page shows the time, and a visitor who changes a control does not wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

Result = TypeVar("Result")
_AT_ONCE = 4
"""Number of visitors whose work runs at the same time. Further work waits."""
_PROGRESS_SECONDS = 0.25
_NAME = "background"
_pool = ThreadPoolExecutor(_AT_ONCE, _NAME)


def run_in_background(work: Callable[[], Result], on_progress: Callable[[float], object]) -> Result:
    """Run `work`, which must not draw, in a thread. `on_progress` gets the seconds since the start, again and again.

    Streamlit ends a script whose visitor changed a control within `on_progress`. Work that has started by then goes on,
    so that its result is cached; work that has not started is dropped.
    """
    if threading.current_thread().name.startswith(_NAME):
        # Work within work would wait for the thread that it occupies itself.
        return work()
    start, future = time.monotonic(), _pool.submit(work)
    try:
        while not wait([future], _PROGRESS_SECONDS).done:
            on_progress(time.monotonic() - start)
        return future.result()
    finally:
        future.cancel()
