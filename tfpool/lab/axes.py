"""What both readers of a figure, the page and the file, have to work out alike: places, ranges, and words on axes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from tfpool.lab.figure import Figure
from tfpool.system.format import short

FEWEST = 2
"""Places that bars have room for at least: a few do not have to fill a figure."""
_AIR = 0.5
"""Share of the values' own range by which intervals may widen it: those of a few seeds would squeeze the values."""
_SPARE = 0.06
_LOG_SPARE = 1.3


def places(figure: Figure) -> list[str]:
    """What stands along the horizontal axis in places of equal width; nothing where a line has numbers there."""
    found = [x for series in figure.series for x in series.x]
    if figure.kind == "line" and not any(isinstance(x, str) for x in found):
        return []
    return list(dict.fromkeys(map(named, found)))


def named(value: Any) -> str:
    """A value on an axis in words: 250, 1,000, 25 M, 0.001."""
    if isinstance(value, str):
        return value
    if abs(value) >= 10_000:
        return short(round(value))
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:g}"


def far_apart(numbers: Sequence[float], least: float) -> bool:
    """Whether neighbours are this share of the whole range apart, so that a label at each has room."""
    gaps = [after - before for before, after in itertools.pairwise(numbers)]
    return bool(gaps) and min(gaps) >= least * (numbers[-1] - numbers[0])


def heights(figures: Sequence[Figure]) -> list[tuple[float, float]]:
    """The range of each figure's vertical axis; one for all that measure the same, so that they compare by eye."""
    alike: dict[tuple[str, str, bool], list[tuple[float, float]]] = {}
    for figure in figures:
        alike.setdefault(_measured(figure), []).append(_height(figure))
    found = {key: (min(low for low, _ in ends), max(high for _, high in ends)) for key, ends in alike.items()}
    return [found[_measured(figure)] for figure in figures]


def _measured(figure: Figure) -> tuple[str, str, bool]:
    return figure.y, figure.kind, figure.log


def _height(figure: Figure) -> tuple[float, float]:
    values = [y for series in figure.series for y in series.y if y is not None]
    values += [] if figure.level is None else [figure.level]
    if figure.log:
        positive = [value for value in values if value > 0] or [1.0]
        return min(positive) / _LOG_SPARE, max(positive) * _LOG_SPARE
    values += [0.0] if figure.kind == "bar" or not values else []
    low, high = min(values), max(values)
    span = (high - low) or abs(high) or 1.0
    ends = [end for series in figure.series for each in (series.low, series.high) for end in each if end is not None]
    bottom = max(min([low, *ends]) - _SPARE * span, low - _AIR * span)
    top = min(max([high, *ends]) + _SPARE * span, high + _AIR * span)
    if figure.percent:
        # Neither a share nor a difference of shares exceeds 1, whatever an interval may say.
        top = min(top, max(1.03, high))
    return (0.0 if figure.kind == "bar" and low >= 0 else bottom), top
