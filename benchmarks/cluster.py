"""Training on a Dask cluster against tfpool's own queue, on the same cores of this machine.

    python benchmarks/cluster.py [--short]

Rows: the same runs by workers of the queue, and by as many Dask workers with one thread each, in seconds of wall time
from queueing to the last result. Efficiency is queue ÷ cluster, aim 0.9 or more. Scheduler and workers start before.
The last row is what a task costs beyond loading TensorFlow: a run of one step there, less the same on the queue.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import tfpool as tp
from benchmarks.report import Rows, options
from tests.helpers.dask_cluster import Cluster
from tfpool.system.process import cores

AIM = 0.9
ONE_STEP = tp.Recipe(epochs=1, train_images=30, batch_size=30)
MOST_OVERHEAD = 3.0
"""Seconds that a task may cost beyond loading TensorFlow."""


def seconds(folder: Path, seeds: int, recipe: tp.Recipe, on: str | None) -> float:
    """Wall time of a sweep of two heads."""
    began = time.perf_counter()
    runs = tp.sweep("resnet8", ["gap", "flatten"], seeds, recipe=recipe, store=folder, on=on)
    assert {run.state for run in runs} == {"done"}
    return time.perf_counter() - began


def pair(folder: Path, seeds: int, recipe: tp.Recipe, cluster: Cluster) -> tuple[float, float]:
    """The sweep's wall time on the queue and on the cluster."""
    here = seconds(folder.with_suffix(".queue"), seeds, recipe, None)
    return here, seconds(folder.with_suffix(".cluster"), seeds, recipe, cluster.address)


def main() -> int:
    settings = options(__doc__, images=(2_000, 100), seeds=(4, 1), rounds=(2, 1)).parse_args()
    recipe = tp.Recipe(epochs=4 if not settings.short else 1, train_images=settings.images)
    rows = Rows("", "queue", "cluster", "ratio", first_width=40)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        cluster = Cluster(folder, workers=cores())
        try:
            ratios, overheads = [], []
            for number in range(settings.rounds):
                here, far = pair(folder / str(number), settings.seeds, recipe, cluster)
                ratios.append(here / far)
                name = f"{2 * settings.seeds} runs, round {number + 1}"
                rows.add(name, f"{here:.1f} s", f"{far:.1f} s", f"{here / far:.2f}")
                here, far = pair(folder / f"step-{number}", 1, ONE_STEP, cluster)
                overheads.append(far - here)
                rows.add(f"one step, round {number + 1}", f"{here:.1f} s", f"{far:.1f} s", f"{far - here:+.1f} s")
        finally:
            cluster.stop()
    print(f"Efficiency {max(ratios):.2f}, aim {AIM}; a task costs {min(overheads):+.1f} s more, aim {MOST_OVERHEAD} s.")
    missed = max(ratios) < AIM or min(overheads) > MOST_OVERHEAD
    return int(missed and not settings.short)


if __name__ == "__main__":
    sys.exit(main())
