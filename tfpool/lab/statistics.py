"""Effects with 95 % intervals: Student's t over seeds, the bootstrap for repeated measurements."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tfpool.system.extras import named_extras
from tfpool.tracking.results import margin

UNITS = ("points", "share", "ratio", "number")
"""Differences in percentage points, fractions in percent, ratios as ×, and plain numbers."""
_RESAMPLES = 9999


@dataclass(frozen=True)
class Effect:
    """A mean with the ends of its 95 % interval, of `count` pairs or measurements.

    `name` says in a few words what is compared with what. `unit` is one of `UNITS`; a "share" is a fraction from 0 to
    1. `answer` to the question that the claim's rule asks: "yes", "no" or "open"; empty where the rule asks none.
    """

    name: str
    value: float
    low: float
    high: float
    count: int
    unit: str = "points"
    answer: str = ""

    def __str__(self) -> str:
        return f"{format_value(self.value, self.unit)} ({_between(self.low, self.high, self.unit)})"

    def __format__(self, words: str) -> str:
        """As part of a sentence: with "higher/lower", 5.2 points higher (4.7 to 5.7)."""
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


def format_value(value: float, unit: str) -> str:
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
    return f"{format_value(low, unit)} to {format_value(high, unit)}"


def _points(fraction: float) -> str:
    return f"{abs(round(100 * fraction, 1)):.1f}"


def _signed(fraction: float) -> str:
    # Adding zero turns -0.0 into 0.0.
    return f"{round(100 * fraction, 1) + 0.0:+.1f}"


def paired(name: str, first: Mapping[Any, float], second: Mapping[Any, float], unit: str = "points") -> Effect:
    """Mean difference of `first` and `second`, paired by seed; for the unit "ratio" the geometric mean of the ratios.

    With the same seed two heads start on equal backbones and see the images in the same order, so much of the
    randomness cancels.
    """
    if set(first) != set(second):
        raise ValueError(f"{name!r} needs the same seeds on both sides, got {sorted(first)} and {sorted(second)}.")
    pairs = [(first[seed], second[seed]) for seed in first]
    if unit == "ratio":
        if any(value <= 0 for pair in pairs for value in pair):
            raise ValueError(f"The ratio {name!r} needs numbers above zero, got {min(map(min, pairs))}.")
        return over_seeds(name, [math.log(one / other) for one, other in pairs], unit, np.exp)
    return over_seeds(name, [one - other for one, other in pairs], unit)


def over_seeds(
    name: str, values: Sequence[float], unit: str = "points", back: Callable[[float], float] = float
) -> Effect:
    """The mean over seeds with its interval by Student's t; `back` inverts what was done to values before averaging."""
    half = margin(values)
    if half is None:
        raise ValueError(f"An interval of {name!r} needs at least two seeds, got {len(values)}.")
    mean = float(np.mean(values))
    low, high = float(back(mean - half)), float(back(mean + half))
    if unit == "share":
        # Student's t does not know that fractions end at 0 and 1.
        low, high = max(low, 0.0), min(high, 1.0)
    return Effect(name, float(back(mean)), low, high, len(values), unit)


def bootstrapped(name: str, values: Sequence[float], unit: str = "ratio", seed: int = 0) -> Effect:
    """The median of repeated measurements with its percentile bootstrap interval (Efron 1979).

    Suits timings: the median is robust to interruptions. With a handful of seeds the interval would be too narrow.
    """
    if len(values) < 2:
        raise ValueError(f"An interval of {name!r} needs at least two measurements, got {len(values)}.")
    middle = float(np.median(values))
    if np.ptp(values) == 0:
        return Effect(name, middle, middle, middle, len(values), unit)
    # Loading takes a third of a second, which only timings need.
    with named_extras():
        from scipy.stats import bootstrap

    result = bootstrap((np.asarray(values),), np.median, n_resamples=_RESAMPLES, method="percentile", rng=seed)
    low, high = result.confidence_interval
    return Effect(name, middle, float(low), float(high), len(values), unit)
