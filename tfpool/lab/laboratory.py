"""Takes a claim's measurements: tunes and trains its cells through the run queue, and measures each run.

Nothing is done twice: a run in the store is reused, whichever claim it was trained for, an interrupted run is resumed,
and measurements are cached in the run's folder.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from statistics import fmean
from typing import Any

from tfpool.lab.cells import Cell, has_diverged, is_current, is_over, key_of
from tfpool.lab.measurement_cache import cached, digest
from tfpool.lab.protocol import FOLDER, Record, Scale
from tfpool.system.process import cores
from tfpool.system.terminal import hide_logs
from tfpool.tracking.query import LAB
from tfpool.tracking.results import last
from tfpool.tracking.store import Run, RunStore
from tfpool.training.cluster.connection import HERE, Placement
from tfpool.training.launcher import launch
from tfpool.training.queue import enqueue, resume

TUNING = 1000
"""First seed for tuning learning rates, higher than all measured ones."""
_PAUSE = 1.0
_AT_ONCE = 2
"""Runs per core that a claim has in the queue."""


class Halted(Exception):
    """A run that a claim needs was stopped or deleted."""


class Laboratory:
    """Takes measurements through the queue of a run store; its runs are grouped under the claim's name.

    `on_progress` is called with the work done and the total; `work` has queued runs trained, by default by workers.
    `place` is where runs are trained; they are measured here.
    """

    def __init__(
        self,
        store: RunStore,
        claim: str,
        on_progress: Callable[[float, int], None] = lambda done, total: None,
        work: Callable[[RunStore], None] = launch,
        place: Placement = HERE,
    ) -> None:
        self.store, self.on_progress = store, on_progress
        self._claim, self._work, self._place = claim, work, place
        self._done, self._total = 0, 0
        self._used: set[str] = set()
        self._queued: set[str] = set()

    def train(
        self, cells: Sequence[Cell], scale: Scale, measure: Callable[[Run], Mapping[str, Any]] = lambda run: {}
    ) -> list[Record]:
        """Train each cell with every seed of the scale; returns one record per run, with the plain values of `measure`.

        Learning rates are tuned first, per group of cells, by the mean validation accuracy after the last epoch; of
        equally good rates the lowest wins. With fewer than two rates in the scale, each recipe keeps its own. A record
        has the cell's factors, learning_rate, seed, measures, and the accuracies after the last epoch as "training",
        "validation" and "test". A RuntimeError if a run fails, `Halted` if one is stopped or deleted meanwhile.
        """
        groups: dict[str, Cell] = {}
        for cell in cells:
            groups.setdefault(cell.group, cell)
        tuned = len(groups) * len(scale.rates) * scale.tuning_seeds if len(scale.rates) > 1 else 0
        self._done, self._total = 0, tuned + 2 * len(cells) * scale.seeds
        rates = self._tune(groups, scale) if tuned else {}
        seeded = [cell.at(seed, rates.get(cell.group)) for seed in range(scale.seeds) for cell in cells]
        measured: dict[str, Mapping[str, Any]] = {}

        def finished(run: Run) -> None:
            measured[run.id] = self._measured(run, measure, scale.measured)
            self._done += 1

        runs = self._runs(seeded, finished)
        self.on_progress(self._total, self._total)
        return [_record(cell, run, measured[run.id]) for cell, run in zip(seeded, runs, strict=True)]

    @property
    def seconds(self) -> float:
        """Training time of all runs that were used, on one core each, whenever they were trained."""
        runs = [run for run in self.store.runs() if run.id in self._used]
        return sum(run.ended - run.started for run in runs if run.ended and run.started)

    def stop(self) -> None:
        """Ask the runs that this laboratory queued to stop. They can be resumed."""
        for run in self.store.runs():
            if run.id in self._queued and run.state in ("queued", "running"):
                self.store.request_stop(run.id)

    def _tune(self, groups: Mapping[str, Cell], scale: Scale) -> dict[str, float]:
        trials = list(product(range(TUNING, TUNING + scale.tuning_seeds), groups, sorted(scale.rates)))
        scores: dict[str, dict[float, list[float]]] = {}
        runs = self._runs([groups[group].at(seed, rate) for seed, group, rate in trials], may_diverge=True)
        for (_, group, rate), run in zip(trials, runs, strict=True):
            score = (last(run, "val_accuracy") or 0.0) if run.state == "done" else 0.0
            scores.setdefault(group, {}).setdefault(rate, []).append(score)
        # Of equal scores max takes the first, and rates rise.
        return {group: max(rates, key=lambda rate: fmean(rates[rate])) for group, rates in scores.items()}

    def _runs(
        self, cells: Sequence[Cell], finished: Callable[[Run], None] = lambda run: None, may_diverge: bool = False
    ) -> list[Run]:
        """The finished run of each cell, trained through the queue where there is none yet."""
        keys = [cell.key for cell in cells]
        waiting = dict(zip(keys, cells, strict=True))
        ids: dict[str, str] = {}
        handled: set[str] = set()
        while waiting or len(handled) < len(ids):
            self._reuse(waiting, ids, may_diverge)
            runs = self._checked(set(ids.values()), may_diverge)
            self.on_progress(self._done + sum(1.0 if is_over(run) else run.fraction_done for run in runs), self._total)
            busy = sum(not is_over(run) for run in runs)
            under_way = bool(waiting or busy)
            # A few at a time, so that other runs need not wait for the whole claim. A cluster places runs itself.
            at_once = len(cells) if self._place.executor else _AT_ONCE * cores()
            for key in list(waiting)[: max(0, at_once - busy)]:
                cell = waiting.pop(key)
                (ids[key],) = enqueue(
                    [cell.plan], cell.data, cell.recipe, self.store, None, f"{LAB}{self._claim}", self._place
                )
                self._queued.add(ids[key])
            self._used |= set(ids.values())
            if under_way:
                self._work(self.store)
            ready = next((run for run in runs if is_over(run) and run.id not in handled), None)
            if ready is None:
                time.sleep(_PAUSE)
            else:
                # Others are trained while this one is measured.
                finished(ready)
                handled.add(ready.id)
        self._done += len(cells)
        by_id = {run.id: run for run in self._checked(set(ids.values()), may_diverge)}
        return [by_id[ids[key]] for key in keys]

    def _reuse(self, waiting: dict[str, Cell], ids: dict[str, str], may_diverge: bool) -> None:
        """Take existing runs for waiting cells: trained before, or queued by another claim meanwhile."""
        if not waiting:
            return
        # Of equal runs one that is done comes last, and wins.
        runs = sorted(self.store.runs(), key=lambda run: run.state == "done")
        reusable = {key: run for run in runs if (key := key_of(run.spec)) in waiting and is_current(run)}
        for key, run in reusable.items():
            del waiting[key]
            ids[key] = run.id
            if run.state in ("stopped", "failed") and not (may_diverge and has_diverged(run)):
                resume(self.store, run.id)
                self._queued.add(run.id)

    def _checked(self, ids: set[str], may_diverge: bool) -> list[Run]:
        """The runs with these ids, oldest first, interrupted ones resumed."""
        runs = [run for run in reversed(self.store.runs()) if run.id in ids]
        for run in runs:
            if run.state == "failed" and not (may_diverge and has_diverged(run)):
                raise RuntimeError(f"Run {run.id} failed. {run.error}")
            if run.state == "stopped":
                raise Halted(f"Run {run.id} was stopped. Run the claim again to resume.")
            if run.state == "interrupted":
                resume(self.store, run.id)
        if missing := ids - {run.id for run in runs}:
            raise Halted(f"Run {min(missing)} was deleted. Run the claim again to train a new one.")
        return runs

    def once(self, name: str, make: Callable[[], Record]) -> Record:
        """A measurement without a run, cached in the store under a name that is unique in the claim."""
        return cached(self.store.folder / FOLDER / "parts" / f"{self._claim}-{name}-{digest(make)}.json", make)

    def _measured(self, run: Run, measure: Callable[[Run], Mapping[str, Any]], images: int | None) -> Mapping[str, Any]:
        def take() -> Mapping[str, Any]:
            with hide_logs():
                import tensorflow  # noqa: F401
            return measure(run)

        return cached(run.path / "lab" / f"{self._claim}-{images or 'all'}-{digest(measure)}.json", take)


def _record(cell: Cell, run: Run, measured: Mapping[str, Any]) -> Record:
    return {
        **cell.factors,
        "learning_rate": cell.recipe.learning_rate,
        "seed": cell.recipe.seed,
        "training": last(run, "accuracy"),
        "validation": last(run, "val_accuracy"),
        "test": last(run, "test"),
        **measured,
    }
