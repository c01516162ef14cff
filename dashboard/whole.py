"""Charts that are made before pandas is needed, while another page's script may begin to load it."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from typing import Any

PANDAS = "pandas"
_lock = threading.RLock()
_begun = False


class _Notice(MetaPathFinder):
    """Finds nothing. Whoever begins to load pandas waits here until no chart is being made."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> None:
        global _begun
        if fullname == PANDAS:
            with _lock:
                _begun = True


sys.meta_path.insert(0, _Notice())
_begun = PANDAS in sys.modules


@contextmanager
def pandas_whole_or_absent() -> Iterator[None]:
    """Make charts in it. Plotly looks pandas up, and fails where another thread is in the midst of loading it.

    Home does without pandas, which would be a tenth of the first page's time.
    """
    with _lock:
        if not _begun:
            yield
            return
    importlib.import_module(PANDAS)
    yield
