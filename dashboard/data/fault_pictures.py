"""Pictures that a report warns of: of one color, almost black, nearly equal, or equal after resizing."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any

import numpy as np
import streamlit as st

from dashboard.common.page import plain
from tfpool.data import Report
from tfpool.data.custom.example_images import example_images
from tfpool.data.tiff import tiff_choice

_WIDTH = 96
Pictures = Mapping[str, np.ndarray]


def read(source: IO[bytes] | str, report: Report, options: Mapping[str, Any]) -> Pictures:
    """The pictures that `report.faults` names, uint8 (h, w, 3), by name; `options` are those of `inspect`."""
    names = {name for _, of_fault in report.faults for name in of_fault}
    if not names:
        return {}
    tiff = tiff_choice(options.get("page", 1), options.get("bands"))
    # A source may vanish once its report is made.
    with suppress(ValueError):
        return example_images(source, names, options.get("encoding"), tiff, report.depth or None)
    return {}


def show(report: Report, pictures: Pictures) -> None:
    """The pictures in a row for each fault."""
    for fault, names in report.faults:
        shown = [name for name in names if name in pictures]
        if shown:
            st.markdown(f"**Pictures that are {fault}**")
            st.image(
                [pictures[name] for name in shown],
                caption=[plain(name) for name in shown],
                width=_WIDTH,
                alt=[f"{name}, {fault}" for name in shown],
            )
