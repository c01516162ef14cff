"""Adding one's own images on the Data page: where they are, a report on them, and saving them as a data set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import streamlit as st

from dashboard.common import visitor_limits
from dashboard.common.page import message_of, plain
from dashboard.common.stoppable_work import run_stoppable
from dashboard.data import destination, fault_pictures, file_choices, report_view
from dashboard.server.sharing import is_shared, most_upload
from tfpool import data
from tfpool.data import DataSet, Report
from tfpool.data.custom.file_groups import is_simple
from tfpool.data.custom.readings.choice import Overview, overview
from tfpool.data.custom.scan import Progress

UPLOAD, PATH = "Upload a zip", "Folder or zip on this computer"
_GROUPS_HELP = (
    "Files that belong together, such as those of a patient or a film, stay in one part of the split. Write {group} "
    "for what their names have in common, and * for the rest: {group}_* for p1_left.png and p1_right.png. Empty: none."
)


def add() -> None:
    """Ask for images, report on them, and save them as a data set on request."""
    _show_saved_report()
    # Where the dashboard is served to others, they read no files of the computer that serves it.
    ways = [UPLOAD] if is_shared() else [UPLOAD, PATH]
    way = st.segmented_control("Source", ways, default=UPLOAD, required=True, key="data_way")
    source, source_id = _upload() if way == UPLOAD or is_shared() else _path()
    if not source:
        return
    pattern = st.text_input(
        "Groups of files",
        key="data_groups",
        max_chars=200,
        placeholder="{group}_*",
        help=_GROUPS_HELP,
    ).strip()
    source_id = f"{source_id} {pattern}"
    if st.button("Check", key="data_check", icon=":material/fact_check:"):
        _begin(source, source_id, pattern)
    checked_id, found = st.session_state.get("data_readings", ("", None))
    if not found or checked_id != source_id:
        st.caption("Check reads the images and reports which files cannot be used. Nothing is saved yet.")
        return
    options: dict[str, Any] = {"group_by": pattern or None}
    try:
        code_pages = st.session_state["data_code_pages"]
        encoding = file_choices.encoding(code_pages)
        options["encoding"] = None if not code_pages or encoding == code_pages[0][0] else encoding
        if found.code_pages and encoding != found.code_pages[0][0]:
            found = _list_readings(source, source_id, encoding)
        options |= file_choices.pages_and_bands(found.has_tiff)
    except ValueError as error:
        st.error(message_of(error))
        return
    options["reading"] = _choose(dict(found.readings))
    report = _check(source, f"{source_id} {options}", options)
    if isinstance(report, Report):
        if not report.is_certain:
            other = " Otherwise choose another way under *Read as*." if len(found.readings) > 1 else ""
            st.info(f"The folders alone do not say what the classes are. Save if you mean the classes below.{other}")
        _report(report)
        _save(source, options, report.images)
    elif report:
        st.error(message_of(report))


def _begin(source: IO[bytes] | str, source_id: str, pattern: str) -> None:
    """Find out what there is to choose about a source, and show errors."""
    for key in ("data_readings", "data_report", "data_saved_report", "data_encoding", "data_page", "data_bands"):
        st.session_state.pop(key, None)
    if pattern and not is_simple(pattern):
        # A regular expression can take hours, and everybody who can open the page can write one.
        st.error(plain("Write {group} once in the pattern, such as {group}_*. Regular expressions are for commands."))
        return
    try:
        found = _list_readings(source, source_id)
    except ValueError as error:
        st.error(message_of(error))
    else:
        # The guess comes first, and stays there.
        st.session_state["data_code_pages"] = found.code_pages


def _list_readings(source: IO[bytes] | str, source_id: str, encoding: str | None = None) -> Overview:
    """Keep the ways in which the images can be understood, and choose the likeliest."""
    with st.spinner("Listing files"):
        found = overview(source, encoding)
    st.session_state["data_readings"] = (source_id, found)
    st.session_state["data_reading"] = found.readings[0][0]
    return found


def _choose(readings: dict[str, str]) -> str:
    """The way in which the images are to be understood."""
    if len(readings) < 2:
        return next(iter(readings))
    return st.selectbox(
        "Read as",
        list(readings),
        key="data_reading",
        # A menu shows text as it is.
        format_func=lambda key: readings.get(key, key),
        help="What the classes are. Choose another way if the report below is not what you mean.",
    )


def _check(source: IO[bytes] | str, report_id: str, options: dict[str, Any]) -> Report | ValueError | None:
    """The report on the images or the error, kept until another one is asked for."""
    known_id, known = st.session_state.get("data_report", ("", None))
    if known_id == report_id:
        return known
    st.session_state.pop("data_report", None)

    def inspect(on_progress: Progress) -> Report | ValueError:
        try:
            return data.inspect(source, on_progress, **options)
        except ValueError as error:
            return error

    # Stop ends the script in there. What was found about the source is gone then, or else reading would begin again.
    found = st.session_state.pop("data_readings")
    report = run("Reading images", "images", inspect)
    st.session_state["data_readings"] = found
    st.session_state["data_report"] = (report_id, report)
    st.session_state["data_pictures"] = (
        fault_pictures.read(source, report, options) if isinstance(report, Report) else {}
    )
    if isinstance(report, Report) and not st.session_state.get("data_new_name"):
        st.session_state["data_new_name"] = Path(report.source).name.removesuffix(".zip")
    return report


def _upload() -> tuple[IO[bytes] | str | None, str]:
    """The upload, if any, and an identifier of it."""
    max_size = most_upload(st.get_option("server.maxUploadSize"))
    upload = st.file_uploader(f"Zip file, up to {max_size} MB", ["zip"], max_upload_size=max_size, key="data_upload")
    # Its file name is only shown, never opened: the bytes stay in memory.
    return upload, f"{upload.file_id} {upload.name}" if upload else ""


def _path() -> tuple[str, str]:
    path = st.text_input(
        "Path",
        key="data_path",
        placeholder="/home/me/photos",
        help="Enter a path on the computer that runs the dashboard.",
    ).strip()
    return path, path


def _save(source: IO[bytes] | str, options: dict[str, Any], count: int) -> None:
    reports: list[Report] = []
    make, size = destination.choose(source, options, count, reports.append)
    if st.button("Save", type="primary", key="data_keep", icon=":material/save:"):
        images = save(make, size)
        if images:
            st.session_state["data_chosen"] = images.name
            _keep_what_is_new(source, reports[-1], options)
            for key in ("data_readings", "data_report"):
                st.session_state.pop(key, None)
            st.toast(f"Saved as {images.name}.")
            st.rerun()


def _keep_what_is_new(source: IO[bytes] | str, report: Report, options: dict[str, Any]) -> None:
    """Keep what was found only when the images were saved, to be shown until the next check."""
    known = st.session_state["data_report"][1]
    new = replace(
        report,
        warnings=tuple(warning for warning in report.warnings if warning not in known.warnings),
        faults=tuple(fault for fault in report.faults if fault not in known.faults),
    )
    st.session_state["data_saved_report"] = (new, fault_pictures.read(source, new, options))


def _report(report: Report) -> None:
    report_view.show(report, st.session_state.get("data_pictures", {}))


def _show_saved_report() -> None:
    """What was found only when the images were saved."""
    if "data_saved_report" in st.session_state:
        report, pictures = st.session_state["data_saved_report"]
        report_view.show_warnings(report, pictures)


def save(make: Callable[[Progress], DataSet], size: int) -> DataSet | None:
    """Make a data set of so many bytes, which belongs to the visitor; None after an error, which is shown."""

    def made(on_progress: Progress) -> DataSet:
        with visitor_limits.adding(size) as added:
            added.append(make(on_progress))
        return added[0]

    return run("Saving images", "images", made)


def run(title: str, unit: str, work: Callable[[Progress], Any]) -> Any:
    """Do work with a progress bar and a Stop button; if it raises a ValueError, show the message and return None."""
    return run_stoppable(title, unit, work, "data_stop", "Stopped. Nothing was saved.")
