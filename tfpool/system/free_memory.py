"""Memory that this process can still take, of the machine or of the container that it runs in."""

from __future__ import annotations

from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
_LIMITS = (
    ("memory.max", "memory.current", "memory.stat"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"),
)


def free_memory() -> int:
    """Bytes that can be taken without swapping, and without more than a container's limit."""
    import psutil

    free = int(psutil.virtual_memory().available)
    for limit, usage, statistics in _LIMITS:
        try:
            most, used = (int((_CGROUP / name).read_text()) for name in (limit, usage))
            facts = dict(line.split() for line in (_CGROUP / statistics).read_text().splitlines())
        except (OSError, ValueError):
            # No container, or one without a limit, which is written as "max".
            continue
        # Files that were read are counted as used, and make way.
        free = min(free, most - used + int(facts.get("inactive_file", 0)))
    return max(free, 0)
