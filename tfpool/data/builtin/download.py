"""Downloading a data set of `keras.datasets` in a child process, which can be watched and stopped."""

from __future__ import annotations

import tempfile
import time

from tfpool.data.custom.safe_names import clean
from tfpool.data.custom.scan import Progress
from tfpool.data.registry import find_download
from tfpool.system.process import end
from tfpool.system.spawn import command, spawn

_POLL_SECONDS = 0.2
_END_SECONDS = 10.0


def fetch(name: str, on_progress: Progress | None = None) -> None:
    """Download "mnist", "cifar10" or "cifar100", so that `load` reads it from this computer.

    `on_progress` gets bytes done and bytes in all. An exception that it raises ends the download.
    """
    download = find_download(name)
    with tempfile.TemporaryFile() as errors:
        child = spawn(command("tfpool", "data", "fetch", name), stderr=errors)
        try:
            while child.poll() is None:
                if on_progress:
                    on_progress(download.bytes_here, download.size)
                time.sleep(_POLL_SECONDS)
        finally:
            end(child, _END_SECONDS)
        if child.returncode:
            errors.seek(0)
            last = errors.read().decode(errors="replace").strip().rpartition("\n")[2]
            raise ValueError(clean(last.removeprefix("tfpool: "), 600) or f"{name} could not be fetched. Try again.")
