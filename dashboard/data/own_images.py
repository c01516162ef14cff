"""Adding images of one's own on a page: where they are, a report on them, and keeping them as a data set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

import pandas as pd
import streamlit as st

from dashboard.common.page import plain
from tfpool import data
from tfpool.data import Report
from tfpool.data.custom.add import LARGEST, SMALLEST
from tfpool.networks import graph

UPLOAD, PATH = "upload a zip", "a folder or zip on this computer"
_SPLIT_MEANS = (
    "Shares of the images to train on, to try the network on after each epoch (validation), and to test it on once at "
    "the end. Folders of these names are kept as they are"
)
_SPLITS = {"70 / 15 / 15": (70, 15, 15), "80 / 10 / 10": (80, 10, 10), "60 / 20 / 20": (60, 20, 20)}
_MOST_ROWS, _FEW_LINES = 1000, 8
_MOST_ALIKE = 5


def add() -> None:
    """Ask for images, report on them, and keep them if that is wanted."""
    way = st.segmented_control("Where they are", [UPLOAD, PATH], default=UPLOAD, required=True, key="data_way")
    source, known_as = _uploaded() if way == UPLOAD else _path()
    if not source:
        return
    if st.button("Check", key="data_check", icon=":material/fact_check:"):
        st.session_state.pop("data_report", None)
        told = run("Looking at images", "images", lambda progress: data.inspect(source, progress))
        if told is None:
            return
        st.session_state["data_report"] = (known_as, told)
        if not st.session_state.get("data_new_name"):
            st.session_state["data_new_name"] = Path(told.source).name.removesuffix(".zip")
    checked = st.session_state.get("data_report")
    if not checked or checked[0] != known_as:
        st.caption("Checking keeps nothing: it tells what the images are and which of them cannot be used.")
        return
    _report(checked[1])
    _keep(source)


def _uploaded() -> tuple[IO[bytes] | str | None, str]:
    """The upload, if any, and what tells it from another one."""
    most = st.get_option("server.maxUploadSize")
    upload = st.file_uploader(f"Zip file, up to {most} MB", ["zip"], key="data_upload")
    # Its file name is shown and never opened: the bytes stay in memory.
    return upload, f"{upload.file_id} {upload.name}" if upload else ""


def _path() -> tuple[str, str]:
    path = st.text_input(
        "Folder or zip", key="data_path", placeholder="/home/me/photos", help="On the computer that runs this dashboard"
    ).strip()
    return path, path


def _report(told: Report) -> None:
    with st.container(horizontal=True):
        st.metric("Images", f"{told.images:,}", border=True, width=150, help="That can be read")
        st.metric("Classes", f"{len(told.class_names):,}", border=True, width=150)
        st.metric("Cannot be read", f"{len(told.unreadable):,}", border=True, width=150)
        groups = "Groups of files with equal pixels"
        st.metric("Equal pictures", f"{len(told.duplicates):,}", border=True, width=150, help=groups)
    if told.warnings:
        st.warning("\n".join(f"- {plain(warning)}" for warning in told.warnings))
    left, right = st.columns([3, 2])
    with left:
        names = {"all": "images"}
        counts = {names.get(part, part): values for part, values in told.counts.items()}
        _table({"class": told.class_names, **counts}, "Images of each class")
    with right:
        sizes = {"height×width": [graph.text(size) for size, _ in told.sizes], "images": [n for _, n in told.sizes]}
        _table(sizes, "Sizes of the images")
    for title, files in (("Cannot be read", told.unreadable), ("Left out", told.skipped)):
        if files:
            st.markdown(f"**{title}**")
            _lines([f"{name}: {why}" for name, why in files])
    if told.duplicates:
        st.markdown("**Equal pictures**")
        _lines([f"{each.where}: {' = '.join(each.files[:_MOST_ALIKE])}" for each in told.duplicates])


def _table(columns: dict[str, Any], alt: str) -> None:
    st.dataframe(pd.DataFrame(columns), hide_index=True, height=min(38 + 35 * len(columns["images"]), 290), alt=alt)


def _lines(lines: Sequence[str]) -> None:
    """Long names, one below the other: unlike a table's cells they are read to their end on a phone, too."""
    if len(lines) > _MOST_ROWS:
        st.caption(f"The first {_MOST_ROWS:,} of {len(lines):,}")
    # In a container, since its button to copy makes keys reach what has to be scrolled.
    with st.container(height="content" if len(lines) <= _FEW_LINES else 290, border=False):
        st.code("\n".join(lines[:_MOST_ROWS]), language=None, wrap_lines=True)


def _keep(source: IO[bytes] | str) -> None:
    columns = st.columns([3, 1, 2, 1], vertical_alignment="bottom")
    name = columns[0].text_input("Name", key="data_new_name", max_chars=80, placeholder="My photos")
    size = columns[1].number_input("Side, pixels", SMALLEST, LARGEST, 64, key="data_new_size")
    split = columns[2].selectbox("Split, %", list(_SPLITS), key="data_new_split", help=_SPLIT_MEANS)
    seed = columns[3].number_input("Seed", 0, 2**31 - 1, 0, key="data_new_seed", help="Another number splits otherwise")
    grey = st.toggle("Grey, one channel", key="data_new_grey")
    st.caption(
        "Images are turned upright, their middle is cut out as a square and resized. The originals stay as they are."
    )
    if st.button("Keep", type="primary", key="data_keep", icon=":material/save:"):
        channels, shares = 1 if grey else 3, _SPLITS[split]
        made = run(
            "Reading images",
            "images",
            lambda told: data.add(source, name, int(size), channels, shares, int(seed), progress=told),
        )
        if made:
            st.session_state["data_chosen"] = made.name
            st.session_state.pop("data_report", None)
            st.toast(f"Kept as {made.name}.")
            st.rerun()


def _stopped() -> None:
    st.toast("Stopped. Nothing was kept.")


def run(title: str, unit: str, work: Callable[[Callable[[int, int], None]], Any]) -> Any:
    """Do work with a bar and a button that stops it; what was wrong is shown, and None returned."""
    place = st.empty()
    with place.container():
        bar = st.progress(0.0, text=title)
        st.button("Stop", key="data_stop", icon=":material/stop_circle:", on_click=_stopped)

    def progress(done: int, total: int) -> None:
        # When somebody presses Stop, Streamlit ends the script here.
        bar.progress(min(done / max(total, 1), 1.0), text=f"{title}: {done:,} of {total:,} {unit}")

    try:
        result = work(progress)
    except ValueError as error:
        place.error(plain(str(error)))
        return None
    place.empty()
    return result
