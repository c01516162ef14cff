"""The process that trains one run for a Dask worker: the worker of a store that holds this run alone.

python -m tfpool.training.cluster.training_process STORE
"""

from __future__ import annotations

import os
import sys
import threading

from tfpool.system.startup import hide_packages
from tfpool.training import worker


def _end_with_parent() -> None:
    """End this process when the one that started it is gone, which closes its end of standard input."""
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    hide_packages("matplotlib", "pandas")
    worker.main(sys.argv[1])
