"""How the models of files take their pixels, below their maps, and warnings where another scale fits far better."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from dashboard.cam import model_picker
from dashboard.cam.explanations import digest
from dashboard.cam.model_picker import Model
from dashboard.common.background_work import run_in_background
from dashboard.common.page import plain


def show(chosen: Sequence[Model], pixels: np.ndarray) -> None:
    """Draw the notes on one uint8 image (H, W, C)."""
    place, key = st.empty(), digest(pixels)
    work = [partial(_record, model, pixels, key) for model in chosen]
    records = [
        run_in_background(one, lambda seconds: place.caption(f"Checking pixels: {seconds:.0f} s")) for one in work
    ]
    place.empty()
    for record in filter(None, records):
        st.caption(plain(record["sentence"]))
        if record["warning"]:
            st.warning(plain(record["warning"]))


@st.cache_data(max_entries=32, hash_funcs=model_picker.KEYS, show_spinner=False)
def _record(model: Model, _pixels: np.ndarray, key: str) -> dict[str, Any] | None:
    from tfpool.inference.pixel_check import pixel_record

    classifier = model.classifier
    return pixel_record(classifier, [classifier.fit(_pixels)], f"“{model_picker.pixels_label(model.name)}”")
