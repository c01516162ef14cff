"""The score broken down: what each channel adds at a position, and whether all positions add up to the score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.cam import model_picker
from dashboard.cam.explanations import Query, View
from dashboard.common.counts_in_words import text_of
from dashboard.common.page import link, plain

if TYPE_CHECKING:
    from tfpool.cam import Terms

_STRONGEST = 10
_EXACT = 1e-3
"""Fraction of the score that may be lost to rounding."""


def show(view: View, query: Query) -> None:
    """The terms of one model's score for the image of a view, which is the answer to a query."""
    from tfpool.cam import Contrast

    explainer = model_picker.explainer(view.model, "hirescam")
    target = view.explained if view.other is None else Contrast(view.explained, view.other)
    terms = explainer.terms(view.model.classifier.to_input(view.pixels[np.newaxis]), target)
    exact = terms.products.sum(axis=-1)
    height, width = exact.shape
    peak = int(np.abs(exact).argmax())
    left, middle, right = st.columns([1, 1, 2], vertical_alignment="bottom")
    with left:
        row = _position("Row", "cam_row", peak // width, height)
    with middle:
        column = _position("Column", "cam_column", peak % width, width)
    right.caption(f"One of {height} × {width} positions of {plain(explainer.layer)}; the strongest at first.")
    st.dataframe(
        _table(terms, row, column),
        hide_index=True,
        key="cam_terms",
        column_config=_COLUMNS,
        alt=f"Activation, weight and product of the strongest channels at row {row}, column {column}",
    )
    st.markdown(
        f"This position adds **{text_of(exact[row, column], '.4g')}** to the score. All {height * width} positions add "
        f"**{text_of(terms.total, '.4g')}**, and the bias adds **{text_of(terms.bias, '.4g')}**: together "
        f"{text_of(terms.total + terms.bias, '.4g')}. The score is {text_of(terms.score, '.4g')}."
    )
    _verdict(view, terms, query)
    link("Inside", "See all maps, their weights and their sum", inside_model=view.model.name)


def _verdict(view: View, terms: Terms, query: Query) -> None:
    """Say whether the map itself adds up to the score as well."""
    if query.relu or query.augment:
        st.caption(
            "This map does not add up to the score: it is smoothed, or leaves out what speaks against the class."
        )
        return
    way, words = {"hirescam": ("sum", "cells"), "cam": ("mean", "mean")}.get(view.method, (None, ""))
    if way is None:
        text = f"Maps by {view.method} do not add up to the score. Those by hirescam and, for linear heads, cam do."
        st.caption(text)
        return
    total = float(getattr(view.raw, way)(dtype=np.float64)) + terms.bias
    difference = abs(total - terms.score)
    text = f"The {words} of this map and the bias add up to {text_of(total, '.4g')}"
    if difference <= _EXACT * max(1.0, abs(terms.score)):
        st.success(f"{text}, which is the score: the map leaves nothing out.", icon=":material/check:")
    else:
        score = text_of(terms.score, ".4g")
        st.warning(f"{text}, and the score is {score}. The rest is at no position, as the biases of hidden layers are.")


def _position(label: str, key: str, default: int, most: int) -> int:
    # The position may have been chosen on a larger map.
    if st.session_state.get(key, 0) >= most:
        del st.session_state[key]
    help = "From the top" if label == "Row" else "From the left"
    return int(st.number_input(label, 0, most - 1, default, key=key, help=help, bind="query-params"))


_COLUMNS = {
    "activation": st.column_config.NumberColumn(format="%.4g", help="The value of the last feature map here"),
    "weight": st.column_config.NumberColumn(
        format="%.4g", help="The score's gradient: how much one unit of activation adds to the score"
    ),
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
