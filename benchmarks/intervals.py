"""How often does a 95 % interval over a few seeds contain the true mean? Student's t beside two bootstraps.

python benchmarks/intervals.py [--values 5] [--draws 2000] [--short]

For each distribution, many times: draw a few values, make the interval, and see whether it contains the true mean.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.report import Rows, options
from tfpool.lab.statistics import over_seeds

DISTRIBUTIONS: dict[str, tuple[Callable[..., np.ndarray], float]] = {
    "normal": (lambda random, size: random.normal(0.0, 1.0, size), 0.0),
    "uniform": (lambda random, size: random.uniform(-1.0, 1.0, size), 0.0),
    "exponential": (lambda random, size: random.exponential(1.0, size), 1.0),
}
VALUES, DRAWS, RESAMPLES = 5, 2000, 999
METHODS = {"Student's t": "t", "bootstrap, percentiles": "percentile", "bootstrap, BCa": "BCa"}


def intervals(values: np.ndarray, method: str) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper ends (draws,) of the intervals of values (draws, seeds)."""
    if method == "t":
        effects = [over_seeds("", row) for row in values.tolist()]
        return np.array([effect.low for effect in effects]), np.array([effect.high for effect in effects])
    resampled = stats.bootstrap((values,), np.mean, axis=1, n_resamples=RESAMPLES, method=method, rng=0)
    return resampled.confidence_interval.low, resampled.confidence_interval.high


def coverage_of(method: str, values: int, draws: int) -> dict[str, float]:
    """How often one method's interval contains the mean, by distribution."""
    fractions = {}
    for name, (draw, mean) in DISTRIBUTIONS.items():
        low, high = intervals(draw(np.random.default_rng(0), (draws, values)), METHODS[method])
        fractions[name] = float(np.mean((low <= mean) & (mean <= high)))
    return fractions


def coverage(values: int, draws: int) -> dict[str, dict[str, float]]:
    """How often each method's interval contains the mean, by method and distribution."""
    return {method: coverage_of(method, values, draws) for method in METHODS}


def main() -> None:
    settings = options(__doc__, values=(VALUES, VALUES), draws=(DRAWS, 200)).parse_args()
    print(f"{settings.values} values, {settings.draws:,} times: how often a 95 % interval contains the mean")
    rows = Rows("interval", *DISTRIBUTIONS, first_width=24)
    for method in METHODS:
        fractions = coverage_of(method, settings.values, settings.draws)
        rows.add(method, *(f"{fraction:.1%}" for fraction in fractions.values()))


if __name__ == "__main__":
    main()
