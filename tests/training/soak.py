"""A sweep whose workers and pages are killed at random: nothing may be lost, doubled or stuck.

python -m tests.training.soak --kills 30
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import tfpool as tp
from tfpool.runs import ENDED, METRICS, Run, RunStore
from tfpool.training.queue import enqueue

ROOT = Path(__file__).parents[2]
RECIPE = tp.Recipe(epochs=4, train_images=256, batch_size=16, augment=("shift",))
PLANS = [tp.plan("resnet8", head=head, input_shape=(28, 28, 1)) for head in (tp.GAP(dropout=0.3), tp.Flatten())]
# What an open page does, once a second, until it is killed.
PAGE = """
import sys, time
from tfpool.runs import RunStore
from tfpool.training.queue import launch
store = RunStore(sys.argv[1])
while True:
    store.runs()
    launch(store)
    time.sleep(0.3)
"""
MOST_SECONDS = 90
"""What a step of the soak may take before it counts as stuck."""


def soak(folder: Path, kills: int, seeds: int, seed: int = 0) -> list[Run]:
    """Train a sweep under kills and return its runs, after checking that each is whole.

    Raises:
        AssertionError: if anything was lost, doubled or stuck.
    """
    chance, store = random.Random(seed), RunStore(folder)
    queued = enqueue(PLANS, "fashion_mnist", RECIPE, store, range(seeds), "soak")
    page = _page(folder)
    try:
        for number in range(kills):
            _wait(store, lambda: bool(_workers(store)), page)
            time.sleep(chance.uniform(0, 3))
            victim = chance.choice(("worker", "worker", "page", "both"))
            if victim != "page":
                for pid in chance.sample(_workers(store), k=min(1, len(_workers(store)))):
                    _kill(pid)
            if victim != "worker":
                page.kill()
                page.wait()
                page = _page(folder)
            _resume(store)
            print(f"kill {number + 1} of {kills}: {victim}; {sum(run.state == 'done' for run in store.runs())} done")
            if all(run.state == "done" for run in store.runs()):
                break
        _wait(store, lambda: all(run.state in ENDED for run in store.runs()), page, seconds=MOST_SECONDS * seeds)
    finally:
        page.kill()
        page.wait()
    runs = store.runs()
    assert sorted(run.id for run in runs) == sorted(queued)
    assert {run.state for run in runs} == {"done"}
    with sqlite3.connect(folder / "runs.sqlite") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        numbers = db.execute("SELECT run, count(*), min(epoch), max(epoch) FROM metrics GROUP BY run").fetchall()
    assert [counts for _, *counts in numbers] == [[RECIPE.epochs, 0, RECIPE.epochs - 1]] * len(queued)
    return runs


def histories(runs: list[Run]) -> dict[tuple[str, int], dict[str, list[float]]]:
    """What a run came to, times left out, by head and seed."""
    return {
        (run.plan.head.name, run.spec["recipe"]["seed"]): {
            name: run.history[name] for name in METRICS if name != "seconds"
        }
        for run in runs
    }


def _page(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PAGE, str(folder)], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )


def _workers(store: RunStore) -> list[int]:
    with sqlite3.connect(store.folder / "runs.sqlite", timeout=30) as db:
        return [pid for (pid,) in db.execute("SELECT pid FROM runs WHERE state = 'running'")]


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _resume(store: RunStore) -> None:
    for run in store.runs():
        if run.state == "interrupted":
            store.resume(run.id)


def _wait(
    store: RunStore, condition: Callable[[], bool], page: subprocess.Popen[bytes], seconds: float = MOST_SECONDS
) -> None:
    began = time.monotonic()
    while not condition() and not all(run.state == "done" for run in store.runs()):
        assert time.monotonic() - began < seconds, f"stuck: {[(run.id, run.state) for run in store.runs()]}"
        assert page.poll() is None, "the page ended by itself"
        _resume(store)
        time.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0, help="of the kills")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as killed, tempfile.TemporaryDirectory() as whole:
        runs = soak(Path(killed), given.kills, given.seeds, given.seed)
        assert histories(runs) == histories(soak(Path(whole), 0, given.seeds))
    print(f"{len(runs)} runs are whole, and the same as without a kill.")


if __name__ == "__main__":
    main()
