"""Selecting measurements from records, for the rules and tables of claims."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tfpool.lab.figure import Series
from tfpool.lab.protocol import Record
from tfpool.lab.statistics import Effect, over_seeds, paired

Measure = str | Callable[[Record], float]
"""Name of a measure in a record, or a function that computes one from it."""


def select(records: Sequence[Record], **factors: Any) -> list[Record]:
    """The records with these factors."""
    return [record for record in records if all(record[name] == value for name, value in factors.items())]


def levels(records: Sequence[Record], factor: str) -> list[Any]:
    """The distinct values of a factor, in the order of the records."""
    return list(dict.fromkeys(record[factor] for record in records))


def by_seed(records: Sequence[Record], measure: Measure, **factors: Any) -> dict[int, float]:
    """A measure by seed, of the records with these factors; a ValueError if they leave several records for one seed."""
    values: dict[int, float] = {}
    for record in select(records, **factors):
        if record["seed"] in values:
            raise ValueError(f"Expected one record per seed, got several with seed {record['seed']} and {factors}.")
        values[record["seed"]] = measure(record) if callable(measure) else record[measure]
    return values


def mean(records: Sequence[Record], measure: Measure, unit: str = "share", **factors: Any) -> Effect:
    """The mean of a measure over seeds, with its interval."""
    return over_seeds(", ".join(map(str, factors.values())), list(by_seed(records, measure, **factors).values()), unit)


def means(records: Sequence[Record], name: str, **factors: Any) -> list[Effect]:
    """The mean of each value of a list in the records."""
    length = len(select(records, **factors)[0][name])
    return [mean(records, nth(name, index), **factors) for index in range(length)]


def texts(records: Sequence[Record], measures: Iterable[Measure], **factors: Any) -> list[str]:
    """The means of measures with their intervals, as cells of a table."""
    return [str(mean(records, measure, **factors)) for measure in measures]


def compare(
    name: str,
    records: Sequence[Record],
    measure: Measure,
    first: Mapping[str, Any],
    second: Mapping[str, Any],
    unit: str = "points",
) -> Effect:
    """A measure of the records with the factors `first` against that of those with the factors `second`."""
    return paired(name, by_seed(records, measure, **first), by_seed(records, measure, **second), unit)


def nth(name: str, index: int) -> Callable[[Record], float]:
    """A measure: one value of a list in each record."""
    return lambda record: record[name][index]


def line(name: str, x: Iterable[Any], effects: Iterable[Effect], head: str = "") -> Series:
    """A line or bars with intervals: one effect per x."""
    effects = list(effects)
    low, high = [effect.low for effect in effects], [effect.high for effect in effects]
    return Series(name, list(x), [effect.value for effect in effects], low, high, head)


def by_head(
    records: Sequence[Record], names: Mapping[str, str], measure: Measure, factor: str, unit: str = "share", **of: Any
) -> list[Series]:
    """A line, or bars, for each head in `names`: the mean of a measure at each level of a factor."""
    x = levels(select(records, **of), factor)
    return [
        line(name, x, [mean(records, measure, unit, head=head, **{factor: level}, **of) for level in x], head)
        for head, name in names.items()
    ]
