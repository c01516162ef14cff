"""One map on the page, with its model's prediction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from dashboard.cam import likely_classes
from dashboard.cam.explanations import View
from dashboard.common import charts
from dashboard.common.counts_in_words import text_of
from dashboard.common.page import plain

# Height of a map in pixels of the page, by the number of maps per row.
HEIGHTS = {1: 460, 2: 400, 3: 300, 4: 250}
INPUT_SIDES = {1: 240, 2: 240, 3: 200, 4: 160}
"""Largest width of the image that is dragged, so that maps, which are the answer, are larger."""


def show(
    view: View,
    limit: float,
    class_names: Sequence[str],
    label: int | None,
    across: int,
    by_method: bool,
    names_class: bool = False,
) -> None:
    """Draw a view, with the value of full color, the image's true class if it is known, and the maps per row.

    `names_class`: whether the title says which class the map explains, as where other maps explain another one.
    """
    head = f"**{view.model.run.plan.head.label}** · " if view.model.run else ""
    method = f"**{view.method}**  \n" if by_method else ""
    wrong = "" if label in (None, view.predicted) else " (wrong)"
    title = f"  \nmap of **{plain(class_names[view.explained])}**" if names_class else ""
    st.markdown(
        f"{method}{head}{plain(view.model.name)}  \npredicts: **{plain(class_names[view.predicted])}**{wrong}  \n"
        f"{view.answer}{title}"
    )
    drawing, beside = st.columns([5, 3], vertical_alignment="center") if across == 1 else (st.container(),) * 2
    other = view.other_name(class_names)
    explained = class_names[view.explained] + (f" rather than {other}" if other is not None else "")
    figure = charts.evidence(
        view.pixels, view.heatmap, limit, f"evidence for {charts.escaped(explained)}", HEIGHTS[across]
    )
    # Plotly would write 4p for 4·10⁻¹².
    figure.update_coloraxes(colorbar_exponentformat="power")
    drawing.plotly_chart(
        figure,
        key=f"cam_map_{view.model.name}_{view.method}",
        config={"displayModeBar": False},
        alt=f"Map of {view.model.name} by {view.method}: evidence for {explained}, {text_of(view.score, '.2f')}",
    )
    with beside:
        likely_classes.show(view, class_names)
    if view.spread and view.is_faint and view.other != view.explained:
        st.info(
            f"This map says next to nothing: its largest value, {np.abs(view.heatmap).max():.1g}, is below a "
            f"thousandth of {view.spread:.3g}, the distance between the highest and the lowest score."
        )
    for note in view.notes:
        st.caption(plain(note))
