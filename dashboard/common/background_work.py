"""Work of seconds on a page: it tells how long it has taken, and whoever changes a control does not wait for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

Result = TypeVar("Result")
_AT_ONCE = 4
"""Visitors whose work is done side by side; that of others waits."""
_TELL_SECONDS = 0.25
_NAME = "waiting"
_pool = ThreadPoolExecutor(_AT_ONCE, _NAME)


def waited(work: Callable[[], Result], tell: Callable[[float], object]) -> Result:
    """What work returns, or raises.

    Telling is where Streamlit ends a script whose reader has changed a control. Work that has begun by then goes on, so
    that what a cache keeps of it is there later; work that has not is dropped.

    Args:
        work: what takes long. It draws nothing.
        tell: called now and then with the seconds since the start.
    """
    if threading.current_thread().name.startswith(_NAME):
        # Work within work would wait for a place that its own takes.
        return work()
    began, future = time.monotonic(), _pool.submit(work)
    try:
        while not wait([future], _TELL_SECONDS).done:
            tell(time.monotonic() - began)
        return future.result()
    finally:
        future.cancel()
