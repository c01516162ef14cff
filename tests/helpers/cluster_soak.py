"""A sweep on a cluster whose processes are killed at random: every run ends once, with the numbers of this machine.

python -m tests.helpers.cluster_soak --kills 30
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

import tfpool as tp
from tests.helpers.dask_cluster import Cluster, wait_for
from tests.helpers.soak import arguments, histories, steps
from tfpool.tracking.store import Run, RunStore
from tfpool.training.cluster.connection import place_on
from tfpool.training.launcher import launch
from tfpool.training.queue import enqueue_sweep

RECIPE = tp.Recipe(epochs=4, train_images=256, batch_size=16, augment=("shift",))
HEADS = ("gap", "flatten")


def soak(folder: Path, kills: int, seeds: int, seed: int = 0, data: str = "fashion_mnist") -> list[Run]:
    """Train a sweep on a cluster under kills, and return the runs, which are all done."""
    draw, store = random.Random(seed), RunStore(folder / "saved_models")
    cluster = Cluster(folder)
    try:
        place = place_on(cluster.address)
        enqueue_sweep(["resnet8"], HEADS, seeds, data, RECIPE, store, "soak", place)
        victims: dict[str, Callable[[], None]] = {
            "training process": lambda: _kill(draw, cluster.training_processes()),
            "worker": lambda: _kill(draw, [process.parent() for process in cluster.training_processes()]),
            "driver": lambda: _kill(draw, drivers(store)),
            "scheduler": cluster.restart,
        }
        for number in range(kills):
            # Some kills come while TensorFlow is loading, some during training steps.
            started = draw.choice((cluster.training_processes, lambda: steps(store)))
            wait_for(lambda started=started: _go_on(store) or started(), _states(store))  # type: ignore[misc]
            time.sleep(draw.uniform(0, 10))
            if _go_on(store):
                break
            victim = draw.choices(list(victims), weights=(3, 3, 3, 1))[0]
            victims[victim]()
            print(f"kill {number + 1} of {kills}: {victim}; {sum(run.state == 'done' for run in store.runs())} done")
        wait_for(lambda: _go_on(store), _states(store))
    finally:
        cluster.stop()
    return store.runs()


def drivers(store: RunStore) -> list[psutil.Process]:
    """The live processes that drive a cluster for this store."""
    with store.roster() as roster:
        pids = [worker.pid for worker in roster.drivers()]
    return [psutil.Process(pid) for pid in pids]


def _go_on(store: RunStore) -> bool:
    """Resume what was interrupted, start a driver if there is none, and return whether all runs are done."""
    for run in store.runs():
        if run.state == "interrupted" and not store.is_left(run.id):
            store.resume(run.id)
    launch(store)
    return all(run.state == "done" for run in store.runs())


def _states(store: RunStore) -> Callable[[], str]:
    """What the runs do and how many drivers there are, for the message of a soak that is stuck."""
    return lambda: f"{[(run.id, run.status, run.progress) for run in store.runs()]}, {len(drivers(store))} drivers"


def _kill(draw: random.Random, processes: list[psutil.Process | None]) -> None:
    if alive := [process for process in processes if process]:
        try:
            draw.choice(alive).kill()
        except psutil.NoSuchProcess:
            return


def main() -> None:
    args = arguments(__doc__)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as whole:
        runs = soak(Path(folder), args.kills, args.seeds, args.seed)
        expected = tp.sweep("resnet8", HEADS, args.seeds, recipe=RECIPE, store=whole)
        assert histories(runs) == histories(expected)
    print(f"{len(runs)} runs are whole, and the same as on this machine.")


if __name__ == "__main__":
    main()
