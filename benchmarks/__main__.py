"""Run all benchmarks, one after the other.

python -m benchmarks [--short]
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

NAMES = (
    "starting",
    *("counting", "intervals", "worker_startup", "memory", "quick_claims", "dashboard", "sessions", "training"),
    *("batch_statistics", "gpu", "cluster", "data", "large_images"),
    *("explaining", "localization", "pixel_scale", "opening"),
)


def main(arguments: list[str]) -> int:
    failed = []
    for name in NAMES:
        print(f"\n== benchmarks/{name}.py", flush=True)
        began = time.perf_counter()
        if subprocess.run([sys.executable, Path(__file__).with_name(f"{name}.py"), *arguments]).returncode:
            failed.append(name)
        print(f"-- {time.perf_counter() - began:.0f} s", flush=True)
    if failed:
        print(f"\nFailed, or missed an aim: {', '.join(failed)}.")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
