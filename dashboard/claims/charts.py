"""Plotly figures of a claim's finding. What they say comes from a file, so it is escaped."""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from dashboard.common import charts
from tfpool.head_colors import coloured
from tfpool.lab import axes
from tfpool.lab.figure import Figure, Series

_HEIGHT = 330
_MARKED = 12
"""Points of a line up to which each is marked."""
_INK = "#888888"
"""Of intervals and levels: seen on a light and on a dark page."""
_APART = 0.09
"""Share of the width that two labels on an axis of numbers need at least."""


def colours(figures: Sequence[Figure]) -> dict[str, str]:
    """A colour for each name, the same in all figures of a finding."""
    return coloured((series.name, series.head) for figure in figures for series in figure.series)


def draw(figure: Figure, colour: Mapping[str, str], height: tuple[float, float]) -> go.Figure:
    """A figure without its title, which would not wrap on a narrow page.

    Args:
        figure: what to draw.
        colour: of each series, by its name.
        height: range of the vertical axis.
    """
    names = axes.places(figure)
    where = "%{customdata}: " + ("%{y:.1%}" if figure.percent else "%{y:,.4~g}")
    traces = []
    for number, series in enumerate(figure.series):
        if figure.kind == "bar":
            places = [names.index(axes.named(x)) for x in series.x]
            traces.append(_bars(series, places, colour[series.name], where))
        else:
            places = [names.index(axes.named(x)) for x in series.x] if names else list(series.x)
            traces += _line(series, places, colour[series.name], where, number)
    shapes = []
    if figure.level is not None:
        line = {"color": _INK, "dash": "dash", "width": 1.5}
        across = {"type": "line", "xref": "x domain", "x0": 0, "x1": 1, "y0": figure.level, "y1": figure.level}
        shapes.append({**across, "line": line})
        if figure.level_name:
            level = {"mode": "lines", "line": line, "name": html.escape(figure.level_name)}
            traces.append(charts.trace("scatter", x=[None], y=[None], **level))
    layout = {
        "barmode": "group",
        "bargap": 0.25,
        "height": _HEIGHT,
        "shapes": shapes,
        "xaxis": {"title": {"text": _wrapped(figure.x, 44)}, "zeroline": False, **_across(figure, names)},
        "yaxis": {
            "title": {"text": _wrapped(figure.y, 30)},
            "zeroline": figure.kind == "bar",
            **_upright(figure, *height),
        },
        **charts.frame(legend=len(figure.series) > 1 or bool(figure.level_name)),
    }
    return charts.figure(traces, layout)


def _bars(series: Series, places: Sequence[int], colour: str, where: str) -> charts.Trace:
    error = None
    if series.low:
        # What rounding puts on the wrong side is no length.
        above = [_length(high, value) for high, value in zip(series.high, series.y, strict=True)]
        below = [_length(value, low) for value, low in zip(series.y, series.low, strict=True)]
        error = {"array": above, "arrayminus": below, "color": _INK, "thickness": 1.5, "width": 4}
    return charts.trace(
        "bar",
        x=list(places),
        y=list(series.y),
        name=html.escape(series.name),
        marker={"color": colour},
        error_y=error,
        customdata=[html.escape(axes.named(x)) for x in series.x],
        hovertemplate=where,
    )


def _line(series: Series, places: Sequence[float], colour: str, where: str, number: int) -> list[charts.Trace]:
    """A line, behind it the band of its intervals where it has them."""
    whole = [number for number, y in enumerate(series.y) if y is not None]
    band = []
    if series.low and len(whole) > 1:
        ends = [*(series.high[each] for each in whole), *(series.low[each] for each in reversed(whole))]
        drawn = charts.trace(
            "scatter",
            x=[*(places[each] for each in whole), *(places[each] for each in reversed(whole))],
            y=ends,
            fill="toself",
            fillcolor=_see_through(colour, 0.15),
            line={"width": 0},
            mode="lines",
            hoverinfo="skip",
            showlegend=False,
            legendgroup=series.name,
        )
        band.append(drawn)
    line = charts.trace(
        "scatter",
        x=list(places),
        y=list(series.y),
        name=html.escape(series.name),
        legendgroup=series.name,
        line={"color": colour, "dash": charts.DASHES[number % len(charts.DASHES)]},
        marker={"symbol": charts.SYMBOLS[number % len(charts.SYMBOLS)], "size": 8},
        mode="lines+markers" if len(places) <= _MARKED else "lines",
        customdata=[html.escape(axes.named(x)) for x in series.x],
        hovertemplate=where,
    )
    return [*band, line]


def _upright(figure: Figure, bottom: float, top: float) -> dict[str, Any]:
    """Units and range."""
    if figure.log:
        ends = [math.log10(bottom), math.log10(top)]
        # Two labels at least, where values stay within a power of ten.
        steps = (1,) if ends[1] - ends[0] > 2 else (1, 2, 5)
        powers = range(math.floor(ends[0]), math.ceil(ends[1]) + 1)
        found = [step * 10.0**power for power in powers for step in steps]
        return {"type": "log", "range": ends, "tickvals": found, "ticktext": [axes.named(each) for each in found]}
    unit = charts.percent(bottom, top) if figure.percent else {}
    return {"range": [bottom, top], **unit}


def _across(figure: Figure, names: Sequence[str]) -> dict[str, Any]:
    if names:
        margin = max(0.0, (axes.FEWEST - len(names)) / 2)
        labels = [_wrapped(name, 14) for name in names]
        ends = [-0.5 - margin, len(names) - 0.5 + margin]
        return {"tickvals": list(range(len(names))), "ticktext": labels, "range": ends, "showgrid": False}
    places = sorted({x for series in figure.series for x in series.x})
    if figure.log_x:
        return {"type": "log", "tickvals": places, "ticktext": [axes.named(x) for x in places]}
    if axes.far_apart(places, _APART):
        return {"tickvals": places}
    return {"nticks": 8}


def _wrapped(text: str, width: int) -> str:
    return "<br>".join(map(html.escape, textwrap.wrap(text, width)))


def _length(upper: float | None, lower: float | None) -> float:
    return max(0.0, upper - lower) if upper is not None and lower is not None else 0.0


def _see_through(colour: str, share: float) -> str:
    channels = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({', '.join(map(str, channels))}, {share})"
