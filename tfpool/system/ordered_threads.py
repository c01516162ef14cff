"""Work on many items in threads, with the results in the order of the items; and no warnings while threads work."""

from __future__ import annotations

import threading
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from tfpool.system.process import cores

Item = TypeVar("Item")
Result = TypeVar("Result")
MOST_THREADS = 4
"""Each may hold a large image, several times."""


def in_threads(work: Callable[[Item], Result], items: Iterable[Item]) -> Generator[Result, None, None]:
    """The results of `work` on each item, in order, computed at most a few items ahead; an error ends them.

    Example:
        >>> from tfpool.system.ordered_threads import in_threads
        >>> list(in_threads(str.upper, "abc"))
        ['A', 'B', 'C']
    """
    threads = min(cores(), MOST_THREADS)
    if threads == 1:
        yield from map(work, items)
        return
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads, "tfpool-items") as pool:
        try:
            for item in items:
                pending.append(pool.submit(work, item))
                if len(pending) > threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


class _Quiet:
    """Warnings are off while at least one thread is within: Python's own way would mix up what threads restore."""

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0
        self._caught = warnings.catch_warnings()

    def enter(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._caught = warnings.catch_warnings()
                self._caught.__enter__()
                warnings.simplefilter("ignore")

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._caught.__exit__(None, None, None)


_quiet = _Quiet()


@contextmanager
def no_warnings() -> Iterator[None]:
    """No warnings in this block, which several threads may be in."""
    _quiet.enter()
    try:
        yield
    finally:
        _quiet.leave()
