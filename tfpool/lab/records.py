"""Picking measurements out of records, for the rules and tables of claims."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tfpool.lab.figure import Series
from tfpool.lab.protocol import Record
from tfpool.lab.statistics import Effect, over_seeds


def chosen(records: Sequence[Record], **factors: Any) -> list[Record]:
    """The records with these factors."""
    return [each for each in records if all(each[name] == value for name, value in factors.items())]


def levels(records: Sequence[Record], factor: str) -> list[Any]:
    """The values of a factor, in the order they come in."""
    return list(dict.fromkeys(each[factor] for each in records))


def by_seed(records: Sequence[Record], measure: str | Callable[[Record], float], **factors: Any) -> dict[int, float]:
    """A measure of the records with these factors, a value a seed.

    Args:
        records: all that were taken.
        measure: the name of one, or what makes it of a record.
        factors: which records.

    Raises:
        ValueError: if several records have one seed, so that the factors do not tell them apart.
    """
    found: dict[int, float] = {}
    for each in chosen(records, **factors):
        if each["seed"] in found:
            raise ValueError(f"Two records have seed {each['seed']} and {factors}.")
        found[each["seed"]] = measure(each) if callable(measure) else each[measure]
    return found


def mean(
    records: Sequence[Record], measure: str | Callable[[Record], float], unit: str = "share", **factors: Any
) -> Effect:
    """The mean of a measure over seeds, with its interval."""
    return over_seeds(", ".join(map(str, factors.values())), list(by_seed(records, measure, **factors).values()), unit)


def nth(name: str, index: int) -> Callable[[Record], float]:
    """A measure: one value of a list that each record has."""
    return lambda record: record[name][index]


def line(name: str, x: Iterable[Any], effects: Iterable[Effect], head: str = "") -> Series:
    """A line or bars with intervals, of an effect at each x."""
    given = list(effects)
    return Series(
        name, list(x), [each.value for each in given], [each.low for each in given], [each.high for each in given], head
    )
