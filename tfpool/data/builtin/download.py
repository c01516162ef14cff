"""Downloading a data set of `keras.datasets` in a process of its own, which can be watched and stopped."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tfpool.data.builtin.keras_datasets import DOWNLOADS
from tfpool.data.custom.safe_names import clean
from tfpool.data.custom.scan import Progress
from tfpool.system.process import end
from tfpool.system.spawn import command, spawn

_PAUSE = 0.2
_PATIENCE = 10.0


def fetch(name: str, progress: Progress | None = None) -> None:
    """Download a data set, so that `load` finds it here.

    Args:
        name: "mnist", "cifar10" or "cifar100".
        progress: called with bytes here and bytes in all. What it raises ends the download.

    Raises:
        ValueError: if there is no such data set, or it cannot be downloaded.
    """
    if name not in DOWNLOADS:
        raise ValueError(f"{clean(name)!r} is not downloaded. Use one of: {', '.join(DOWNLOADS)}.")
    download = DOWNLOADS[name]
    with tempfile.TemporaryFile() as errors:
        child = spawn(command("tfpool", "data", "fetch", name), stderr=errors)
        try:
            while child.poll() is None:
                if progress:
                    progress(_size(download.path), download.size)
                time.sleep(_PAUSE)
        finally:
            end(child, _PATIENCE)
        if child.returncode:
            errors.seek(0)
            last = errors.read().decode(errors="replace").strip().rpartition("\n")[2]
            raise ValueError(clean(last.removeprefix("tfpool: "), 600) or f"{name} could not be fetched. Try again.")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
