"""The GPUs of this machine, counted without TensorFlow."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from itertools import takewhile

_SECONDS = 10.0


def gpu_count() -> int:
    """Number of NVIDIA GPUs that programs started here may use; `CUDA_VISIBLE_DEVICES` limits them, as for CUDA."""
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if allowed is None:
        return _installed()
    # CUDA ignores what follows a number below zero.
    named = takewhile(lambda name: name and not name.startswith("-"), map(str.strip, allowed.split(",")))
    return min(len(list(named)), _installed())


@cache
def _installed() -> int:
    if not (program := shutil.which("nvidia-smi")):
        return 0
    try:
        listed = subprocess.run([program, "--list-gpus"], capture_output=True, text=True, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines()) if listed.returncode == 0 else 0
