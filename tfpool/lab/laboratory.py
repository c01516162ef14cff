"""Where measurements are taken: trains the cells of a claim through the run queue, tunes them, and measures each run.

Nothing is done twice: a run that was trained before is found again, for whichever claim it was, one that was broken off
goes on, and what was measured is kept beside the run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Any

from tfpool.lab.cells import Cell, has_diverged, is_as_now, is_over, key_of
from tfpool.lab.measurement_cache import digest, kept
from tfpool.lab.protocol import FOLDER, Record, Scale
from tfpool.system.process import cores
from tfpool.system.terminal import quietly
from tfpool.tracking.query import LAB
from tfpool.tracking.results import last
from tfpool.tracking.store import Run, RunStore
from tfpool.training.launcher import launch
from tfpool.training.queue import enqueue

TUNING = 1000
"""The first seed that learning rates are tuned with; none of those measured is as high."""
_PAUSE = 1.0
_AT_ONCE = 2
"""Runs a core that a claim has in the queue."""


class Halted(Exception):
    """Somebody stopped a run that a claim needs."""


class Laboratory:
    """The queue of a run store as a place to measure in.

    Args:
        store: where runs are kept.
        claim: its name, which groups its runs.
        told: called with how much is done and how much there is in all.
        work: sees to it that queued runs are trained. Default: starts workers.
    """

    def __init__(
        self,
        store: RunStore,
        claim: str,
        told: Callable[[float, int], None] = lambda done, total: None,
        work: Callable[[RunStore], None] = launch,
    ) -> None:
        self.store, self.told = store, told
        self._claim, self._work = claim, work
        self._done, self._total = 0, 0
        self._waited: set[str] = set()
        self._queued: set[str] = set()

    def train(
        self, cells: Sequence[Cell], scale: Scale, measure: Callable[[Run], Mapping[str, Any]] = lambda run: {}
    ) -> list[Record]:
        """Train each cell with every seed of the scale, and measure each run.

        Learning rates are tuned first, for each group of cells, by the mean accuracy on validation images after the
        last epoch; of rates as good the lowest is taken.

        Args:
            cells: what to train.
            scale: seeds, and the rates to tune over; with fewer than two rates, each recipe's own is taken.
            measure: takes plain values from a finished run.

        Returns:
            A record a run: the cell's factors, learning_rate, seed, what `measure` took, and accuracy after the last
            epoch: in it on the training images, on the validation images, and on the test images.

        Raises:
            RuntimeError: if a run fails.
            Halted: if somebody stopped one.
        """
        groups: dict[str, Cell] = {}
        for cell in cells:
            groups.setdefault(cell.group, cell)
        tuned = len(groups) * len(scale.rates) * scale.tuning_seeds if len(scale.rates) > 1 else 0
        self._done, self._total = 0, tuned + 2 * len(cells) * scale.seeds
        rates = self._tune(groups, scale) if tuned else {}
        wanted = [cell.at(seed, rates.get(cell.group)) for seed in range(scale.seeds) for cell in cells]
        measured: dict[str, Mapping[str, Any]] = {}

        def finished(run: Run) -> None:
            measured[run.id] = self._measured(run, measure, scale.measured)
            self._done += 1

        runs = self._runs(wanted, finished)
        self.told(self._total, self._total)
        return [_record(cell, run, measured[run.id]) for cell, run in zip(wanted, runs, strict=True)]

    @property
    def seconds(self) -> float:
        """What the runs that were waited for took, one core each; whenever they were trained."""
        runs = [run for run in self.store.runs() if run.id in self._waited]
        return sum(run.ended - run.started for run in runs if run.ended and run.started)

    def stop(self) -> None:
        """Ask the runs that this laboratory put into the queue to stop. What they have is kept."""
        for run in self.store.runs():
            if run.id in self._queued and run.state in ("queued", "running"):
                self.store.request_stop(run.id)

    def _tune(self, groups: Mapping[str, Cell], scale: Scale) -> dict[str, float]:
        tried = [
            (group, rate, TUNING + seed)
            for seed in range(scale.tuning_seeds)
            for group in groups
            for rate in sorted(scale.rates)
        ]
        scores: dict[str, dict[float, list[float]]] = {}
        runs = self._runs([groups[group].at(seed, rate) for group, rate, seed in tried], may_diverge=True)
        for (group, rate, _), run in zip(tried, runs, strict=True):
            score = (last(run, "val_accuracy") or 0.0) if run.state == "done" else 0.0
            scores.setdefault(group, {}).setdefault(rate, []).append(score)
        # Of equal scores max takes the first, and rates rise.
        return {group: max(each, key=lambda rate: fmean(each[rate])) for group, each in scores.items()}

    def _runs(
        self,
        cells: Sequence[Cell],
        finished: Callable[[Run], None] = lambda run: None,
        may_diverge: bool = False,
    ) -> list[Run]:
        """The finished run of each cell, trained through the queue where there is none yet."""
        keys = [cell.key for cell in cells]
        waiting = dict(zip(keys, cells, strict=True))
        ids: dict[str, str] = {}
        handed: set[str] = set()
        while waiting or len(handed) < len(ids):
            self._take(waiting, ids, may_diverge)
            found = self._found(set(ids.values()), may_diverge)
            self.told(self._done + sum(1.0 if is_over(run) else run.fraction_done for run in found), self._total)
            busy = sum(not is_over(run) for run in found)
            under_way = bool(waiting or busy)
            # A few at a time, so that somebody's own runs need not wait until the claim is through.
            for key in list(waiting)[: max(0, _AT_ONCE * cores() - busy)]:
                cell = waiting.pop(key)
                (ids[key],) = enqueue([cell.plan], cell.data, cell.recipe, self.store, sweep=f"{LAB}{self._claim}")
                self._queued.add(ids[key])
            self._waited |= set(ids.values())
            if under_way:
                self._work(self.store)
            ready = next((run for run in found if is_over(run) and run.id not in handed), None)
            if ready is None:
                time.sleep(_PAUSE)
            else:
                # While this one is measured, others are trained.
                finished(ready)
                handed.add(ready.id)
        self._done += len(cells)
        by_id = {run.id: run for run in self._found(set(ids.values()), may_diverge)}
        return [by_id[ids[key]] for key in keys]

    def _take(self, waiting: dict[str, Cell], ids: dict[str, str], may_diverge: bool) -> None:
        """Take runs that are there for cells that wait: from before, or queued by another claim meanwhile."""
        if not waiting:
            return
        # Of runs that are equal one that is done comes last, and is taken.
        runs = sorted(self.store.runs(), key=lambda run: run.state == "done")
        known = {key: run for run in runs if (key := key_of(run.spec)) in waiting and is_as_now(run)}
        for key, run in known.items():
            del waiting[key]
            ids[key] = run.id
            if run.state in ("stopped", "failed") and not (may_diverge and has_diverged(run)):
                self.store.resume(run.id)
                self._queued.add(run.id)

    def _found(self, ids: set[str], may_diverge: bool) -> list[Run]:
        """The runs of these ids, oldest first, as long as the claim can go on with them."""
        found = [run for run in reversed(self.store.runs()) if run.id in ids]
        for run in found:
            if run.state == "failed" and not (may_diverge and has_diverged(run)):
                raise RuntimeError(f"Run {run.id} failed. {run.error}")
            if run.state == "stopped":
                raise Halted(f"Run {run.id} was stopped. Run the claim again: it goes on from there.")
            if run.state == "interrupted":
                self.store.resume(run.id)
        if missing := ids - {run.id for run in found}:
            raise Halted(f"Run {min(missing)} was deleted. Run the claim again: it is trained anew.")
        return found

    def once(self, name: str, make: Callable[[], Record]) -> Record:
        """A measurement that no run is behind, kept in the store and not taken again.

        Args:
            name: what tells it from the claim's others.
            make: takes it.
        """
        return kept(self.store.folder / FOLDER / "parts" / f"{self._claim}-{name}-{digest(make)}.json", make)

    def _measured(self, run: Run, measure: Callable[[Run], Mapping[str, Any]], images: int | None) -> Mapping[str, Any]:
        def take() -> Mapping[str, Any]:
            with quietly():
                import tensorflow  # noqa: F401
            return measure(run)

        return kept(run.path / "lab" / f"{self._claim}-{images or 'all'}-{digest(measure)}.json", take)


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
