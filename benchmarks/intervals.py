"""How often does a 95 % interval of a few seeds hold the true mean? Student's t beside two bootstraps.

python benchmarks/intervals.py [--values 5] [--draws 2000]

For each kind of spread, so many times: draw a few values, make the interval, see whether the true mean lies in it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tfpool.lab.statistics import over_seeds
from tfpool.system.format import table

SPREADS: dict[str, tuple[Callable[..., np.ndarray], float]] = {
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
        return np.array([each.low for each in effects]), np.array([each.high for each in effects])
    drawn = stats.bootstrap((values,), np.mean, axis=1, n_resamples=RESAMPLES, method=method, rng=0)
    return drawn.confidence_interval.low, drawn.confidence_interval.high


def coverage(values: int, draws: int) -> dict[str, dict[str, float]]:
    """How often each method's interval holds the mean, by method and spread."""
    found: dict[str, dict[str, float]] = {}
    for method in METHODS:
        for spread, (make, mean) in SPREADS.items():
            low, high = intervals(make(np.random.default_rng(0), (draws, values)), METHODS[method])
            found.setdefault(method, {})[spread] = float(np.mean((low <= mean) & (mean <= high)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--values", type=int, default=VALUES)
    parser.add_argument("--draws", type=int, default=DRAWS)
    args = parser.parse_args()
    found = coverage(args.values, args.draws)
    print(f"{args.values} values, {args.draws:,} times: how often a 95 % interval holds the mean\n")
    rows = [(method, *(f"{share:.1%}" for share in shares.values())) for method, shares in found.items()]
    print(table(("interval", *SPREADS), rows, right=(1, 2, 3)))


if __name__ == "__main__":
    main()
