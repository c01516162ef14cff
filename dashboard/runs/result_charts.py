"""Plotly figures of results: means over seeds, accuracy against parameters, and the confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dashboard.common.charts import Trace, figure, frame, percent, plain_name, room_for, trace
from tfpool.networks.heads import HEADS
from tfpool.tracking.confidence import images_behind
from tfpool.tracking.results import Group

_BLUE = "0, 114, 178"
_LEAST = 0.02
"""Least length of an accuracy axis, so that tiny differences do not look large."""
_MOST_NUMBERS = 20
"""With up to this many classes each cell shows its number."""
_WHITE_TEXT = 0.93
"""Opacity of blue on a white page above which white text has more contrast than black: 4.5 : 1 or more either way."""


def seed_dots(groups: Sequence[Group], labels: Sequence[str], title: str) -> go.Figure:
    """One row per group: a stroke per seed, a dot for their mean, and its 95 % interval if there are several."""
    traces = []
    for place, group in enumerate(groups):
        color = HEADS[group.settings["head"]].color
        if len(group.values) > 1:
            look = {"symbol": "line-ns-open", "size": 12, "color": color, "opacity": 0.7}
            hover = "seed %{customdata}: %{x:.1%}"
            strokes = _dots(list(group.values), [place] * len(group.values), look, hover, customdata=list(group.seeds))
            traces.append(strokes)
        of = "one seed" if group.margin is None else f"mean of {len(group.values)}"
        look = {"size": 11, "color": color}
        traces.append(_dots([group.mean], [place], look, f"{of}: %{{x:.1%}}", error_x=_margin(group)))
    ends, rows = _axis_range(groups), [plain_name(label, 40) for label in labels]
    ticks = {"tickvals": list(range(len(groups))), "ticktext": rows, "ticksuffix": " "}
    layout = {
        "xaxis": {"title": {"text": title}, "range": ends, "zeroline": False, **percent(*ends)},
        "yaxis": {"range": [len(groups) - 0.5, -0.5], "zeroline": False, **ticks},
        "height": 90 + 36 * len(groups),
        **frame(legend=False, left=room_for(rows)),
    }
    return figure(traces, layout)


def cost_dots(groups: Sequence[Group], labels: Sequence[str]) -> go.Figure:
    """Test accuracy over parameters: one dot per group in the color of its head, with its 95 % interval over seeds."""
    traces = []
    for group, label in zip(groups, labels, strict=True):
        images = images_behind(group.runs[0])
        basis = f"{len(group.values)} seed{'s' * (len(group.values) > 1)}" + (f", {images:,} images" if images else "")
        look = {"size": 12, "color": HEADS[group.settings["head"]].color}
        hover, name = f"%{{x:,}} parameters: %{{y:.1%}}<br>{basis}", plain_name(label, 40)
        params = group.runs[0].plan.params
        traces.append(_dots([params], [group.mean], look, hover, name, error_y=_margin(group), name=name))
    ends = _axis_range(groups)
    layout = {
        "xaxis": {"title": {"text": "parameters"}, "type": "log", "exponentformat": "B"},
        "yaxis": {"title": {"text": "test accuracy"}, "range": ends, "zeroline": False, **percent(*ends)},
        "height": 360,
        **frame(),
    }
    return figure(traces, layout)


def _dots(
    x: Sequence[float], y: Sequence[float], look: dict[str, Any], hover: str, beside: str = "", **settings: Any
) -> Trace:
    """Markers with a text that shows when they are pointed at, and a name beside it."""
    hover = f"{hover}<extra>{beside}</extra>"
    return trace("scatter", x=x, y=y, mode="markers", marker=look, hovertemplate=hover, **settings)


def _margin(group: Group) -> dict[str, object] | None:
    """Error bars: the 95 % interval of a mean over seeds."""
    return {"array": [group.margin], "thickness": 2, "width": 6} if group.margin is not None else None


def _axis_range(groups: Sequence[Group]) -> list[float]:
    """The range of an accuracy axis: all values and intervals, within 0 and 1, and a margin."""
    ends = [end for group in groups for end in (*group.values, *(group.interval or ()))]
    missing = max(0.0, _LEAST - (max(ends) - min(ends))) / 2
    low, high = max(0.0, min(ends) - missing), min(1.0, max(ends) + missing)
    spare = 0.05 * (high - low)
    return [low - spare, high + spare]


def confusion_map(counts: np.ndarray, names: Sequence[str], percent_of_row: bool, dark: bool = False) -> go.Figure:
    """One row per true class and one column per predicted class, colored by percent of the row or number of images.

    `counts` is int (K, K), `names` are from a user, and `dark` is the page's theme.
    """
    rows = counts.sum(axis=1, keepdims=True)
    values = counts / np.maximum(rows, 1) if percent_of_row else counts
    few = len(names) <= _MOST_NUMBERS
    whole = [plain_name(name, 60) for name in names]
    short = [plain_name(name, 14) for name in names]
    # Transparent where a cell is empty, which suits a light and a dark theme.
    colors = [[0.0, f"rgba({_BLUE}, 0)"], [1.0, f"rgba({_BLUE}, 1)"]]
    look = {"colorscale": colors, "zmin": 0, "zmax": 1 if percent_of_row else None, "showscale": False}
    cells = trace(
        "heatmap",
        z=values,
        **look,
        xgap=1,
        ygap=1,
        customdata=[
            [(true, predicted, int(count)) for predicted, count in zip(whole, row, strict=True)]
            for true, row in zip(whole, counts, strict=True)
        ],
        hovertemplate="%{customdata[0]}, predicted as %{customdata[1]}: %{customdata[2]:,} images<extra></extra>",
    )
    traces = [cells]
    if few:
        strong = values > _WHITE_TEXT * (1 if percent_of_row else max(values.max(), 1))
        # On a white page no single color is readable on both blue and empty cells.
        for where, color in ((strong, "white"), (~strong, "white" if dark else "black")):
            y, x = np.nonzero(where)
            texts, font = [_cell(value, percent_of_row) for value in values[where]], {"color": color}
            traces.append(trace("scatter", x=x, y=y, text=texts, textfont=font, mode="text", hoverinfo="skip"))
    ends = [-0.5, len(names) - 0.5]
    ticks = {"tickvals": list(range(len(names))), "ticktext": short} if few else {"tickvals": [], "ticktext": []}
    axis = {"showgrid": False, "zeroline": False, **ticks}
    layout = {
        "xaxis": {"title": {"text": "predicted class"}, "side": "bottom", "tickangle": -45, "range": ends, **axis},
        "yaxis": {"title": {"text": "true class"}, "ticksuffix": " ", "range": ends[::-1], **axis},
        "height": min(760, 190 + 40 * len(names)) if few else 560,
        **frame(legend=False, left=36 + room_for(short), below=110),
    }
    return figure(traces, layout)


def _cell(value: float, percent_of_row: bool) -> str:
    text = f"{100 * value:.0f}" if percent_of_row else f"{value:,}"
    return "" if text == "0" else text
