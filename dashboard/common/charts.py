"""Plotly figures that several pages show, and what all figures have in common."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import cycle
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
"""In place of Streamlit's template, which is validated, copied and sent with every chart. The page applies fonts, grid
and background of its theme to either, and our traces set their own colors."""
_BAR = 76
"""Height of a color bar with its numbers and unit, in pixels."""


def trace(kind: str, **settings: Any) -> Trace:
    """A trace as a dictionary, which a figure validates once; the classes of `plotly.graph_objects` validate twice."""
    return {"type": kind, **settings}


def figure(traces: Sequence[Trace], layout: Mapping[str, Any]) -> go.Figure:
    """A Plotly figure, built in one go, since each later update would validate the whole figure."""
    # Plotly fails while another thread is importing pandas. Imported here because Home needs neither.
    import pandas  # noqa: F401

    return go.Figure(traces, {"template": _TEMPLATE, **layout})


def parameter_bars(plans: Sequence[Plan], log: bool) -> go.Figure:
    """One bar per network and head: the parameters of the backbone in gray, of the head in its color."""

    def bars(chosen: Sequence[Plan], params: Sequence[int], name: str, color: str, group: str) -> Trace:
        labels = [[plan.backbone for plan in chosen], [plan.head.label for plan in chosen]]
        hover = "%{x:,} parameters<extra>%{fullData.name}</extra>"
        look = {"marker": {"color": color}, "offsetgroup": group if log else None, "hovertemplate": hover}
        return trace("bar", y=labels, x=params, name=name, orientation="h", **look)

    traces = [bars(plans, [plan.backbone_params for plan in plans], "backbone", BACKBONE, "backbone")]
    for head in dict.fromkeys(plan.head.name for plan in plans):
        chosen = [plan for plan in plans if plan.head.name == head]
        params = [plan.head_params for plan in chosen]
        traces.append(bars(chosen, params, f"{HEADS[head].label} head", HEADS[head].color, "head"))
    names = (f"{plan.backbone} {plan.head.label}" for plan in plans)
    across = {"type": "log", "dtick": 1} if log else {}
    layout = {
        # Stacked bars mislead on a logarithmic axis.
        "barmode": "group" if log else "stack",
        "height": 120 + (34 if log else 26) * len(plans),
        "xaxis": {"title": {"text": "parameters"}, "exponentformat": "B", **across},
        "yaxis": {"autorange": "reversed", "ticksuffix": " "},
        **frame(left=room_for(names)),
    }
    return figure(traces, layout)


def learning_curve(runs: Sequence[Run], metric: str, title: str, by: str = "epoch") -> go.Figure:
    """A metric by epoch, step or seconds since the start: validation as a solid line, training as a dotted one.

    Validation has filled symbols and training open ones. Runs have the color of their head, and those of one head
    different symbols. Training begins within the first epoch, but for seconds. The metric "overfit", training minus
    validation accuracy, is one line per run. Runs whose steps or seconds are unknown are left out.
    """
    traces = []
    symbols_of_head: dict[str, Iterator[str]] = {}
    for run, name in zip(runs, curve_names(runs), strict=True):
        head = run.plan.head
        symbol = next(symbols_of_head.setdefault(head.name, cycle(SYMBOLS)))
        for dash, (places, values) in _lines(run, metric, by).items():
            early = len(values) - len(run.history["loss"])
            marker = {
                "symbol": symbol if dash == "solid" else f"{symbol}-open",
                "size": [0] * early + [8] * (len(values) - early),
            }
            look = {"line": {"color": head.color, "dash": dash}, "marker": marker}
            names = {"name": plain_name(name), "legendgroup": run.id, "showlegend": dash == "solid"}
            traces.append(trace("scatter", x=places, y=values, mode="lines+markers", **look, **names))
    if by == "epoch":
        epochs = max((1, *(run.epochs for run in runs)))
        across = {"title": {"text": by}, "range": [0, epochs + 0.2], "dtick": max(1, epochs // 10)}
    else:
        words = "seconds since the start" if by == "seconds" else by
        across = {"title": {"text": words}, "rangemode": "tozero", "hoverformat": ",.0f"}
    data = " and ".join(dict.fromkeys(plain_name(results.data_name(run)) for run in runs))
    heading = {"text": f"{title.capitalize()} on {data}", "x": 0, "xanchor": "left", "yref": "container", "y": 0.97}
    layout = {
        "height": 370,
        "xaxis": across,
        "yaxis": {
            "title": {"text": title},
            "tickformat": None if metric == "loss" else ".0%",
            "hoverformat": ".3f" if metric == "loss" else ".1%",
            "zeroline": metric == "overfit",
        },
        **frame(above=74),
        "title": {**heading, "font": {"size": 15}},
        # A zoom makes no sense on another axis.
        "uirevision": f"{metric} {by}",
    }
    return figure(traces, layout)


def _lines(run: Run, metric: str, by: str) -> dict[str, tuple[list[float], list[float]]]:
    """Places and values of a run's lines by their dash; none for a run whose places are unknown."""
    places = results.positions(run, by)
    if metric == "overfit":
        return {"solid": (places, results.overfit_by_epoch(run))} if places else {}
    lines = {"solid": (places, run.history[f"val_{metric}"])}
    early, per_epoch = run.first_epoch, results.positions(run, by, epochs=1)
    training = run.history[metric]
    if by != "seconds" and per_epoch:
        lines["dot"] = ([place * per_epoch[0] for place in early["epoch"]] + places, early[metric] + training)
    else:
        lines["dot"] = (places, training)
    # Without any validation yet, its empty line carries the legend.
    return lines if lines["dot"][0] else {}


