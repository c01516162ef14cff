"""A sweep whose workers and dashboard are killed at random: no run may be lost, doubled or stuck.

python -m tests.helpers.soak --kills 30
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

import tfpool as tp
from tests.browser.conftest import CHROMIUM, FLAGS, free_port, start_server
from tfpool.tracking.store import ENDED, METRICS, Run, RunStore
from tfpool.training.progress import watch
from tfpool.training.queue import enqueue

RECIPE = tp.Recipe(epochs=4, train_images=256, batch_size=16, augment=("shift",))
PLANS = [tp.plan("resnet8", head=head, input_shape=(28, 28, 1)) for head in (tp.GAP(dropout=0.3), tp.Flatten())]
MOST_SECONDS = 90
"""Time after which a step of the soak counts as stuck."""


def soak(folder: Path, kills: int, seeds: int, seed: int = 0, data: str = "fashion_mnist") -> list[Run]:
    """Train a sweep under kills, check that each run is whole, and return the runs.

    Raises:
        AssertionError: if anything was lost, doubled or stuck.
    """
    random_source, store = random.Random(seed), RunStore(folder)
    queued = enqueue(PLANS, data, RECIPE, store, range(seeds), "soak")
    with _Dashboard(folder, queued) as dashboard:
        for number in range(kills):
            # Some kills come while TensorFlow is loading, some during training steps.
            started = random_source.choice((_workers, steps))
            _wait(store, lambda started=started: bool(started(store)))  # type: ignore[misc]
            time.sleep(random_source.uniform(0, 3))
            victim = random_source.choice(("worker", "worker", "dashboard", "both"))
            if victim != "dashboard":
                for pid in random_source.sample(_workers(store), k=min(1, len(_workers(store)))):
                    _kill(pid)
            if victim != "worker":
                dashboard.kill()
            _resume(store)
            print(f"kill {number + 1} of {kills}: {victim}; {sum(run.state == 'done' for run in store.runs())} done")
            if all(run.state == "done" for run in store.runs()):
                break
        _wait(store, lambda: all(run.state in ENDED for run in store.runs()), seconds=MOST_SECONDS * seeds)
    return whole_runs(store, queued, RECIPE.epochs)


def whole_runs(store: RunStore, queued: Sequence[str], epochs: int) -> list[Run]:
    """The runs of a store, after a check that none of those queued was lost or doubled, and each has all its epochs."""
    runs = store.runs()
    assert sorted(run.id for run in runs) == sorted(queued)
    assert {run.state for run in runs} == {"done"}
    with sqlite3.connect(store.folder / "runs.sqlite") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        numbers = db.execute("SELECT run, count(*), min(epoch), max(epoch) FROM metrics GROUP BY run").fetchall()
    assert [counts for _, *counts in numbers] == [[epochs, 0, epochs - 1]] * len(queued)
    return runs


def train(folder: Path, seeds: int, data: str = "fashion_mnist") -> list[Run]:
    """Train the same sweep without kills, dashboard or browser."""
    store = RunStore(folder)
    return watch(store, enqueue(PLANS, data, RECIPE, store, range(seeds), "soak"))


def histories(runs: list[Run]) -> dict[tuple[str, int], dict[str, list[float]]]:
    """The metrics of each run without times, by head and seed."""
    return {
        (run.plan.head.name, run.spec["recipe"]["seed"]): {
            name: run.history[name] for name in METRICS if name != "seconds"
        }
        for run in runs
    }


class _Dashboard:
    """The real server and a browser on the Train page, which starts the queued runs."""

    def __init__(self, folder: Path, run_ids: Sequence[str]) -> None:
        self._folder, self._port = folder, free_port()
        self._address = f"http://127.0.0.1:{self._port}/Train?" + urlencode([("runs", run_id) for run_id in run_ids])
        self._resources = ExitStack()

    def __enter__(self) -> _Dashboard:
        with ExitStack() as resources:
            self._server = self._start()
            resources.callback(self._end)
            profile = resources.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
            # The browser stays open and reconnects to each new server.
            options = ["--headless", "--remote-debugging-port=0", f"--user-data-dir={profile}", *FLAGS]
            browser = subprocess.Popen(
                [CHROMIUM, *options, self._address], stderr=subprocess.DEVNULL, start_new_session=True
            )
            resources.callback(browser.wait)
            resources.callback(os.killpg, browser.pid, signal.SIGKILL)
            self._resources = resources.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    def kill(self) -> None:
        """Kill the server and start a new one."""
        self._end()
        self._server = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return start_server(self._folder, self._port, self._folder.with_suffix(".log"), warming="off")

    def _end(self) -> None:
        self._server.kill()
        self._server.wait()


def _workers(store: RunStore) -> list[int]:
    with sqlite3.connect(store.folder / "runs.sqlite", timeout=30) as db:
        return [pid for (pid,) in db.execute("SELECT pid FROM runs WHERE state = 'running'")]


def steps(store: RunStore) -> int:
    """How many steps the running runs have made in their epochs."""
    return sum(run.progress.get("step", 0) for run in store.runs() if run.state == "running")


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _resume(store: RunStore) -> None:
    for run in store.runs():
        if run.state == "interrupted":
            store.resume(run.id)


def _wait(store: RunStore, condition: Callable[[], bool], seconds: float = MOST_SECONDS) -> None:
    began = time.monotonic()
    while not condition() and not all(run.state == "done" for run in store.runs()):
        assert time.monotonic() - began < seconds, f"stuck: {[(run.id, run.state) for run in store.runs()]}"
        _resume(store)
        time.sleep(0.1)


def arguments(description: str | None) -> argparse.Namespace:
    """How often to kill, how many seeds the sweep has, and the seed of the kills, as the command line says."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0, help="random seed of the kills")
    return parser.parse_args()


def main() -> None:
    args = arguments(__doc__)
    with tempfile.TemporaryDirectory() as killed, tempfile.TemporaryDirectory() as whole:
        runs = soak(Path(killed), args.kills, args.seeds, args.seed)
        assert histories(runs) == histories(train(Path(whole), args.seeds))
    print(f"{len(runs)} runs are whole, and the same as without a kill.")


if __name__ == "__main__":
    main()
