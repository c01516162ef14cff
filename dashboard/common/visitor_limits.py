"""How much each visitor may have at a time, where the dashboard is served to others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashboard.common import visitor
from dashboard.common.page import store
from dashboard.server.sharing import DISK, RUNS, is_shared, limit
from tfpool.data import DataSet
from tfpool.data.custom import storage
from tfpool.system.format import memory
from tfpool.tracking.run import ENDED, Run

_WHILE_TRAINING = 3 * 4
"""Bytes per parameter: the model, and the checkpoint with the optimizer's state."""
_lock = threading.Lock()


@contextmanager
def queueing(runs: int, parameters: int = 0) -> Iterator[list[str]]:
    """A block that queues runs, if the visitor may. Those whose ids it puts into the list then belong to the visitor.

    Args:
        runs: how many runs are queued.
        parameters: how many parameters the new ones have, all together.

    Raises:
        ValueError: if the visitor has too many runs that have not ended, or too little room.
    """
    run_ids: list[str] = []
    if not is_shared():
        yield run_ids
        return
    # Two pages of one visitor wait for each other here.
    with _lock:
        if not visitor.is_teacher():
            _check_runs(runs)
            check_room(parameters * _WHILE_TRAINING)
        try:
            yield run_ids
        finally:
            for run_id in run_ids:
                visitor.own(store().folder / run_id)


@contextmanager
def adding(size: int) -> Iterator[list[DataSet]]:
    """A block that adds data sets of so many bytes, if the visitor may. They belong to the visitor afterwards.

    Raises:
        ValueError: if the visitor has too little room.
    """
    check_known()
    check_room(size)
    added: list[DataSet] = []
    yield added
    for data_set in added:
        visitor.own(Path(data_set.source))


def check_room(needed: int) -> None:
    """Raise a ValueError if so many bytes more are too many for the current visitor, who is known and no teacher."""
    if visitor.is_teacher():
        return
    used, most = sum(map(_bytes, _own_folders())), limit(DISK) * 10**6
    if used + needed > most:
        raise ValueError(
            f"Your runs and data sets take {memory(used)}, and this needs {memory(needed)} of the {memory(most)} that "
            "each visitor has: delete what you no longer need, or use fewer or smaller ones."
        )


def check_known() -> None:
    """Raise a ValueError if the visitor's browser keeps no cookies, so that nothing could belong to them."""
    if is_shared() and visitor.current() is None:
        raise ValueError("Allow cookies for this site and reload the page: they tell your runs from those of others.")


def _check_runs(more: int) -> None:
    check_known()
    unfinished = sum(run.state not in ENDED for run in _own_runs())
    if unfinished + more > (most := limit(RUNS)):
        raise ValueError(
            f"Each visitor can have {most} run{'s' * (most > 1)} queued or running, and with these you would have "
            f"{unfinished + more}: train fewer heads, networks or repeats, or wait until some have ended."
        )


def _own_runs() -> list[Run]:
    owner = visitor.current()
    return [run for run in store().runs() if visitor.owner(run.path) == owner]


def _own_folders() -> list[Path]:
    owner = visitor.current()
    data_sets = [storage.home() / slug for slug in storage.slugs()]
    # Deleted runs are on the disk for another day, but nobody can delete them twice.
    return [run.path for run in _own_runs()] + [folder for folder in data_sets if visitor.owner(folder) == owner]


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
