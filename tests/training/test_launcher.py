"""Workers are started for queued runs: one per GPU, each on a GPU of its own, or one per core."""

import subprocess
from pathlib import Path

import pytest

from tests.helpers.stored_runs import finished
from tfpool.tracking.store import RunStore
from tfpool.training import launcher


@pytest.mark.parametrize(
    ("gpus", "cores", "runs", "started"),
    [
        (2, 8, 5, ["0", "1"]),
        (2, 8, 1, ["0"]),
        (0, 3, 5, [None, None, None]),
        # A GPU computes for one run at a time, however many cores there are.
        (1, 8, 5, ["0"]),
    ],
)
def test_each_worker_has_a_gpu_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gpus: int, cores: int, runs: int, started: list[str | None]
) -> None:
    store, workers = queued(tmp_path, monkeypatch, runs, gpus, cores)
    try:
        launcher.launch(store)
        assert [gpu for gpu, _ in workers] == started
        launcher.launch(store)
        assert len(workers) == len(started)
        if gpus:
            # The next worker takes the GPU that has become free.
            workers[0][1].kill()
            workers[0][1].wait()
            launcher.launch(store)
            assert [gpu for gpu, _ in workers[len(started) :]] == (["0"] if runs else [])
    finally:
        for _, process in workers:
            process.kill()
            process.wait()


def queued(
    folder: Path, monkeypatch: pytest.MonkeyPatch, runs: int, gpus: int, cores: int
) -> tuple[RunStore, list[tuple[str | None, subprocess.Popen[bytes]]]]:
    """A store with queued runs, and the workers that are started for it: the GPU of each, and a process that sleeps."""
    store = RunStore(folder / "saved_models")
    spec = finished(store, 0.5).spec
    for _ in range(runs):
        store.add(spec)
    workers: list[tuple[str | None, subprocess.Popen[bytes]]] = []

    def spawn(command: list[str], **_: object) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(["sleep", "600"])
        workers.append((command[4] if len(command) > 4 else None, process))
        return process

    monkeypatch.setattr(launcher, "spawn", spawn)
    monkeypatch.setattr(launcher, "gpu_count", lambda: gpus)
    monkeypatch.setattr(launcher, "cores", lambda: cores)
    return store, workers
