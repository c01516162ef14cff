"""How long a first look at each claim takes: `python -m tfpool lab NAME --quick`, which promises less than a minute.

    python benchmarks/quick_claims.py [--short]

Each claim has a store of its own, so that none finds a run that another one has trained.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.report import Rows, options
from tfpool.lab import CLAIMS
from tfpool.system.process import cores

ROOT = Path(__file__).resolve().parents[1]
SHORT = ("parameters", "position")
PROMISED = 60.0


def seconds(claim: str) -> float:
    """The time of one command, from its start to its verdict."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        command = [sys.executable, "-m", "tfpool", "lab", claim, "--quick", "--store", folder]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        return time.perf_counter() - began


def main() -> int:
    short = options(__doc__).parse_args().short
    print(f"{cores()} cores")
    rows, missed = Rows("claim", "start to verdict", "aim", "", first_width=24), False
    for claim in SHORT if short else CLAIMS:
        duration = seconds(claim)
        missed |= duration > PROMISED
        rows.add(claim, f"{duration:.0f} s", f"≤ {PROMISED:.0f} s", "missed" * (duration > PROMISED))
    return int(missed and not short)


if __name__ == "__main__":
    sys.exit(main())
