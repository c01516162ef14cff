"""The report on a folder or zip of images, as the Data page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.common.page import plain
from dashboard.data import fault_pictures
from tfpool.data import Report
from tfpool.networks import graph

_MAX_ROWS, _FEW_LINES = 1000, 8
_MAX_EQUAL = 5


def show(report: Report, pictures: fault_pictures.Pictures) -> None:
    """Numbers, warnings and tables of a report, with the pictures of `fault_pictures.read`."""
    with st.container(horizontal=True):
        st.metric("Images", f"{report.images:,}", border=True, width=150, help="Files that can be read")
        st.metric("Classes", f"{len(report.class_names):,}", border=True, width=150)
        st.metric("Unreadable files", f"{len(report.unreadable):,}", border=True, width=150)
        groups = "Groups of files with the same pixels"
        st.metric("Equal pictures", f"{len(report.duplicates):,}", border=True, width=150, help=groups)
    st.caption(plain(f"Read as: {report.layout}."))
    show_warnings(report, pictures)
    if report.examples:
        st.markdown("**Images and their classes**")
        _lines([f"{file}: {name}" for file, name in report.examples])
    left, right = st.columns([3, 2])
    with left:
        counts = {"images" if part == "all" else part: values for part, values in report.counts.items()}
        _table({"class": report.class_names, **counts}, "Images per class")
    with right:
        sizes = {"height×width": [graph.text(size) for size, _ in report.sizes], "images": [n for _, n in report.sizes]}
        _table(sizes, "Image sizes")
    for title, files in (("Unreadable files", report.unreadable), ("Files left out", report.skipped)):
        if files:
            st.markdown(f"**{title}**")
            _lines([f"{name}: {reason}" for name, reason in files])
    if report.duplicates:
        st.markdown("**Equal pictures**")
        _lines([f"{group.where}: {' = '.join(group.files[:_MAX_EQUAL])}" for group in report.duplicates])
    if report.near_duplicates:
        st.markdown("**Near duplicates**")
        _lines([f"{group.where}: {' ≈ '.join(group.files[:_MAX_EQUAL])}" for group in report.near_duplicates])
    if report.groups:
        names, numbers = zip(*report.groups, strict=True)
        st.markdown("**Groups**")
        _table({"group": names, "files": numbers}, "Files per group")


def show_warnings(report: Report, pictures: fault_pictures.Pictures) -> None:
    """The warnings, and the pictures that they are about."""
    if report.warnings:
        st.warning("\n".join(f"- {plain(warning)}" for warning in report.warnings))
    fault_pictures.show(report, pictures)


def _table(columns: dict[str, Any], alt: str) -> None:
    rows = len(next(iter(columns.values())))
    st.dataframe(pd.DataFrame(columns), hide_index=True, height=min(38 + 35 * rows, 290), alt=alt)


def _lines(lines: Sequence[str]) -> None:
    """Long names as wrapped lines: in the cells of a table their ends would be cut off on a phone."""
    if len(lines) > _MAX_ROWS:
        st.caption(f"Shown: the first {_MAX_ROWS:,} of {len(lines):,}")
    # The code block's copy button makes this scrollable with the keyboard.
    with st.container(height="content" if len(lines) <= _FEW_LINES else 290, border=False):
        st.code("\n".join(lines[:_MAX_ROWS]), language=None, wrap_lines=True)
