"""The sum that makes a map, on a page: which channels say what at a position, and whether all of it is the score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import models
from dashboard.explaining import View

if TYPE_CHECKING:
    from tfpool.cam import Terms

_STRONGEST = 10
_EXACT = 1e-3
"""Share of the score that rounding may take away."""


def show(view: View) -> None:
    """The terms of one model's score for the image of a view."""
    from tfpool.cam import Contrast

    explainer = models.explainer(view.model, "hirescam")
    target = view.explained if view.other is None else Contrast(view.explained, view.other)
    terms = explainer.terms(view.model.classifier.to_input(view.pixels[np.newaxis]), target)
    exact = terms.products.sum(axis=-1)
    height, width = exact.shape
    peak = int(np.abs(exact).argmax())
    columns = st.columns([1, 1, 2], vertical_alignment="bottom")
    with columns[0]:
        row = _place("Row", "cam_row", peak // width, height)
    with columns[1]:
        column = _place("Column", "cam_column", peak % width, width)
    with columns[2]:
        st.caption(f"Of the {height} × {width} positions of {explainer.layer}; at first where most is said.")
    here, total = float(exact[row, column]), float(exact.sum(dtype=np.float64))
    st.dataframe(_table(terms, row, column), hide_index=True, key="cam_terms", column_config=_COLUMNS)
    added = total + terms.rest
    st.markdown(
        f"This position says **{here:.4g}**, all {height * width} positions **{total:.4g}**, the biases "
        f"**{terms.rest:.4g}**: together {added:.4g}. The score is {terms.score:.4g}."
    )
    _read_out(view, exact, terms.rest, terms.score)


def _read_out(view: View, exact: np.ndarray, rest: float, score: float) -> None:
    """Whether the map shown adds up to the score as well."""
    ways = {"hirescam": float(view.raw.sum(dtype=np.float64)), "cam": float(view.raw.mean(dtype=np.float64))}
    if view.method not in ways:
        st.caption(
            f"{view.method} does not add up to the score, nor is it meant to; hirescam and, for linear heads, cam do."
        )
        return
    found = ways[view.method] + rest
    how = "sum" if view.method == "hirescam" else "mean"
    text = f"The map's {how} and the biases are {found:.5g}, {abs(found - score):.1g} off the score"
    if abs(found - score) <= _EXACT * max(1.0, abs(score)):
        st.success(f"{text}: the map is the evidence, all of it.", icon=":material/check:")
    else:
        st.warning(f"{text}: it is no full account of it.")


def _place(label: str, key: str, default: int, most: int) -> int:
    # Another map may be smaller than the one that the place was chosen on.
    if st.session_state.get(key, 0) >= most:
        del st.session_state[key]
    return int(st.number_input(label, 0, most - 1, default, key=key, help="From the top" if label == "Row" else None))


_COLUMNS = {
    "activation": st.column_config.NumberColumn(format="%.4g", help="What the last feature map holds here"),
    "weight": st.column_config.NumberColumn(format="%.4g", help="The score's gradient: what one unit of it adds"),
    "adds": st.column_config.NumberColumn(format="%.4g", help="Activation times weight"),
    "share of the score": st.column_config.NumberColumn(format="%.2f %%"),
}


def _table(terms: Terms, row: int, column: int) -> pd.DataFrame:
    activations, weights, products = (
        values[row, column].astype(np.float64) for values in (terms.activations, terms.weights, terms.products)
    )
    strongest = terms.strongest(row, column, _STRONGEST)
    table = pd.DataFrame(
        {
            "channel": [str(channel) for channel in strongest],
            "activation": activations[strongest],
            "weight": weights[strongest],
            "adds": products[strongest],
        }
    )
    others = len(products) - len(strongest)
    if others:
        left = products.sum() - products[strongest].sum()
        table.loc[len(table)] = [f"{others:,} others", np.nan, np.nan, left]
    table["share of the score"] = 100 * table["adds"] / terms.score if terms.score else np.nan
    return table
