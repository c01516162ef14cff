"""What runs have come to: best and last values, groups over seeds, the settings that differ. Loads no TensorFlow.

Accuracies are shares from 0 to 1; losses are the recipe's; times are seconds.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from tfpool.tracking.run import Run

MEASURES = ("test", "val_accuracy", "accuracy", "test_loss", "val_loss", "loss")
"""Accuracy and loss on the test images, on the validation images after an epoch, and on the training images in it."""
COSTS = ("params", "macs", "time")
AXES = ("epoch", "step", "seconds")
HOW = ("last", "best")
CONFIDENCE = 0.95


def last(run: Run, metric: str) -> float | None:
    """A metric of `MEASURES` after the last epoch; None before the first."""
    values = _series(run, metric)
    return values[-1] if values else None


def best(run: Run, metric: str) -> float | None:
    """The highest accuracy, or the lowest loss, of all epochs; None before the first."""
    values = _series(run, metric)
    return (min if metric.endswith("loss") else max)(values) if values else None


def overfit(run: Run, how: str = "last") -> float | None:
    """Accuracy on the training images above that on the validation images, after the last or the best epoch."""
    if not run.history["accuracy"]:
        return None
    validation = run.history["val_accuracy"]
    return overfit_by_epoch(run)[-1 if how == "last" else validation.index(max(validation))]


def overfit_by_epoch(run: Run) -> list[float]:
    """How far the accuracy on the training images is above that on the validation images, a value per epoch."""
    pairs = zip(run.history["accuracy"], run.history["val_accuracy"], strict=True)
    return [training - validation for training, validation in pairs]


def value(run: Run, key: str, how: str = "last") -> float | None:
    """One of `MEASURES` or `COSTS`; None where it is not known."""
    if key == "params":
        return run.plan.params
    if key == "macs":
        return run.plan.macs
    if key == "time":
        return sum(run.history["seconds"]) or None
    return (best if how == "best" else last)(run, key)


def positions(run: Run, axis: str) -> list[float]:
    """Where each epoch ended, on an axis of `AXES`: epochs, steps or seconds since the start; empty if not known.

    Raises:
        ValueError: on another axis.
    """
    epochs = range(1, len(run.history["seconds"]) + 1)
    if axis == "epoch":
        return list(epochs)
    if axis == "seconds":
        return list(accumulate(run.history["seconds"]))
    if axis != "step":
        raise ValueError(f"Curves run by {', '.join(AXES)}, not by {axis!r}.")
    steps = _steps(run)
    return [epoch * steps for epoch in epochs] if steps else []


def _steps(run: Run) -> float | None:
    """Steps an epoch. A run that waits to be resumed has told none: they follow from its recipe."""
    recipe = run.spec["recipe"]
    if run.progress.get("steps"):
        return run.progress["steps"]
    return math.ceil(recipe["train_images"] / recipe["batch_size"]) if recipe.get("train_images") else None


def data_name(run: Run) -> str:
    """Name of the run's data set; an own one is kept in a folder of that name."""
    name = run.spec["data"]
    return Path(name).name if Path(name).is_absolute() else name


def settings(run: Run) -> dict[str, Any]:
    """All that was chosen for a run, seed included, in one flat dictionary; without what was left open."""
    spec = run.spec["plan"]
    head = {f"head {name}": each for name, each in spec["head"].items() if name != "name"}
    own = {name: each for name, each in spec.items() if name not in ("backbone", "head", "input_shape", "classes")}
    flat = {
        "network": spec["backbone"],
        "head": spec["head"]["name"],
        **head,
        "input": spec["input_shape"],
        "classes": spec["classes"],
        **own,
        "data": run.spec["data"],
        **run.spec["recipe"],
    }
    return {name.replace("_", " "): each for name, each in flat.items() if each is not None and each != []}


def differing(runs: Sequence[Run]) -> dict[str, list[Any]]:
    """The settings in which runs differ, each with a value per run; None where a run has none."""
    each = [settings(run) for run in runs]
    names = dict.fromkeys(name for found in each for name in found)
    table = {name: [found.get(name) for found in each] for name in names}
    return {name: values for name, values in table.items() if _differ(name, values)}


