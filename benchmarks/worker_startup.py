"""How soon a worker has loaded what it computes with, against plainly importing the same.

    python benchmarks/worker_startup.py [--short]

Both in processes of their own, in turns, in seconds of processor time: these do not count what else the machine does.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.report import Rows, options

ROOT = Path(__file__).resolve().parents[1]
WAYS = {
    "plain import": "import tfpool.training.fit",
    "as workers import": """
from tfpool.system.startup import hide_packages, skip_garbage_collection
hide_packages("matplotlib", "pandas")
with skip_garbage_collection():
    import tfpool.training.fit
""",
}


def processor_seconds(code: str) -> float:
    """Processor time of a process that runs this code, from its start to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    settings = options(__doc__, times=(7, 1)).parse_args()
    rows = Rows("round", *WAYS, "ratio", first_width=8)
    durations: dict[str, list[float]] = {name: [] for name in WAYS}

    def add(label: str, plain: float, worker: float) -> None:
        rows.add(label, f"{plain:.2f} s", f"{worker:.2f} s", f"{worker / plain:.2f}")

    for number in range(settings.times):
        for name, code in WAYS.items():
            durations[name].append(processor_seconds(code))
        add(str(number + 1), *(values[-1] for values in durations.values()))
    add("median", *map(statistics.median, durations.values()))


if __name__ == "__main__":
    main()
