"""The test of a map: the class's probability while pixels are hidden or shown in the map's order, with baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard.cam import model_picker
from dashboard.cam.explanations import View, digest
from dashboard.cam.model_picker import Model
from dashboard.common import charts
from dashboard.common.background_work import run_in_background
from dashboard.common.glossary import meaning
from dashboard.common.page import plain
from tfpool.networks.line_colors import line_colors

if TYPE_CHECKING:
    from tfpool.cam.metrics import Curves

BASELINES = {"center": "dash", "random": "dot"}
"""Maps that do not depend on the image, with the dashes of their lines."""
_WAYS = {way: meaning(way) for way in ("insertion", "deletion")}
_LINE = 20
"""Height of a legend's line, in pixels of the page."""


def show(views: Sequence[View]) -> None:
    """Curves and areas of each map, and of the baselines with the first model."""
    named = {f"{view.method} · {view.model.name}": view for view in views}
    first = views[0]
    heatmaps = [(name, view, view.heatmap) for name, view in named.items()]
    styles = lines(named)
    for baseline, dash in BASELINES.items():
        name = f"{baseline} · {first.model.name}"
        heatmaps.append((name, first, _baseline(baseline, first.pixels.shape[:2])))
        styles[name] = {"color": charts.BACKBONE, "dash": dash}
    place = st.empty()

    def measure(fraction: float, name: str, view: View, heatmap: np.ndarray) -> dict[str, Curves]:
        text, key = f"Hiding pixels: {plain(name)}", digest(view.pixels) + digest(heatmap)
        place.progress(fraction, text=text)
        works = {way: partial(_curves, way, view.model, view.pixels, heatmap, key, view.explained) for way in _WAYS}
        return {
            way: run_in_background(work, lambda seconds: place.progress(fraction, text=f"{text}, {seconds:.0f} s"))
            for way, work in works.items()
        }

    curves = {each[0]: measure(number / len(heatmaps), *each) for number, each in enumerate(heatmaps)}
    place.empty()
    areas = {way: {name: by_way[way].areas[0] for name, by_way in curves.items()} for way in _WAYS}
    for column, (way, text) in zip(st.columns(2), _WAYS.items(), strict=True):
        listed = "; ".join(f"{name} {area:.3f}" for name, area in areas[way].items())
        alt = f"{way} by fraction of pixels. Areas: {listed}"
        # The legend stands below, where the tool bar would cover it.
        hidden = {"displayModeBar": False}
        column.plotly_chart(_chart(way, curves, styles), key=f"cam_{way}", config=hidden, alt=alt)
        column.caption(text)
    st.dataframe(
        pd.DataFrame({"map": list(curves), **{way: list(by_map.values()) for way, by_map in areas.items()}}),
        hide_index=True,
        key="cam_judged",
        column_config={
            way: st.column_config.NumberColumn(f"{way} area", format="%.3f", help=text) for way, text in _WAYS.items()
        },
        alt="Areas under the curves of each map and of the baselines: " + ", ".join(_WAYS),
    )
    st.caption(
        "The probability is that of the explained class. Two baselines ignore the image: center is highest in the "
        "middle, random is drawn by chance. A useful map beats both, on many images: one image is only an example."
    )


def _baseline(name: str, size: tuple[int, int]) -> np.ndarray:
    from tfpool.cam import metrics

    return metrics.centre_map(size) if name == "center" else metrics.random_map(size)


@st.cache_data(max_entries=128, hash_funcs=model_picker.KEYS, show_spinner=False)
def _curves(way: str, model: Model, _pixels: np.ndarray, _heatmap: np.ndarray, key: str, target: int) -> Curves:
    from tfpool.cam import metrics

    measure = {"insertion": metrics.insertion, "deletion": metrics.deletion}[way]
    images = model.classifier.to_input(_pixels[np.newaxis])
    return measure(model_picker.scorer(model).probabilities, images, _heatmap[np.newaxis], np.array([target]))


def lines(named: Mapping[str, View]) -> dict[str, dict[str, str]]:
    """How each map's curve is drawn: in the color of its model's head, with the dash of its method."""
    views = named.values()
    colors = line_colors((view.model.name, view.model.run.plan.head.name if view.model.run else "") for view in views)
    methods = list(dict.fromkeys(view.method for view in views))
    dashes = {method: charts.DASHES[number % len(charts.DASHES)] for number, method in enumerate(methods)}
    return {name: {"color": colors[view.model.name], "dash": dashes[view.method]} for name, view in named.items()}


def _chart(way: str, curves: Mapping[str, Mapping[str, Curves]], lines: Mapping[str, dict[str, str]]) -> go.Figure:
    traces = []
    for name, by_way in curves.items():
        heights, shown = by_way[way].curves[0], charts.plain_name(name, 60)
        x = np.linspace(0, 100, len(heights))
        traces.append(charts.trace("scatter", x=x, y=heights, name=shown, mode="lines", line=lines[name]))
    layout = {
        "height": 280 + _LINE * len(curves),
        "margin": {"l": 10, "r": 10, "t": 10, "b": 60 + _LINE * len(curves)},
        "legend": {"orientation": "v", "yref": "container", "yanchor": "bottom", "y": 0, "x": 0},
        "uirevision": "kept",
        "xaxis": {"title": {"text": "pixels shown, %" if way == "insertion" else "pixels hidden, %"}},
        "yaxis": {"title": {"text": "probability"}, "range": [0, 1.02]},
    }
    return charts.figure(traces, layout)
