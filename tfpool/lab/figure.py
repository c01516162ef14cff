"""A figure as plain data, and its layout: ranges, ticks and colors. Renderers only make the drawing calls."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tfpool.networks.line_colors import line_colors
from tfpool.system.format import short

KINDS = ("line", "bar")
_MIN_BARS = 2
"""Bars leave room for as many groups at least, so that one alone does not fill a figure."""
_LABEL_DISTANCE = 0.12
"""Fraction of an axis of numbers between two labels at least."""
_PADDING, _LOG_PADDING = 0.06, 1.3
_INTERVAL_ROOM = 0.5
"""Fraction of the values' range by which intervals may widen it: those of a few seeds would squeeze the values."""


@dataclass(frozen=True)
class Series:
    """A line, or the bars of one color: `name` in the legend, `x` as numbers or names, one `y` per x.

    `low` and `high` are the 95 % interval of each value, empty where there is none. `head` is the head whose color the
    series has; empty for a color of its own.
    """

    name: str
    x: Sequence[Any]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    head: str = ""

    @property
    def error_bars(self) -> tuple[list[float], list[float]]:
        """Distances from each value down and up to the ends of its interval; none where there is no interval."""
        # Rounding may put an end on the wrong side of its value.
        below = [max(0.0, y - low) for y, low in zip(self.y, self.low, strict=False)]
        return below, [max(0.0, high - y) for y, high in zip(self.y, self.high, strict=False)]


@dataclass(frozen=True)
class Figure:
    """What is drawn: words at the top and along the axes, and lines or bars (`kind` "line" or "bar").

    `percent`: values are fractions, shown in percent. `log`: the vertical axis is logarithmic; `log_x`: the horizontal
    one. `level` is a horizontal line to compare with, such as chance, and `level_name` its name in the legend.
    """

    title: str
    x: str
    y: str
    series: Sequence[Series]
    kind: str = "line"
    percent: bool = True
    log: bool = False
    log_x: bool = False
    level: float | None = None
    level_name: str = ""

    def record(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, record: dict[str, Any]) -> Figure:
        """The figure that `record` came from."""
        return cls(**{**record, "series": tuple(Series(**series) for series in record["series"])})

    @property
    def alt_text(self) -> str:
        """The figure in words, for screen readers."""
        return f"{self.title}: {self.y} by {self.x}, for {', '.join(series.name for series in self.series)}"


@dataclass(frozen=True)
class Axis:
    """An axis: its `ends`, None to fit what is drawn, and labels by position, none where the renderer chooses."""

    ends: tuple[float, float] | None
    ticks: Mapping[float, str]
    log: bool


@dataclass(frozen=True)
class Panel:
    """A figure with all that is worked out before it is drawn.

    `positions` of each series' values along the horizontal axis; `colors` by names of series, the same in all panels of
    a finding.
    """

    figure: Figure
    x: Axis
    y: Axis
    positions: Sequence[Sequence[float]]
    colors: Mapping[str, str]


def panels(figures: Sequence[Figure]) -> list[Panel]:
    """Lay out a finding's figures; those that measure the same have one vertical range, to be compared by eye."""
    colors = line_colors((series.name, series.head) for figure in figures for series in figure.series)
    alike: dict[tuple[str, str, bool], list[tuple[float, float]]] = {}
    for figure in figures:
        alike.setdefault((figure.y, figure.kind, figure.log), []).append(_y_range(figure))
    laid_out = []
    for figure in figures:
        lows, highs = zip(*alike[figure.y, figure.kind, figure.log], strict=True)
        ends = min(lows), max(highs)
        ticks = _log_ticks(*ends) if figure.log else ()
        x, positions = _x_axis(figure)
        y = Axis(ends, {tick: label(tick) for tick in ticks}, figure.log)
        laid_out.append(Panel(figure, x, y, positions, colors))
    return laid_out


def label(value: Any) -> str:
    """A value on an axis in words: 250, 1,000, 25 M, 0.001."""
    if isinstance(value, str):
        return value
    if abs(value) >= 10_000:
        return short(round(value))
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:g}"


def _x_axis(figure: Figure) -> tuple[Axis, list[list[float]]]:
    """The horizontal axis, and each series' positions on it: its numbers, or the places of its names."""
    values = [x for series in figure.series for x in series.x]
    if figure.kind == "bar" or any(isinstance(x, str) for x in values):
        names = list(dict.fromkeys(map(label, values)))
        margin = 0.5 + max(0.0, (_MIN_BARS - len(names)) / 2)
        axis = Axis((-margin, len(names) - 1 + margin), dict(enumerate(names)), log=False)
        return axis, [[names.index(label(x)) for x in series.x] for series in figure.series]
    ticks: list[float] = []
    for x in sorted(set(values)):
        if figure.log_x or not ticks or x - ticks[-1] >= _LABEL_DISTANCE * (max(values) - min(values)):
            ticks.append(x)
    # Values between whole numbers make poor labels.
    if not figure.log_x and any(isinstance(x, float) for x in values):
        ticks = []
    return Axis(None, {x: label(x) for x in ticks}, figure.log_x), [list(series.x) for series in figure.series]


def _y_range(figure: Figure) -> tuple[float, float]:
    values = [y for series in figure.series for y in series.y]
    values += [] if figure.level is None else [figure.level]
    if figure.log:
        positive = [value for value in values if value > 0] or [1.0]
        low, high = min(positive) / _LOG_PADDING, max(positive) * _LOG_PADDING
        # The ends are labeled: values within a power of ten have two labels at least.
        steps = [step * 10.0**power for power in range(*_powers(low, high)) for step in (1, 2, 5)]
        return max(step for step in steps if step <= low), min(step for step in steps if step >= high)
    values += [0.0] if figure.kind == "bar" or not values else []
    low, high = min(values), max(values)
    span = (high - low) or abs(high) or 1.0
    ends = [end for series in figure.series for end in (*series.low, *series.high)]
    bottom = max(min([low, *ends]) - _PADDING * span, low - _INTERVAL_ROOM * span)
    top = min(max([high, *ends]) + _PADDING * span, high + _INTERVAL_ROOM * span)
    if figure.percent:
        # Neither a fraction nor a difference of fractions exceeds 1, whatever an interval may say.
        top = min(top, max(1.03, high))
    return (0.0 if figure.kind == "bar" and low >= 0 else bottom), top


def _log_ticks(low: float, high: float) -> list[float]:
    steps = (1,) if high > 100 * low else (1, 2, 5)
    ticks = (step * 10.0**power for power in range(*_powers(low, high)) for step in steps)
    return [tick for tick in ticks if low <= tick <= high]


def _powers(low: float, high: float) -> tuple[int, int]:
    return math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1
