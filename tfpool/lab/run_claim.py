"""From a claim to a finding: measure, judge, keep."""

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
from tfpool.training.launcher import launch


def conduct(
    name: str,
    scale: str,
    store: RunStore,
    told: Callable[[float, int], None] = lambda done, total: None,
    work: Callable[[RunStore], None] = launch,
) -> Finding:
    """Run a claim at a scale, keep what came out in the store, and return it.

    Ctrl-C stops the runs under way; the same call goes on from there.

    Args:
        name: of the claim.
        scale: "quick" or "full".
        store: where runs and findings are kept.
        told: called with how much is done and how much there is in all.
        work: sees to it that queued runs are trained. Default: starts workers.

    Raises:
        ValueError: if there is no such claim or scale.
        RuntimeError: if a run fails.
        tfpool.lab.laboratory.Halted: if somebody stopped one.
    """
    claim = find(name)
    if scale not in SCALES:
        raise ValueError(f"A claim is run {' or '.join(SCALES)}, got {scale!r}.")
    began = time.monotonic()
    laboratory = Laboratory(store, name, told, work)
    try:
        records = claim.observe(laboratory, claim.scales[scale])
    except KeyboardInterrupt:
        laboratory.stop()
        raise
    made = findings.made(claim, scale, records, laboratory.seconds or time.monotonic() - began)
    findings.write(made, folder(store))
    return made


def folder(store: RunStore) -> Path:
    """Where a store keeps findings."""
    return store.folder / FOLDER
