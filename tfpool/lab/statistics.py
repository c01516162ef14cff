"""Effects with their intervals: pairs over seeds by Student's t, repeated measurements by the bootstrap."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tfpool.tracking.results import margin

UNITS = ("points", "share", "ratio", "number")
"""Differences of shares in percentage points, shares in percent, ratios as ×, and plain numbers."""
_DRAWS = 9999


@dataclass(frozen=True)
class Effect:
    """How large something is, with a 95 % interval.

    Attributes:
        name: what is compared with what, in a few words.
        value, low, high: the mean and where it lies with 95 % confidence; a share is from 0 to 1.
        count: number of pairs or measurements behind it.
        unit: one of `UNITS`.
        answer: what it says to the question that a claim's rule asks of it, "yes", "no" or "open"; empty where it
            decides nothing.
    """

    name: str
    value: float
    low: float
    high: float
    count: int
    unit: str = "points"
    answer: str = ""

    def __str__(self) -> str:
        return f"{shown(self.value, self.unit)} ({_between(self.low, self.high, self.unit)})"

    def __format__(self, words: str) -> str:
        """In a sentence: with the words "higher/lower", 5.2 points higher (4.7 to 5.7)."""
        if not words:
            return str(self)
        more, less = words.split("/")
        low, high = sorted((self.low, self.high), key=abs)
        if self.low <= 0 <= self.high:
            ends = f"{_points(self.low)} {less} to {_points(self.high)} {more}"
        else:
            ends = f"{_points(low)} to {_points(high)}"
        return f"{_points(self.value)} points {more if self.value >= 0 else less} ({ends})"

    def record(self) -> dict[str, Any]:
        return asdict(self)


def shown(value: float, unit: str) -> str:
    """A number in its unit: +1.2 points, 63.0 %, 1.25×."""
    if unit == "points":
        return f"{_signed(value)} points"
    if unit == "share":
        return f"{value:.1%}"
    if unit == "ratio":
        return f"{value:.3g}×" if value < 100 else f"{value:,.0f}×"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def _between(low: float, high: float, unit: str) -> str:
    if unit == "points":
        return f"{_signed(low)} to {_signed(high)}"
    return f"{shown(low, unit)} to {shown(high, unit)}"


def _points(share: float) -> str:
    return f"{abs(round(100 * share, 1)):.1f}"


def _signed(share: float) -> str:
    # Without adding zero, a little below it reads as -0.0.
    return f"{round(100 * share, 1) + 0.0:+.1f}"


def paired(name: str, first: Mapping[Any, float], second: Mapping[Any, float], unit: str = "points") -> Effect:
    """How much `first` exceeds `second`, seed by seed: the mean difference, or for the unit "ratio" the mean ratio.

    Two heads of one seed start on equal backbones and see the images in one order, so much of chance cancels. The mean
    of ratios is the geometric one.

    Args:
        name: of the effect.
        first, second: a value a seed.

    Raises:
        ValueError: if they have other seeds, or fewer than two: one pair says nothing of the others.
    """
    if set(first) != set(second):
        raise ValueError(f"{name!r} compares pairs, got the seeds {sorted(first)} and {sorted(second)}.")
    pairs = [(first[seed], second[seed]) for seed in first]
    if unit == "ratio":
        if any(value <= 0 for pair in pairs for value in pair):
            raise ValueError(f"The ratio {name!r} needs numbers above zero, got {min(map(min, pairs))}.")
        return over_seeds(name, [math.log(one / other) for one, other in pairs], unit, np.exp)
    return over_seeds(name, [one - other for one, other in pairs], unit)


def over_seeds(
    name: str, values: Sequence[float], unit: str = "points", back: Callable[[float], float] = float
) -> Effect:
    """The mean of a value a seed, with its interval by Student's t.

    Args:
        name: of the effect.
        values: one a seed.
        unit: one of `UNITS`.
        back: undoes what was done to the values to average them.

    Raises:
        ValueError: for fewer than two values.
    """
    half = margin(values)
    if half is None:
        raise ValueError(f"An interval of {name!r} needs at least two seeds, got {len(values)}.")
    mean = float(np.mean(values))
    low, high = float(back(mean - half)), float(back(mean + half))
    if unit == "share":
        # Student's t knows nothing of the ends that shares have.
        low, high = max(low, 0.0), min(high, 1.0)
    return Effect(name, float(back(mean)), low, high, len(values), unit)


def bootstrapped(name: str, values: Sequence[float], unit: str = "ratio", seed: int = 0) -> Effect:
    """The median of many repeated measurements, with its bootstrap interval of percentiles (Efron 1979).

    For what is measured again and again, such as a time: machines interrupt, and a median does not mind. For a handful
    of seeds such an interval is too narrow.

    Args:
        name: of the effect.
        values: repeated measurements.
        unit: one of `UNITS`.
        seed: of the draws.

    Raises:
        ValueError: for fewer than two values.
    """
    if len(values) < 2:
        raise ValueError(f"An interval of {name!r} needs at least two measurements, got {len(values)}.")
    middle = float(np.median(values))
    if np.ptp(values) == 0:
        return Effect(name, middle, middle, middle, len(values), unit)
    # A third of a second that only those who measure times have to wait for.
    from scipy.stats import bootstrap

    drawn = bootstrap((np.asarray(values),), np.median, n_resamples=_DRAWS, method="percentile", rng=seed)
    low, high = drawn.confidence_interval
    return Effect(name, middle, float(low), float(high), len(values), unit)
