"""Plotly figures. A head has one colour on every page, one that colour-blind people tell from the others."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from tfpool.counting.plan import Plan
from tfpool.networks.heads import HEADS
from tfpool.tracking import results
from tfpool.tracking.store import Run

Trace = dict[str, Any]
BACKBONE = "#8C8C8C"
SYMBOLS = ("circle", "square", "diamond", "x", "triangle-up", "star", "cross", "hexagon")
DASHES = ("solid", "dash", "dot", "dashdot")
_TEMPLATE = {"layout": {"colorway": [BACKBONE]}}
"""In place of Streamlit's, whose colours for all kinds of charts are validated, copied and sent with each. The page
lays fonts, grid and background of its theme over either, and our traces bring their colours with them."""
_BAR = 76
"""Height of a colour bar with its numbers and its unit, in pixels of the page."""


def trace(kind: str, **settings: Any) -> Trace:
    """A trace of a Plotly figure, which validates it once: `plotly.graph_objects` has classes that do it twice.

    Args:
        kind: Plotly's name of it, such as "scatter".
        settings: its attributes.
    """
    return {"type": kind, **settings}


def figure(traces: Sequence[Trace], layout: Mapping[str, Any]) -> go.Figure:
    """A Plotly figure, as all pages make theirs: in one go, since each update of one goes through all that is there."""
    # Plotly looks it up, and fails where another session's thread is in the midst of loading it. Home does without.
    import pandas  # noqa: F401

    return go.Figure(traces, {"template": _TEMPLATE, **layout})


def parameter_bars(plans: Sequence[Plan], log: bool) -> go.Figure:
    """A bar for each network and head: the backbone's parameters in grey, the head's in its colour."""

    def bars(chosen: Sequence[Plan], params: Sequence[int], name: str, colour: str, group: str) -> Trace:
        labels = [[plan.backbone for plan in chosen], [plan.head.label for plan in chosen]]
        return trace(
            "bar",
            y=labels,
            x=params,
            name=name,
            orientation="h",
            marker={"color": colour},
            offsetgroup=group if log else None,
            hovertemplate="%{x:,} parameters<extra>%{fullData.name}</extra>",
        )

    traces = [bars(plans, [plan.backbone_params for plan in plans], "backbone", BACKBONE, "backbone")]
    for head in dict.fromkeys(plan.head.name for plan in plans):
        chosen = [plan for plan in plans if plan.head.name == head]
        params = [plan.head_params for plan in chosen]
        traces.append(bars(chosen, params, f"{HEADS[head].label} head", HEADS[head].color, "head"))
    names = (f"{plan.backbone} {plan.head.label}" for plan in plans)
    layout = {
        # On a logarithmic axis stacked bars would lie about the upper one.
        "barmode": "group" if log else "stack",
        "height": 120 + (34 if log else 26) * len(plans),
        "xaxis": {
            "title": {"text": "parameters"},
            "exponentformat": "B",
            **({"type": "log", "dtick": 1} if log else {}),
        },
        "yaxis": {"autorange": "reversed", "ticksuffix": " "},
        **frame(left=room_for(names)),
    }
    return figure(traces, layout)


def learning_curve(runs: Sequence[Run], metric: str, title: str, by: str = "epoch") -> go.Figure:
    """A metric on the validation images as a solid line, on the training images as a dotted one.

    Args:
        runs: a colour for each head, and a symbol for each of those that share it.
        metric: "accuracy", "loss", or "gap" for how far training is ahead of validation in accuracy, one line per run.
        title: of the vertical axis.
        by: "epoch", "step" or "seconds" since the start; runs of which that is not known are left out.
    """
    traces = []
    alike: Counter[str] = Counter()
    for run in runs:
        head = run.plan.head.name
        # Runs of one head share its colour: their points tell them apart.
        symbol = SYMBOLS[alike[head] % len(SYMBOLS)]
        alike[head] += 1
        places = results.positions(run, by)
        lines = {"solid": run.history.get(f"val_{metric}"), "dot": run.history.get(metric)}
        if metric == "gap":
            lines = {"solid": results.overfit_by_epoch(run), "dot": None}
        for dash, values in lines.items():
            if values is None or not places:
                continue
            line = trace(
                "scatter",
                x=places,
                y=values,
                name=plain_name(run.title),
                legendgroup=run.id,
                showlegend=dash == "solid",
                line={"color": HEADS[head].color, "dash": dash},
                marker={"symbol": symbol, "size": 8},
                mode="lines+markers",
            )
            traces.append(line)
    if by == "epoch":
        longest = max((2, *(len(run.history["loss"]) for run in runs)))
        across = {"title": {"text": by}, "range": [0.8, longest + 0.2], "dtick": max(1, longest // 10)}
    else:
        across = {
            "title": {"text": "seconds since the start" if by == "seconds" else by},
            "rangemode": "tozero",
            "hoverformat": ",.0f",
        }
    layout = {
        "height": 340,
        "xaxis": across,
        "yaxis": {
            "title": {"text": title},
            "tickformat": None if metric == "loss" else ".0%",
            "hoverformat": ".3f" if metric == "loss" else ".1%",
            "zeroline": metric == "gap",
        },
        **frame(),
        # What was zoomed into on one axis is nowhere on another.
        "uirevision": f"{metric} {by}",
    }
    return figure(traces, layout)


def plain_name(name: str, longest: int = 30) -> str:
    """Somebody's words as Plotly shows them, which would read them as a little HTML; cut where they are too long."""
    return html.escape(name if len(name) <= longest else f"{name[: longest - 1]}…")


