"""How long a first look at each claim takes: `python -m tfpool lab NAME --quick`, which promises less than a minute.

    python benchmarks/quick.py

Each claim has a store of its own, so that none finds what another one has trained.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tfpool.lab import CLAIMS
from tfpool.system.format import table
from tfpool.system.process import cores

ROOT = Path(__file__).resolve().parents[1]
PROMISED = 60.0


def seconds(claim: str) -> float:
    """One run of the command, from its start to its verdict."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        command = [sys.executable, "-m", "tfpool", "lab", claim, "--quick", "--store", folder]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        return time.perf_counter() - began


def main() -> int:
    taken = {claim: seconds(claim) for claim in CLAIMS}
    rows = [(name, f"{each:.0f} s", "" if each <= PROMISED else "missed") for name, each in taken.items()]
    print(f"{cores()} cores; a quick run is to end within {PROMISED:.0f} s")
    print(table(("claim", "from start to verdict", ""), rows, right=(1,)))
    return int(max(taken.values()) > PROMISED)


if __name__ == "__main__":
    sys.exit(main())