def _differ(name: str, values: list[Any]) -> bool:
    # That another head has no such setting says no more than that it is another head.
    compared = [each for each in values if each is not None] if name.startswith("head ") else values
    return any(each != compared[0] for each in compared)


@dataclass(frozen=True)
class Group:
    """Finished runs that are equal in everything but the seed.

    Attributes:
        settings: what they share, as `settings` gives it, without the seed.
        runs: one per seed, by seed; of several with one seed, which end alike, the newest.
        values: what was measured, a value per run.
    """

    settings: dict[str, Any]
    runs: tuple[Run, ...]
    values: tuple[float, ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(run.spec["recipe"]["seed"] for run in self.runs)

    @property
    def mean(self) -> float:
        return float(np.mean(self.values))

    @cached_property
    def margin(self) -> float | None:
        """Half of the 95 % interval's width; None for one seed, which tells nothing of the others."""
        return margin(self.values)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the mean over all seeds lies with 95 % confidence, by Student's t; None for one seed."""
        return None if self.margin is None else (self.mean - self.margin, self.mean + self.margin)


def groups(runs: Sequence[Run], metric: str = "test", how: str = "last") -> list[Group]:
    """Finished runs gathered over their seeds, best mean first.

    Raises:
        ValueError: if the metric is none of `MEASURES`.
    """
    if metric not in MEASURES:
        raise ValueError(f"Seeds cannot be compared by {metric!r}. Use one of: {', '.join(MEASURES)}.")
    found: dict[str, dict[int, Run]] = {}
    for run in runs:
        if run.state == "done" and value(run, metric, how) is not None:
            shared = json.dumps(_without_seed(run), sort_keys=True)
            found.setdefault(shared, {}).setdefault(run.spec["recipe"]["seed"], run)
    made = []
    for by_seed in found.values():
        chosen = tuple(by_seed[seed] for seed in sorted(by_seed))
        values = tuple(each for run in chosen if (each := value(run, metric, how)) is not None)
        made.append(Group(_without_seed(chosen[0]), chosen, values))
    return sorted(made, key=lambda group: group.mean if metric.endswith("loss") else -group.mean)


def _without_seed(run: Run) -> dict[str, Any]:
    return {name: each for name, each in settings(run).items() if name != "seed"}


def paired_difference(first: Group, second: Group) -> tuple[float, float] | None:
    """Mean and half 95 % interval of how much `first` exceeds `second`, seed by seed; None under two shared seeds.

    Under one seed two heads start on equal backbones and see the images in one order: much of chance cancels.
    """
    other = dict(zip(second.seeds, second.values, strict=True))
    apart = [each - other[seed] for seed, each in zip(first.seeds, first.values, strict=True) if seed in other]
    half = margin(apart)
    return None if half is None else (float(np.mean(apart)), half)


def margin(values: Sequence[float]) -> float | None:
    """Half of the 95 % interval of the mean of values, by Student's t; None for fewer than two."""
    if len(values) < 2:
        return None
    # Loaded where seeds are summed up: no first page needs it. scipy.stats.t.ppf takes five times as long to load.
    from scipy.special import stdtrit

    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return float(stdtrit(len(values) - 1, (1 + CONFIDENCE) / 2)) * error


def confusion(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """How often each class was taken for each: int64 (K, K), a row per true class, a column per predicted one.

    Args:
        labels, predicted: class numbers (N,).
        classes: number of classes K.

    Raises:
        ValueError: if they do not go together.
    """
    if np.shape(labels) != np.shape(predicted):
        raise ValueError(f"There are {np.size(labels)} labels and {np.size(predicted)} predictions.")
    both = np.stack([labels, predicted]).astype(np.int64)
    if both.size and not 0 <= both.min() <= both.max() < classes:
        raise ValueError(f"Class numbers lie from 0 to {classes - 1}, got {both.min()} to {both.max()}.")
    return np.bincount(classes * both[0] + both[1], minlength=classes * classes).reshape(classes, classes)


def _series(run: Run, metric: str) -> Sequence[float]:
    if metric not in MEASURES:
        raise ValueError(f"Unknown metric {metric!r}. Use one of: {', '.join(MEASURES)}.")
    if not metric.startswith("test"):
        return run.history[metric]
    return [run.result["loss" if metric == "test_loss" else "accuracy"]] if run.result else []
