"""A small feature map whose cells are typed into, painted in shades, and shifted as a whole."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from dashboard.components import component

MOST = 9
"""A cell holds one digit, so that a map is a short word in the address."""

_component = component("feature_map_editor")


def painted(patterns: Mapping[str, str], key: str, label: str) -> np.ndarray:
    """A square map of digits to be changed by hand, int (H, W). It stands in the address under the control's key.

    Args:
        patterns: maps to start from by their names, a digit for each cell, row by row. The first is shown at first.
        key: of the control.
        label: what the map is called for who cannot see it.
    """
    first = next(iter(patterns.values()))
    side = round(len(first) ** 0.5)
    state = st.session_state.get(f"{key}_cells") or {}
    shown = _digits(state.get("cells"), len(first)) or _digits(st.query_params.get(key), len(first)) or first
    result = _component(
        # A tuple: for a list or a dictionary in it Streamlit would load pandas, to see whether it is a table.
        data={
            "cells": shown,
            "side": side,
            "most": MOST,
            "patterns": tuple(patterns.items()),
            "label": label,
        },
        default={"cells": None},
        key=f"{key}_cells",
        on_cells_change=lambda: None,
    )
    word = _digits(result.cells, len(first)) or shown
    if word != st.query_params.get(key, first):
        st.query_params[key] = word
    return np.array([int(digit) for digit in word]).reshape(side, side)


def _digits(values: object, count: int) -> str:
    """What a browser or an address says, as so many digits; nothing where it says anything else."""
    word = str(values or "")
    return word if len(word) == count and word.isascii() and word.isdigit() else ""