def percent(low: float, high: float) -> dict[str, str]:
    """Ticks of an axis of shares, each with another label than the next."""
    return {"tickformat": ".0%" if high - low > 0.05 else ".1%"}


def evidence(pixels: np.ndarray, heatmap: np.ndarray, limit: float, unit: str, height: int) -> go.Figure:
    """An image under its heatmap (H, W), coloured from −limit to +limit, with a bar in the score's units.

    Args:
        height: of the chart, in pixels of the page.
    """
    from tfpool.colors import colorscale

    rows, columns = pixels.shape[:2]
    traces = [
        trace("image", z=np.broadcast_to(pixels, (rows, columns, 3)), hoverinfo="skip"),
        trace(
            "heatmap", z=heatmap, coloraxis="coloraxis", hovertemplate="row %{y}, column %{x}: %{z:.3g}<extra></extra>"
        ),
    ]
    layout = {
        "coloraxis": {
            "cmin": -limit,
            "cmax": limit,
            "colorscale": colorscale(0.9),
            "colorbar": {
                "orientation": "h",
                "thickness": 12,
                "len": 0.9,
                "y": (_BAR - 10) / height,
                "yanchor": "top",
                "nticks": 5,
                "title": {"text": unit, "side": "bottom"},
            },
        },
        "xaxis": {"visible": False, "range": [-0.5, columns - 0.5], "constrain": "domain"},
        "yaxis": {
            "visible": False,
            "range": [rows - 0.5, -0.5],
            "scaleanchor": "x",
            "constrain": "domain",
            "domain": [_BAR / height, 1],
        },
        # All maps keep one place for the colour bar, so that positions can be compared across them.
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0, "autoexpand": False},
        "height": height,
        "uirevision": "kept",
    }
    return figure(traces, layout)


def frame(legend: bool = True, left: int = 80, below: int = 65) -> dict[str, Any]:
    """What charts of all pages have alike: margins, the legend in a row above, and what is kept while data arrives.

    Args:
        legend: whether there is one.
        left: room for the vertical axis, in pixels of the page; by default of numbers with a title.
        below: likewise, for the horizontal axis.
    """
    return {
        # Where labels need more, Plotly makes room by itself: it draws everything once more for it.
        "margin": {"l": left, "r": 10, "t": 44 if legend else 10, "b": below},
        "showlegend": legend,
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
        # A fixed one keeps zoom and hidden lines.
        "uirevision": "kept",
    }


def room_for(labels: Iterable[str]) -> int:
    """Pixels of the page that the longest of an axis' labels takes, about."""
    return 14 + 6 * max(map(len, labels), default=0)
