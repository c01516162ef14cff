"""Two maps of one image in one place: of two models, of two methods, or of two classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.cam import explanations
from dashboard.cam.explanations import Query, View, digest
from dashboard.cam.image_placement import data_url
from dashboard.common.background_work import run_in_background
from dashboard.common.page import plain
from dashboard.components import component
from tfpool.cam.figures.color_scales import Choice

SAME, NEXT = "the same as above", "the next likeliest"
_SIDE, _OPACITY = 480, 0.9
_OTHER_UNITS = "Maps by different methods have different units."
_component = component("swipe")


def show(titles: Mapping[str, View], pixels: np.ndarray, query: Query, class_names: Sequence[str]) -> None:
    """Ask for two of the views by their titles, or for one view and another class of a uint8 image (H, W, C)."""
    names = list(titles)
    first = second = names[0]
    columns = st.columns(3 if len(names) > 1 else 1)
    if len(names) > 1:
        first = columns[0].selectbox("Left map", names, key="cam_swipe_left", bind="query-params")
        second = columns[1].selectbox("Right map", names, 1, key="cam_swipe_right", bind="query-params")
    left, right = titles[first], titles[second]
    number = _other_class(columns[-1], left, class_names, SAME if len(names) > 1 else NEXT)
    if number is not None:
        right = _of_class(right, pixels, replace(query, target=number))
    if left.explained == right.explained and (left.model, left.method) == (right.model, right.method):
        st.info("Both maps are the same. Choose another map or another class.")
        return
    one_scale = left.method == right.method
    scale, note = explanations.chosen_scale([left, right], "sheet") if one_scale else Choice("own", _OTHER_UNITS)
    limits = explanations.limits([left, right], scale)
    labels = _labels(left, right, class_names)
    alts = [
        f"Map of {view.model.name} by {view.method}: evidence for {class_names[view.explained]}, {view.score:.2f}"
        for view in (left, right)
    ]
    pictures = [data_url(_painted(view, limit)) for view, limit in zip((left, right), limits, strict=True)]
    height, width = left.pixels.shape[:2]
    _component(
        data={"pictures": pictures, "names": labels, "alts": alts, "width": width, "height": height}, key="cam_swiped"
    )
    st.caption(
        f"Both maps on one color scale: full color is {limits[0]:.3g}."
        if scale == "sheet"
        else f"Each map has its own color scale. {note}"
    )


def _other_class(place: DeltaGenerator, left: View, class_names: Sequence[str], usual: str) -> int | None:
    """The class of the right map, None for that of its view; `usual` is `SAME` or `NEXT`."""
    name = place.selectbox("Class of the right map", [usual, *class_names], key="cam_swipe_class", bind="query-params")
    if name != usual:
        return class_names.index(name)
    others = [number for number, _ in left.likeliest if number != left.explained]
    return others[0] if usual == NEXT and others else None


def _of_class(view: View, pixels: np.ndarray, query: Query) -> View:
    place = st.empty()
    work = partial(explanations.view, view.model, view.method, pixels, digest(pixels), query)
    text = f"{plain(view.model.name)} by {view.method}"
    found = run_in_background(work, lambda seconds: place.caption(f"{text}: {seconds:.0f} s"))
    place.empty()
    return found


def _labels(left: View, right: View, class_names: Sequence[str]) -> list[str]:
    """What tells the two views apart: their models, methods or classes."""
    parts = [
        (
            view.model.run.plan.head.label if view.model.run else view.model.name,
            view.method,
            class_names[view.explained],
        )
        for view in (left, right)
    ]
    if parts[0][0] == parts[1][0] and left.model != right.model:
        parts = [(view.model.name, *part[1:]) for view, part in zip((left, right), parts, strict=True)]
    differ = [number for number in range(3) if parts[0][number] != parts[1][number]]
    return [" · ".join(part[number] for number in differ) for part in parts]


def _painted(view: View, limit: float) -> np.ndarray:
    from tfpool.cam.figures.overlay import as_rgb, enlarged, overlay

    return overlay(enlarged(as_rgb(view.pixels), _SIDE), view.heatmap, _OPACITY, limit)
