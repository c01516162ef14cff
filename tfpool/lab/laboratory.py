"""Where measurements are taken: trains the cells of a claim through the run queue, tunes them, and measures each run.

Nothing is done twice: a run that was trained before is found again, for whichever claim it was, one that was broken off
goes on, and what was measured is kept beside the run.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Any

from tfpool import data as data_sets
from tfpool.files import atomic
from tfpool.heads import Head
from tfpool.lab.claim import Record, Scale, find
from tfpool.plan import Plan
from tfpool.process import cores
from tfpool.results import last
from tfpool.runs import Run, RunStore
from tfpool.terminal import quietly
from tfpool.training.queue import enqueue, fitting, launch, spec
from tfpool.training.recipe import Recipe

TUNING = 1000
"""The first seed that learning rates are tuned with; none of those measured is as high."""
_PAUSE = 1.0
_AT_ONCE = 2
"""Runs a core that a claim has in the queue."""


class Halted(Exception):
    """Somebody stopped a run that a claim needs."""


@dataclass(frozen=True)
class Cell:
    """What is trained once a seed.

    Attributes:
        factors: what tells it from the claim's other cells, such as {"head": "gap", "images": 1000}.
        backbone, head, data: as `tfpool.plan` and `tfpool.train` take them.
        recipe: how; its learning rate is tuned, its seed set.
        settings: of the backbone.
        tuned_as: cells of one name share the learning rate that the first of them is tuned to. Default: each its own.
    """

    factors: Mapping[str, Any]
    backbone: str
    head: Head | str
    data: str
    recipe: Recipe
    settings: Mapping[str, Any] = field(default_factory=dict)
    tuned_as: str | None = None

    @property
    def group(self) -> str:
        return self.tuned_as or json.dumps(self.factors)

    @property
    def plan(self) -> Plan:
        return fitting(self.backbone, self.head, data_sets.load(self.data), self.recipe, **self.settings)

    @property
    def key(self) -> str:
        """One text for all that its run follows from."""
        return _key(spec(self.plan, data_sets.load(self.data), self.recipe))

    def at(self, seed: int, rate: float | None) -> Cell:
        """The cell with that seed, and with that learning rate if one is given."""
        changed = {"seed": seed} if rate is None else {"seed": seed, "learning_rate": rate}
        return replace(self, recipe=replace(self.recipe, **changed))


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
        """Ask the runs that were waited for to stop. What they have is kept."""
        for run in self.store.runs():
            if run.id in self._waited and run.state in ("queued", "running"):
                self.store.request_stop(run.id)

    def _tune(self, groups: Mapping[str, Cell], scale: Scale) -> dict[str, float]:
        tried = [
            (group, rate, TUNING + seed)
            for seed in range(scale.tuning_seeds)
            for group in groups
            for rate in sorted(scale.rates)
        ]
        scores: dict[str, dict[float, list[float]]] = {}
        for (group, rate, _), run in zip(
            tried, self._runs([groups[group].at(seed, rate) for group, rate, seed in tried]), strict=True
        ):
            scores.setdefault(group, {}).setdefault(rate, []).append(last(run, "val_accuracy") or 0.0)
        # Of equal scores max takes the first, and rates rise.
        return {group: max(each, key=lambda rate: fmean(each[rate])) for group, each in scores.items()}

    def _runs(self, cells: Sequence[Cell], finished: Callable[[Run], None] = lambda run: None) -> list[Run]:
        """The finished run of each cell, trained through the queue where there is none yet."""
        keys = [cell.key for cell in cells]
        # Of runs that are equal one that is done comes last, and is taken.
        known = {_key(run.spec): run.id for run in sorted(self.store.runs(), key=lambda run: run.state == "done")}
        waiting = {key: cell for key, cell in zip(keys, cells, strict=True) if key not in known}
        ids = {key: known[key] for key in keys if key in known}
        for run in self.store.runs():
            if run.id in ids.values() and run.state in ("stopped", "failed"):
                self.store.resume(run.id)
        handed: set[str] = set()
        while waiting or len(handed) < len(ids):
            found = self._found(set(ids.values()))
            self.told(self._done + sum(run.done for run in found), self._total)
            busy = sum(run.state != "done" for run in found)
            under_way = bool(waiting or busy)
            # A few at a time, so that somebody's own runs need not wait until the claim is through.
            for key in list(waiting)[: max(0, _AT_ONCE * cores() - busy)]:
                cell = waiting.pop(key)
                (ids[key],) = enqueue([cell.plan], cell.data, cell.recipe, self.store, sweep=f"lab {self._claim}")
            self._waited |= set(ids.values())
            if under_way:
                self._work(self.store)
            ready = next((run for run in found if run.state == "done" and run.id not in handed), None)
            if ready is None:
                time.sleep(_PAUSE)
            else:
                # While this one is measured, others are trained.
                finished(ready)
                handed.add(ready.id)
        self._done += len(cells)
        by_id = {run.id: run for run in self._found(set(ids.values()))}
        return [by_id[ids[key]] for key in keys]

    def _found(self, ids: set[str]) -> list[Run]:
        """The runs of these ids, oldest first, as long as the claim can go on with them."""
        found = [run for run in reversed(self.store.runs()) if run.id in ids]
        for run in found:
            if run.state == "failed":
                raise RuntimeError(f"Run {run.id} failed. {run.error}")
            if run.state == "stopped":
                raise Halted(f"Run {run.id} was stopped. Run the claim again: it goes on from there.")
            if run.state == "interrupted":
                self.store.resume(run.id)
        if missing := ids - {run.id for run in found}:
            raise Halted(f"Run {min(missing)} was deleted. Run the claim again: it is trained anew.")
        return found

    def _measured(self, run: Run, measure: Callable[[Run], Mapping[str, Any]], images: int | None) -> Mapping[str, Any]:
        # What an experiment that was laid down otherwise has measured is not taken for this one's.
        path = run.path / "lab" / f"{self._claim}-{images or 'all'}-{find(self._claim).fixed[:8]}.json"
        if not path.exists():
            with quietly():
                import tensorflow  # noqa: F401
            values = measure(run)
            with atomic(path) as temporary:
                temporary.write_text(json.dumps(values))
        return json.loads(path.read_text())


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


def _key(spec: Mapping[str, Any]) -> str:
    return json.dumps(spec, sort_keys=True)
