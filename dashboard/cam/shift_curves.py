"""The image shifted step by step: a class's score under each model, and how many answers change."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from dashboard.cam import model_picker
from dashboard.cam.explanations import View, digest
from dashboard.cam.image_placement import Placement
from dashboard.cam.model_picker import Model
from dashboard.common import charts, controls
from dashboard.common.background_work import run_in_background
from dashboard.common.counts_in_words import text_of
from dashboard.common.page import plain
from tfpool.networks.line_colors import line_colors

_STEPS = 33
"""Places of the image, from half its side back to half its side on."""
_DIRECTIONS = {"sideways": "right", "up and down": "down"}


_BEYOND = {
    "wrap": "What leaves the frame comes back on the other side.",
    "reflect": "Beyond its border the image is mirrored.",
    "black": "What leaves the frame is lost.",
}


class Shifted(NamedTuple):
    """A model's scores, float32 (S, K), for an image at each of S shifts, in fractions of its side."""

    shifts: np.ndarray
    scores: np.ndarray

    @property
    def changed(self) -> float:
        """Fraction of the shifts with another answer than without a shift."""
        answers = self.scores.argmax(axis=1)
        moved = self.shifts != 0
        return float((answers[moved] != answers[~moved][0]).mean())


def show(views: Sequence[View], pixels: np.ndarray, border: str, class_names: Sequence[str]) -> None:
    """A curve per model of the score of the class that its map explains, and the share of changed answers."""
    direction = controls.one_of("Shift it", list(_DIRECTIONS), "cam_shift_way")
    by_model = {view.model.name: view for view in reversed(views)}
    first_views = [by_model[name] for name in dict.fromkeys(view.model.name for view in views)]
    place = st.empty()

    def measure(fraction: float, model: Model) -> Shifted:
        text = f"Shifting the image: {plain(model.name)}"
        place.progress(fraction, text=text)
        work = partial(shifted, model, pixels, digest(pixels), border, _DIRECTIONS[direction])
        return run_in_background(work, lambda seconds: place.progress(fraction, text=f"{text}, {seconds:.0f} s"))

    curves = [measure(number / len(first_views), view.model) for number, view in enumerate(first_views)]
    place.empty()
    names = [_name(view.model) for view in first_views]
    shares = "; ".join(
        f"**{plain(name)}** {text_of(curve.changed, '.0%')}" for name, curve in zip(names, curves, strict=True)
    )
    st.markdown(f"Share of shifts that change the answer: {shares}.")
    classes = [class_names[view.explained] for view in first_views]
    listed = "; ".join(
        f"{name}, {explained}: from {text_of(curve.scores[:, view.explained].min(), '.2f')} to "
        f"{text_of(curve.scores[:, view.explained].max(), '.2f')}"
        for name, explained, curve, view in zip(names, classes, curves, first_views, strict=True)
    )
    st.plotly_chart(
        _chart(first_views, curves, [f"{name}: {explained}" for name, explained in zip(names, classes, strict=True)]),
        key="cam_shift_curves",
        config={"displayModeBar": False},
        alt=f"Score over the shift of the image {direction}. {listed}",
    )
    st.caption(
        f"Each curve is the score of the class that the map explains, for one image. {_BEYOND[border]} GAP forgets "
        "where a pattern is, but the convolutions before GAP have borders and strides of their own."
    )


@st.cache_data(max_entries=64, hash_funcs=model_picker.KEYS, show_spinner=False)
def shifted(model: Model, _pixels: np.ndarray, key: str, border: str, way: str) -> Shifted:
    """Scores of a uint8 image (H, W, C), with its digest as the cache's key, at whole-pixel shifts in a direction."""
    side = _pixels.shape[1 if way == "right" else 0]
    steps = np.unique(np.linspace(-side / 2, side / 2, _STEPS).round().astype(int))
    shifts = steps / side
    classifier = model.classifier
    images = [Placement(**{way: float(shift)}, border=border).apply(_pixels) for shift in shifts]
    batch = classifier.to_input(np.stack([classifier.fit(image) for image in images]))
    return Shifted(shifts, model_picker.scorer(model).scores(batch))


def _name(model: Model) -> str:
    return f"{model.run.plan.head.label} · {model.name}" if model.run else model.name


def _chart(views: Sequence[View], curves: Sequence[Shifted], names: Sequence[str]) -> go.Figure:
    colors = line_colors((view.model.name, view.model.run.plan.head.name if view.model.run else "") for view in views)
    traces = [
        charts.trace(
            "scatter",
            x=100 * curve.shifts,
            y=curve.scores[:, view.explained],
            mode="lines+markers",
            name=charts.plain_name(name, 60),
            line={"color": colors[view.model.name], "dash": charts.DASHES[number % len(charts.DASHES)]},
            marker={"symbol": charts.SYMBOLS[number % len(charts.SYMBOLS)], "size": 6},
        )
        for number, (view, curve, name) in enumerate(zip(views, curves, names, strict=True))
    ]
    layout = {
        "height": 320,
        "xaxis": {"title": {"text": "shift, % of the image's side"}},
        "yaxis": {"title": {"text": "score"}},
        **charts.frame(),
    }
    return charts.figure(traces, layout)
