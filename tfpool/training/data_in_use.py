"""Data sets that runs of a store wait for or train on. Loads no TensorFlow."""

from __future__ import annotations

from pathlib import Path

from tfpool import data
from tfpool.data.registry import added_folder
from tfpool.tracking.run import ENDED, Run
from tfpool.tracking.store import RunStore


def runs_on(name: str, store: RunStore) -> list[Run]:
    """The runs of a store that are queued or running on a data set of one's own, newest first."""
    folder = added_folder(name)
    return [run for run in store.runs() if run.state not in ENDED and Path(run.spec["data"]) == folder]


def consequences(runs: list[Run]) -> str:
    """What removing the data set does to runs on it, as a sentence; empty if there are none."""
    texts = []
    for state, happens in (("queued", "will fail"), ("running", "will go on, but cannot be resumed after a stop")):
        if names := [run.id for run in runs if run.state == state]:
            are = "are" if len(names) > 1 else "is"
            texts.append(f"{', '.join(names)}, which {are} {state}, {happens}")
    return f"{'; '.join(texts)}." if texts else ""


def remove(name: str, store: RunStore, force: bool = False) -> str:
    """Delete an added data set from the disk, and return what that does to runs on it, "" if there are none.

    Raises:
        ValueError: if there is no such data set; or runs of the store are queued or running on it, without `force`.
    """
    in_use = consequences(runs_on(name, store))
    if in_use and not force:
        raise ValueError(
            f"{name} is in use, and was not removed. Wait for its runs, or stop them. If you remove it all the same "
            f"(--force on the command line): {in_use}"
        )
    data.remove(name)
    return in_use
