"""What a measurement depends on besides code: versions of packages and the machine. Loads no TensorFlow."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import packages_distributions, version
from pathlib import Path

from tfpool.system.process import cores

_PACKAGES = ("tensorflow", "keras", "numpy")


@cache
def versions() -> dict[str, str]:
    """Versions of the packages that results depend on, by name."""
    # Several distributions contain TensorFlow.
    distributions = packages_distributions()
    return {name: version(distributions[name][0]) for name in _PACKAGES}


@cache
def machine() -> str:
    """Cores, processor and system."""
    return f"{cores()} cores, {processor()}, {platform.system()}"


@cache
def processor() -> str:
    """The processor's model."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
