"""How soon a training's process has loaded what it computes with, against loading the same without its care.

    python benchmarks/starting.py [--times 7]

Both in processes of their own, in turns, in seconds of a processor: those do not count what else the machine does.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLAIN = "import tfpool.training.fit"
AS_WORKERS = """
from tfpool.system.process import do_without, lasting
do_without("matplotlib", "pandas")
with lasting():
    import tfpool.training.fit
"""
WAYS = {"plain": PLAIN, "as workers do": AS_WORKERS}


def seconds(code: str) -> float:
    """Seconds of a processor that a process takes for that code, from its start to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=7)
    taken: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(parser.parse_args().times):
        for name, code in WAYS.items():
            taken[name].append(seconds(code))
    plain, ours = (statistics.median(each) for each in taken.values())
    print(f"plain {plain:.2f} s, as workers do {ours:.2f} s of a processor: {ours / plain:.2f} of it")


if __name__ == "__main__":
    main()