def curve_names(runs: Sequence[Run]) -> list[str]:
    """Head and network of each run, or the title that it was given; seed or id tells equal ones apart."""
    names = [f"{run.plan.head.label} · {run.plan.backbone}" if run.title == run.id else run.title for run in runs]
    with_seed = [f"{name} · seed {run.spec['recipe']['seed']}" for name, run in zip(names, runs, strict=True)]
    names = [seeded if names.count(name) > 1 else name for name, seeded in zip(names, with_seed, strict=True)]
    return [f"{name} · {run.id}" if names.count(name) > 1 else name for name, run in zip(names, runs, strict=True)]


def plain_name(name: str, longest: int = 30) -> str:
    """Text from a user, shortened, and escaped because Plotly reads some HTML."""
    return escaped(name if len(name) <= longest else f"{name[: longest - 1]}…")


def escaped(text: str) -> str:
    """Text without markup for Plotly, which reads some HTML but shows &quot; as it is written."""
    return html.escape(text, quote=False)


def percent(low: float, high: float) -> dict[str, str]:
    """A tick format for an axis of fractions, with enough digits that no two labels are equal."""
    return {"tickformat": ".0%" if high - low > 0.05 else ".1%"}


def evidence(pixels: np.ndarray, heatmap: np.ndarray, limit: float, unit: str, height: int) -> go.Figure:
    """An image under its heatmap (H, W), colored from −limit to +limit, with a color bar in that unit."""
    from tfpool.colors import colorscale

    rows, columns = pixels.shape[:2]
    hover = "row %{y}, column %{x}: %{z:.3g}<extra></extra>"
    traces = [
        trace("image", z=np.broadcast_to(pixels, (rows, columns, 3)), hoverinfo="skip"),
        trace("heatmap", z=heatmap, coloraxis="coloraxis", hovertemplate=hover),
    ]
    place = {"orientation": "h", "y": (_BAR - 10) / height, "yanchor": "top", "len": 0.9, "thickness": 12}
    bar = {"title": {"text": unit, "side": "bottom"}, "nticks": 5, **place}
    hidden = {"visible": False, "constrain": "domain"}
    layout = {
        "coloraxis": {"cmin": -limit, "cmax": limit, "colorscale": colorscale(0.9), "colorbar": bar},
        "xaxis": {"range": [-0.5, columns - 0.5], **hidden},
        "yaxis": {"range": [rows - 0.5, -0.5], "scaleanchor": "x", "domain": [_BAR / height, 1], **hidden},
        # Equal room for the color bar, so that maps side by side can be compared.
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0, "autoexpand": False},
        "height": height,
        "uirevision": "kept",
    }
    return figure(traces, layout)


def frame(legend: bool = True, left: int = 80, below: int = 65, above: int = 44) -> dict[str, Any]:
    """The layout that all charts share: margins in pixels, the legend in a row above, zoom kept while data arrives."""
    return {
        # If labels need more room, Plotly draws the whole chart again.
        "margin": {"l": left, "r": 10, "t": above if legend else 10, "b": below},
        "showlegend": legend,
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
        # A constant keeps zoom and hidden lines.
        "uirevision": "kept",
    }


def room_for(labels: Iterable[str]) -> int:
    """Approximate width in pixels of the longest label of an axis."""
    return 14 + 6 * max(map(len, labels), default=0)
