"""The sum that makes a map, on a page: which channels say what at a position, and whether all of it is the score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.cam import model_picker
from dashboard.cam.explanations import Query, View
from dashboard.common.page import plain

if TYPE_CHECKING:
    from tfpool.cam import Terms

_STRONGEST = 10
_EXACT = 1e-3
"""Share of the score that rounding may take away."""


def show(view: View, question: Query) -> None:
    """The terms of one model's score for the image of a view, which is the answer to a question."""
    from tfpool.cam import Contrast

    explainer = model_picker.explainer(view.model, "hirescam")
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
        st.caption(f"Of {height} × {width} positions of {plain(explainer.layer)}; at first where most is said.")
    st.dataframe(
        _table(terms, row, column),
        hide_index=True,
        key="cam_terms",
        column_config=_COLUMNS,
        alt=f"Activation, weight and product of the channels that say most at row {row}, column {column}",
    )
    st.markdown(
        f"This position says **{exact[row, column]:.4g}**, all {height * width} positions **{terms.total:.4g}**, and "
        f"the bias is **{terms.bias:.4g}**: together {terms.total + terms.bias:.4g}. The score is {terms.score:.4g}."
    )
    _read_out(view, terms, question)


def _read_out(view: View, terms: Terms, question: Query) -> None:
    """Whether the map shown adds up to the score as well."""
    if question.relu or question.augment:
        st.caption("The map shown is smoothed or has only what speaks for the class: it does not add up to the score.")
        return
    ways = {"hirescam": "sum", "cam": "mean"}
    if view.method not in ways:
        st.caption(f"{view.method} is not made to add up to the score; hirescam and, for linear heads, cam are.")
        return
    how = ways[view.method]
    found = float(getattr(view.raw, how)(dtype=np.float64)) + terms.bias
    off = abs(found - terms.score)
    text = f"The map's {how} and the bias are {found:.5g}, {off:.1g} off the score"
    if off <= _EXACT * max(1.0, abs(terms.score)):
        st.success(f"{text}: the map is the evidence, all of it.", icon=":material/check:")
    else:
        st.warning(f"{text}: there is more to this score than positions say, such as biases that come and go.")


def _place(label: str, key: str, default: int, most: int) -> int:
    # Another map may be smaller than the one that the place was chosen on.
    if st.session_state.get(key, 0) >= most:
        del st.session_state[key]
    help = "From the top" if label == "Row" else "From the left"
    return int(st.number_input(label, 0, most - 1, default, key=key, help=help, bind="query-params"))


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
