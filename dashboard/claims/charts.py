"""Plotly figures of a claim's finding. Their words come from a file, so they are escaped."""

from __future__ import annotations

import math
import textwrap
from typing import Any

import plotly.graph_objects as go

from dashboard.common import charts
from tfpool.lab.figure import Axis, Panel, label

_HEIGHT = 330
_MAX_MARKERS = 12
"""Points of a line up to which each has a marker."""
_INK = "#888888"
"""Of intervals and levels: visible on a light and on a dark page."""
_BAND = "26"
"""Opacity of intervals as hexadecimal digits after a color: 15 %."""


def draw(panel: Panel) -> go.Figure:
    """A figure without its title, which would not wrap on a narrow page."""
    figure, traces = panel.figure, []
    for number, (series, positions) in enumerate(zip(figure.series, panel.positions, strict=True)):
        color, name = panel.colors[series.name], charts.escaped(series.name)
        about = {
            "x": list(positions),
            "y": list(series.y),
            "name": name,
            "legendgroup": name,
            "customdata": [charts.escaped(label(x)) for x in series.x],
            "hovertemplate": "%{customdata}: " + ("%{y:.1%}" if figure.percent else "%{y:,.4~g}"),
        }
        if figure.kind == "bar":
            below, above = series.error_bars
            error = {"array": above, "arrayminus": below, "color": _INK, "thickness": 1.5, "width": 4}
            traces.append(charts.trace("bar", **about, marker={"color": color}, error_y=error if series.low else None))
            continue
        if len(series.low) > 1:
            band = {"x": [*positions, *reversed(positions)], "y": [*series.high, *reversed(series.low)]}
            look = {"fill": "toself", "fillcolor": color + _BAND, "line": {"width": 0}, "mode": "lines"}
            hidden = {"hoverinfo": "skip", "showlegend": False, "legendgroup": name}
            traces.append(charts.trace("scatter", **band, **look, **hidden))
        line = {
            "line": {"color": color, "dash": charts.DASHES[number % len(charts.DASHES)]},
            "marker": {"symbol": charts.SYMBOLS[number % len(charts.SYMBOLS)], "size": 8},
            "mode": "lines+markers" if len(positions) <= _MAX_MARKERS else "lines",
        }
        traces.append(charts.trace("scatter", **about, **line))
    across = {"xref": "x domain", "x0": 0, "x1": 1, "y0": figure.level, "y1": figure.level}
    legend = {"name": charts.escaped(figure.level_name), "showlegend": bool(figure.level_name)}
    level = {"type": "line", **across, "line": {"color": _INK, "dash": "dash", "width": 1.5}, **legend}
    percent = charts.percent(*panel.y.ends) if figure.percent and panel.y.ends else {}
    layout = {
        "barmode": "group",
        "bargap": 0.25,
        "height": _HEIGHT,
        "shapes": [] if figure.level is None else [level],
        "xaxis": {**_axis(figure.x, 44, panel.x), "zeroline": False, "showgrid": panel.x.ends is None, "nticks": 8},
        "yaxis": {**_axis(figure.y, 30, panel.y), "zeroline": figure.kind == "bar", **percent},
        **charts.frame(legend=len(figure.series) > 1 or bool(figure.level_name)),
    }
    return charts.figure(traces, layout)


def _axis(title: str, width: int, axis: Axis) -> dict[str, Any]:
    drawn: dict[str, Any] = {"title": {"text": _wrapped(title, width)}, "type": "log" if axis.log else "linear"}
    if axis.ends:
        drawn["range"] = [math.log10(end) for end in axis.ends] if axis.log else list(axis.ends)
    if axis.ticks:
        drawn |= {"tickvals": list(axis.ticks), "ticktext": [_wrapped(words, 14) for words in axis.ticks.values()]}
    return drawn


def _wrapped(text: str, width: int) -> str:
    return "<br>".join(map(charts.escaped, textwrap.wrap(text, width)))
