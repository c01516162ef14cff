"""Results of runs: best and last values, groups over seeds, the settings that differ. Loads no TensorFlow.

Accuracies are fractions from 0 to 1; losses are those of the recipe; times are seconds.
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

from tfpool.system.extras import named_extras
from tfpool.tracking.run import Run

MEASURES = ("test", "val_accuracy", "accuracy", "test_loss", "val_loss", "loss")
"""Accuracy and loss on the test images, on the validation images after an epoch, and on the training images.

On training images an epoch's values are means over its steps, while the weights change. Those of a finished run are of
the model as it was saved.
"""
COSTS = ("params", "macs", "time")
AXES = ("epoch", "step", "seconds")
HOW = ("last", "best")
CONFIDENCE = 0.95


def last(run: Run, metric: str) -> float | None:
    """One of `MEASURES` after the last epoch; None before the first."""
    of_saved = (run.result or {}).get(f"train_{metric}")
    if of_saved is not None:
        return of_saved
    values = _series(run, metric)
    return values[-1] if values else None


def best(run: Run, metric: str) -> float | None:
    """The highest accuracy, or the lowest loss, of all epochs; None before the first."""
    values = _series(run, metric)
    return (min if metric.endswith("loss") else max)(values) if values else None


def overfit(run: Run, how: str = "last") -> float | None:
    """Training accuracy minus validation accuracy, of the last model or of the epoch with the best validation."""
    if not run.history["accuracy"]:
        return None
    validation = run.history["val_accuracy"]
    of_saved = (run.result or {}).get("train_accuracy")
    if how == "last" and of_saved is not None:
        return of_saved - validation[saved_epoch(run)]
    return overfit_by_epoch(run)[-1 if how == "last" else validation.index(max(validation))]


def saved_epoch(run: Run) -> int:
    """The epoch, counted from 0, whose model is saved: the last, or with patience that with the lowest val_loss."""
    losses = run.history["val_loss"]
    return max(0, len(losses) - 1) if run.spec["recipe"].get("patience") is None else losses.index(min(losses))


def overfit_by_epoch(run: Run) -> list[float]:
    """Training accuracy minus validation accuracy, one value per epoch."""
    pairs = zip(run.history["accuracy"], run.history["val_accuracy"], strict=True)
    return [training - validation for training, validation in pairs]


def value(run: Run, key: str, how: str = "last") -> float | None:
    """One of `MEASURES` or `COSTS`; None if not known."""
    if key == "params":
        return run.plan.params
    if key == "macs":
        return run.plan.macs
    if key == "time":
        return sum(run.history["seconds"]) or None
    return (best if how == "best" else last)(run, key)


def positions(run: Run, axis: str, epochs: int | None = None) -> list[float]:
    """The end of each epoch, or of so many, on one of `AXES`: epochs, steps or seconds so far; [] if not known."""
    ends = range(1, (len(run.history["seconds"]) if epochs is None else epochs) + 1)
    if axis == "epoch":
        return list(ends)
    if axis == "seconds":
        return list(accumulate(run.history["seconds"][:epochs]))
    if axis != "step":
        raise ValueError(f"Curves are drawn over {', '.join(AXES)}, got {axis!r}.")
    steps = _steps(run)
    return [end * steps for end in ends] if steps else []


def _steps(run: Run) -> float | None:
    """Steps per epoch, from the recipe for a run that waits to be resumed and has reported no progress."""
    recipe = run.spec["recipe"]
    if run.progress.get("steps"):
        return run.progress["steps"]
    return math.ceil(recipe["train_images"] / recipe["batch_size"]) if recipe.get("train_images") else None


def data_name(run: Run) -> str:
    """Name of the run's data set; one's own data set is specified by a folder of that name."""
    name = run.spec["data"]
    return Path(name).name if Path(name).is_absolute() else name


def settings(run: Run) -> dict[str, Any]:
    """The settings of a run, including the seed, in one flat dictionary; without unset ones."""
    spec = run.spec["plan"]
    head = {f"head {name}": value for name, value in spec["head"].items() if name != "name"}
    own = {name: value for name, value in spec.items() if name not in ("backbone", "head", "input_shape", "classes")}
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
    return {name.replace("_", " "): value for name, value in flat.items() if value is not None and value != []}


def differing(runs: Sequence[Run]) -> dict[str, list[Any]]:
    """The settings in which runs differ, with one value per run; None if the run does not have the setting."""
    by_run = [settings(run) for run in runs]
    names = dict.fromkeys(name for chosen in by_run for name in chosen)
    table = {name: [chosen.get(name) for chosen in by_run] for name in names}
    return {name: values for name, values in table.items() if _differ(name, values)}


def _differ(name: str, values: list[Any]) -> bool:
    # A head that lacks the setting of another head is listed as another head already.
    compared = [value for value in values if value is not None] if name.startswith("head ") else values
    return any(value != compared[0] for value in compared)


@dataclass(frozen=True)
class Group:
    """Finished runs that differ only in the seed: their common `settings`, and the measured value of each run.

    `runs` has one per seed, sorted by seed: the newest of several runs with one seed, which have equal results.
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
        """Half the width of the 95 % confidence interval of the mean; None for a single seed."""
        return margin(self.values)

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % confidence interval of the mean over seeds, by Student's t; None for a single seed."""
        return None if self.margin is None else (self.mean - self.margin, self.mean + self.margin)


def groups(runs: Sequence[Run], metric: str = "test", how: str = "last") -> list[Group]:
    """Finished runs grouped over their seeds by one of `MEASURES`, the best mean first."""
    if metric not in MEASURES:
        raise ValueError(f"Seeds cannot be compared by {metric!r}. Use one of: {', '.join(MEASURES)}.")
    by_settings: dict[str, dict[int, Run]] = {}
    for run in runs:
        if run.state == "done" and value(run, metric, how) is not None:
            shared = json.dumps(_without_seed(run), sort_keys=True)
            by_settings.setdefault(shared, {}).setdefault(run.spec["recipe"]["seed"], run)
    result = []
    for by_seed in by_settings.values():
        chosen = tuple(by_seed[seed] for seed in sorted(by_seed))
        values = tuple(measured for run in chosen if (measured := value(run, metric, how)) is not None)
        result.append(Group(_without_seed(chosen[0]), chosen, values))
    return sorted(result, key=lambda group: group.mean if metric.endswith("loss") else -group.mean)


def _without_seed(run: Run) -> dict[str, Any]:
    return {name: value for name, value in settings(run).items() if name != "seed"}


def paired_difference(first: Group, second: Group) -> tuple[float, float] | None:
    """Mean of `first` − `second` over shared seeds and half its 95 % interval; None for fewer than two shared seeds.

    With the same seed two heads start on equal backbones and see the images in the same order, so much chance cancels.
    """
    other = dict(zip(second.seeds, second.values, strict=True))
    differences = [value - other[seed] for seed, value in zip(first.seeds, first.values, strict=True) if seed in other]
    half = margin(differences)
    return None if half is None else (float(np.mean(differences)), half)


def margin(values: Sequence[float]) -> float | None:
    """Half the width of the 95 % interval of the mean, by Student's t; None for fewer than two values."""
    if len(values) < 2:
        return None
    # Imported here because no first page needs it. scipy.stats.t.ppf takes five times as long to load.
    with named_extras():
        from scipy.special import stdtrit

    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return float(stdtrit(len(values) - 1, (1 + CONFIDENCE) / 2)) * error


def confusion(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """The confusion matrix: int64 (K, K), one row per true class, one column per predicted class, from numbers (N,)."""
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
