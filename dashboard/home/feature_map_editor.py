"""A small feature map whose cells a visitor types into, and which is shifted as a whole."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from dashboard.components import component

MOST = 9
"""One digit per cell, so that a map is a short word in the address."""

_component = component("feature_map_editor")


def edit(patterns: Mapping[str, str], key: str, label: str) -> np.ndarray:
    """Show a square map of digits to edit, and return it as int (H, W). The address holds it under the control's key.

    The patterns to start from, by name, have one digit per cell, row by row; the first is the default. The label is for
    screen readers.
    """
    first = next(iter(patterns.values()))
    side = round(len(first) ** 0.5)
    state = st.session_state.get(f"{key}_cells") or {}
    cells = _digits(state.get("cells"), len(first)) or _digits(st.query_params.get(key), len(first)) or first
    result = _component(
        # Tuples only: to see whether a list or dictionary is a table, Streamlit would load pandas.
        data={"cells": cells, "side": side, "most": MOST, "patterns": tuple(patterns.items()), "label": label},
        default={"cells": None},
        key=f"{key}_cells",
        on_cells_change=lambda: None,
    )
    word = _digits(result.cells, len(first)) or cells
    if word != st.query_params.get(key, first):
        st.query_params[key] = word
    return np.array([int(digit) for digit in word]).reshape(side, side)


def _digits(values: object, count: int) -> str:
    """The value from a browser or an address if it is that many digits, else an empty word."""
    word = str(values or "")
    return word if len(word) == count and word.isascii() and word.isdigit() else ""
