"""Plotly figures of what runs have come to: means over seeds, and what a model takes each class for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from dashboard.charts import frame, percent, plain_name
from tfpool.certainty import images_behind
from tfpool.palette import COLOURS
from tfpool.results import Group

_BLUE = "0, 114, 178"
_LEAST = 0.02
"""Least length of an axis of accuracies: what is closer is hardly a difference."""
_MOST_NUMBERS = 20
"""Classes up to which each cell says its number."""


def seed_dots(groups: Sequence[Group], labels: Sequence[str], title: str) -> go.Figure:
    """A row for each group: a stroke for each seed, a dot for their mean, and its 95 % interval where it has one."""
    figure = go.Figure()
    for place, group in enumerate(groups):
        colour = COLOURS[group.settings["head"]]
        if len(group.values) > 1:
            figure.add_scatter(
                x=list(group.values),
                y=[place] * len(group.values),
                mode="markers",
                marker={"symbol": "line-ns-open", "size": 12, "color": colour, "opacity": 0.7},
                customdata=list(group.seeds),
                hovertemplate="seed %{customdata}: %{x:.1%}<extra></extra>",
            )
        figure.add_scatter(
            x=[group.mean],
            y=[place],
            error_x={"array": [group.margin], "thickness": 2, "width": 6} if group.margin is not None else None,
            mode="markers",
            marker={"size": 11, "color": colour},
            hovertemplate=f"mean of {len(group.values)}: %{{x:.1%}}<extra></extra>"
            if group.margin is not None
            else "one seed: %{x:.1%}<extra></extra>",
        )
    figure.update_yaxes(
        tickvals=list(range(len(groups))),
        ticktext=[plain_name(label, 40) for label in labels],
        range=[len(groups) - 0.5, -0.5],
        ticksuffix=" ",
        zeroline=False,
    )
    ends = _shown(groups)
    figure.update_xaxes(title=title, range=ends, zeroline=False, **percent(*ends))
    figure.update_layout(
        height=90 + 36 * len(groups),
        showlegend=False,
        **frame(),
    )
    return figure


def cost_dots(groups: Sequence[Group], labels: Sequence[str]) -> go.Figure:
    """Test accuracy over parameters: a dot for each group in its head's colour, with its 95 % interval over seeds."""
    figure = go.Figure()
    for group, label in zip(groups, labels, strict=True):
        images = images_behind(group.runs[0])
        told = f"{len(group.values)} seed{'s' * (len(group.values) > 1)}" + (f", {images:,} images" if images else "")
        figure.add_scatter(
            x=[group.runs[0].plan.params],
            y=[group.mean],
            error_y={"array": [group.margin], "thickness": 2, "width": 6} if group.margin is not None else None,
            name=plain_name(label, 40),
            mode="markers",
            marker={"size": 12, "color": COLOURS[group.settings["head"]]},
            hovertemplate=f"%{{x:,}} parameters: %{{y:.1%}}<br>{told}<extra>{plain_name(label, 40)}</extra>",
        )
    figure.update_xaxes(title="parameters", type="log", exponentformat="B")
    ends = _shown(groups)
    figure.update_yaxes(title="test accuracy", range=ends, zeroline=False, **percent(*ends))
    figure.update_layout(
        height=360,
        showlegend=True,
        **frame(),
    )
    return figure


def _shown(groups: Sequence[Group]) -> list[float]:
    """From the lowest to the highest end of an interval, but never beyond 0 and 1, where no accuracy lies."""
    ends = [end for group in groups for end in (*group.values, *(group.interval or ()))]
    missing = max(0.0, _LEAST - (max(ends) - min(ends))) / 2
    low, high = max(0.0, min(ends) - missing), min(1.0, max(ends) + missing)
    spare = 0.05 * (high - low)
    return [low - spare, high + spare]


def confusion_map(counts: np.ndarray, names: Sequence[str], shares: bool, dark: bool = False) -> go.Figure:
    """A row per true class, a column per predicted one, coloured by its share of the row, or by its number of images.

    Args:
        counts: int (K, K).
        names: of the K classes; somebody's words.
        shares: write and colour shares of the rows instead of numbers.
        dark: whether the page is.
    """
    rows = counts.sum(axis=1, keepdims=True)
    values = counts / np.maximum(rows, 1) if shares else counts
    few = len(names) <= _MOST_NUMBERS
    whole = [plain_name(name, 60) for name in names]
    short = [plain_name(name, 14) for name in names]
    figure = go.Figure(
        go.Heatmap(
            z=values,
            # See-through where there is nothing, so that it suits a light and a dark page.
            colorscale=[[0.0, f"rgba({_BLUE}, 0)"], [1.0, f"rgba({_BLUE}, 1)"]],
            zmin=0,
            zmax=1 if shares else None,
            xgap=1,
            ygap=1,
            showscale=False,
            customdata=[
                [(true, said, int(count)) for said, count in zip(whole, row, strict=True)]
                for true, row in zip(whole, counts, strict=True)
            ],
            hovertemplate="%{customdata[0]}, taken for %{customdata[1]}: %{customdata[2]:,} images<extra></extra>",
        )
    )
    if few:
        strong = values > 0.5 * (1 if shares else max(values.max(), 1))
        # The theme sets no colour that can be read on both: white on the blue cells, the page's ink on the others.
        for where, colour in ((strong, "white"), (~strong, "white" if dark else "black")):
            true, said = np.nonzero(where)
            written = [_cell(value, shares) for value in values[where]]
            figure.add_scatter(x=said, y=true, text=written, textfont_color=colour, mode="text", hoverinfo="skip")
    ticks = {"tickvals": list(range(len(names))) if few else [], "ticktext": short if few else [], "showgrid": False}
    ends = [-0.5, len(names) - 0.5]
    figure.update_xaxes(title="predicted class", side="bottom", zeroline=False, tickangle=-45, range=ends, **ticks)
    figure.update_yaxes(title="true class", zeroline=False, ticksuffix=" ", range=ends[::-1], **ticks)
    figure.update_layout(
        height=min(760, 190 + 40 * len(names)) if few else 560,
        showlegend=False,
        **frame(),
    )
    return figure


def _cell(value: float, shares: bool) -> str:
    written = f"{100 * value:.0f}" if shares else f"{value:,}"
    return "" if written == "0" else written
