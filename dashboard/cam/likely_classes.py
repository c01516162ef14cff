"""The likeliest classes of an image beside its map, with bars. A click explains a class."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from dashboard.cam.explanations import View
from dashboard.common.counts_in_words import text_of
from dashboard.components import component

TARGET = "cam_target"
"""Key of the control with the explained class."""
_component = component("likely_classes")


def show(view: View, class_names: Sequence[str]) -> None:
    """Draw a row per class, the explained one marked. A model that is no classifier has none."""
    if not view.likeliest:
        return
    key = f"cam_likely_{view.model.name}_{view.method}"
    rows = [
        {"number": number, "name": class_names[number], "probability": probability, "value": percentage(probability)}
        for number, probability in view.likeliest
    ]
    label = f"The likeliest classes by {view.model.name}. Click a class to explain it"
    _component(
        data={"classes": rows, "explained": view.explained, "label": label, "verb": "Explain"},
        key=key,
        on_chosen_change=partial(explain_chosen, key, tuple(class_names)),
    )


def explain_chosen(key: str, class_names: Sequence[str]) -> None:
    """Put the class that was clicked into the control of the explained class."""
    number = (st.session_state.get(key) or {}).get("chosen")
    # What a browser sends may be anything.
    if isinstance(number, int) and 0 <= number < len(class_names):
        st.session_state[TARGET] = class_names[number]


def percentage(probability: float) -> str:
    """A probability as a short text."""
    if 0 < probability < 0.001:
        return "<0.1 %"
    return text_of(probability, ".0%" if probability >= 0.1 or probability == 0 else ".1%")
