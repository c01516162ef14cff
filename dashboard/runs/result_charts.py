"""Plotly figures of results: means over seeds, accuracy against parameters, and the confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from dashboard.common.charts import figure, frame, percent, plain_name, room_for, trace
from tfpool.networks.heads import HEADS
from tfpool.tracking.confidence import images_behind
from tfpool.tracking.results import Group

_BLUE = "0, 114, 178"
_LEAST = 0.02
"""Least length of an accuracy axis, so that tiny differences do not look large."""
_MOST_NUMBERS = 20
"""With up to this many classes each cell shows its number."""


def seed_dots(groups: Sequence[Group], labels: Sequence[str], title: str) -> go.Figure:
    """One row per group: a stroke per seed, a dot for their mean, and its 95 % interval if there are several."""
    traces = []
    for place, group in enumerate(groups):
        color = HEADS[group.settings["head"]].color
        if len(group.values) > 1:
            strokes = trace(
                "scatter",
                x=list(group.values),
                y=[place] * len(group.values),
                mode="markers",
                marker={"symbol": "line-ns-open", "size": 12, "color": color, "opacity": 0.7},
                customdata=list(group.seeds),
                hovertemplate="seed %{customdata}: %{x:.1%}<extra></extra>",
            )
            traces.append(strokes)
        mean = trace(
            "scatter",
            x=[group.mean],
            y=[place],
            error_x=_margin(group),
            mode="markers",
            marker={"size": 11, "color": color},
            hovertemplate=f"mean of {len(group.values)}: %{{x:.1%}}<extra></extra>"
            if group.margin is not None
            else "one seed: %{x:.1%}<extra></extra>",
        )
        traces.append(mean)
    ends, rows = _axis_range(groups), [plain_name(label, 40) for label in labels]
    layout = {
        "xaxis": {"title": {"text": title}, "range": ends, "zeroline": False, **percent(*ends)},
        "yaxis": {
            "tickvals": list(range(len(groups))),
            "ticktext": rows,
            "range": [len(groups) - 0.5, -0.5],
            "ticksuffix": " ",
            "zeroline": False,
        },
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
        dot = trace(
            "scatter",
            x=[group.runs[0].plan.params],
            y=[group.mean],
            error_y=_margin(group),
            name=plain_name(label, 40),
            mode="markers",
            marker={"size": 12, "color": HEADS[group.settings["head"]].color},
            hovertemplate=f"%{{x:,}} parameters: %{{y:.1%}}<br>{basis}<extra>{plain_name(label, 40)}</extra>",
        )
        traces.append(dot)
    ends = _axis_range(groups)
    layout = {
        "xaxis": {"title": {"text": "parameters"}, "type": "log", "exponentformat": "B"},
        "yaxis": {"title": {"text": "test accuracy"}, "range": ends, "zeroline": False, **percent(*ends)},
        "height": 360,
        **frame(),
    }
    return figure(traces, layout)


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

    Args:
        counts: int (K, K).
        names: of the K classes, from a user.
        percent_of_row: show percentages of each row, not numbers of images.
        dark: whether the page's theme is dark.
    """
    rows = counts.sum(axis=1, keepdims=True)
    values = counts / np.maximum(rows, 1) if percent_of_row else counts
    few = len(names) <= _MOST_NUMBERS
    whole = [plain_name(name, 60) for name in names]
    short = [plain_name(name, 14) for name in names]
    cells = trace(
        "heatmap",
        z=values,
        # Transparent where a cell is empty, which suits a light and a dark theme.
        colorscale=[[0.0, f"rgba({_BLUE}, 0)"], [1.0, f"rgba({_BLUE}, 1)"]],
        zmin=0,
        zmax=1 if percent_of_row else None,
        xgap=1,
        ygap=1,
        showscale=False,
        customdata=[
            [(true, predicted, int(count)) for predicted, count in zip(whole, row, strict=True)]
            for true, row in zip(whole, counts, strict=True)
        ],
        hovertemplate="%{customdata[0]}, predicted as %{customdata[1]}: %{customdata[2]:,} images<extra></extra>",
    )
    traces = [cells]
    if few:
        strong = values > 0.5 * (1 if percent_of_row else max(values.max(), 1))
        # No single color is readable on both blue and empty cells.
        for where, color in ((strong, "white"), (~strong, "white" if dark else "black")):
            true, predicted = np.nonzero(where)
            texts = [_cell(value, percent_of_row) for value in values[where]]
            font = {"color": color}
            traces.append(
                trace("scatter", x=predicted, y=true, text=texts, textfont=font, mode="text", hoverinfo="skip")
            )
    ends = [-0.5, len(names) - 0.5]
    axis = {
        "tickvals": list(range(len(names))) if few else [],
        "ticktext": short if few else [],
        "showgrid": False,
        "zeroline": False,
    }
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
