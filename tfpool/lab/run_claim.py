"""From a claim to a finding: measure, judge, save."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from tfpool.lab import finding as findings
from tfpool.lab.claim import find
from tfpool.lab.finding import Finding
from tfpool.lab.laboratory import Laboratory
from tfpool.lab.protocol import FOLDER, SCALES
from tfpool.tracking.store import RunStore
from tfpool.training.cluster.connection import HERE, Placement
from tfpool.training.launcher import launch


def conduct(
    name: str,
    scale: str,
    store: RunStore,
    on_progress: Callable[[float, int], None] = lambda done, total: None,
    work: Callable[[RunStore], None] = launch,
    place: Placement = HERE,
) -> Finding:
    """Run a claim at a scale, save its finding in the store, and return it.

    Ctrl-C stops the current runs; the same call resumes them. `on_progress`, `work` and `place` are as in `Laboratory`,
    and so are errors: a RuntimeError if a run fails, `Halted` if one is stopped or deleted meanwhile.
    """
    claim = find(name)
    if scale not in SCALES:
        raise ValueError(f"A claim is run {' or '.join(SCALES)}, got {scale!r}.")
    began = time.monotonic()
    laboratory = Laboratory(store, name, on_progress, work, place)
    try:
        records = claim.observe(laboratory, claim.scales[scale])
    except KeyboardInterrupt:
        laboratory.stop()
        raise
    finding = findings.create(claim, scale, records, laboratory.seconds or time.monotonic() - began)
    findings.write(finding, folder(store))
    return finding


def folder(store: RunStore) -> Path:
    """The folder of a store's findings."""
    return store.folder / FOLDER
