"""Shorter start-up: no garbage collection while libraries load, and no packages that Keras imports without need.

Processor time of `import keras` on two cores, by `time python -c STATEMENT`, median of 3: 6.0 s; 4.1 s inside
`skip_garbage_collection`; 3.3 s after `hide_packages("matplotlib", "pandas")` as well. For workers, see
`benchmarks/worker_startup.py`.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def skip_garbage_collection() -> Iterator[None]:
    """Load libraries inside this block: garbage collections skip their objects, then and later.

    TensorFlow makes a million objects that stay; collections would look through all of them again and again.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


def hide_packages(*packages: str) -> None:
    """Make packages look as if they were not installed: Keras imports some that our command and worker never use.

    Only at the start of a process of our own.
    """
    sys.modules.update(dict.fromkeys(packages))  # type: ignore[arg-type]
