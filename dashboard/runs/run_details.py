"""One run on a page: what it takes each class for, its worst mistakes, and its files to take away."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Sequence

import streamlit as st

from dashboard.common import thumbnails
from dashboard.common.page import plain
from dashboard.keras_loading import load_keras_for
from dashboard.runs import result_charts
from tfpool.system.process import end
from tfpool.tracking import export, predictions
from tfpool.tracking.predictions import Predictions
from tfpool.tracking.store import Run

_WORST = 12
_POLL_SECONDS = 0.2
_PATIENCE_SECONDS = 3.0


def chosen(runs: Sequence[Run]) -> Run:
    """One of these runs, at first one that has been tested."""
    tested = [predictions.path(run).exists() for run in runs]
    run_id = st.selectbox(
        "Run",
        [run.id for run in runs],
        tested.index(True) if any(tested) else 0,
        key="runs_one",
        bind="query-params",
    )
    return next(run for run in runs if run.id == run_id)


def mistakes(run: Run) -> None:
    """The confusion matrix and the images that the model was surest of while wrong."""
    try:
        load_keras_for(run.spec["data"])
        said = predictions.read(run)
    except ValueError as error:
        st.info(plain(str(error)))
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _confusion(said)
    with right:
        _worst(said)


def _confusion(said: Predictions) -> None:
    counts = said.confusion
    right = int(counts.trace())
    shares = st.toggle(
        "Percent of each row", value=True, key="runs_shares", bind="query-params", help="Else numbers of images"
    )
    st.caption(
        f"Confusion matrix: {right:,} of {counts.sum():,} test images are right, on the diagonal.",
        help="A row is what the images are, a column what the network takes them for. Strong colours off the diagonal "
        "are classes that it confuses",
    )
    st.plotly_chart(
        result_charts.confusion_map(counts, said.class_names, shares, dark=st.context.theme.type == "dark"),
        key="runs_confusion",
        alt=f"What each true class was taken for: {right:,} of {counts.sum():,} test images are right",
    )


def _worst(said: Predictions) -> None:
    worst = said.mistakes(_WORST)
    if not len(worst):
        st.success(f"All {len(said.test):,} test images are right.")
        return
    wrong = int((said.predicted != said.test.labels).sum())
    st.markdown(f"**Surest and wrong**: {len(worst)} of {wrong:,} mistakes")
    names = said.class_names
    told = [
        (names[said.predicted[each]], names[said.test.labels[each]], f"{said.confidence[each]:.0%}") for each in worst
    ]
    st.image(
        [thumbnails.as_png(said.test, position) for position in worst],
        caption=[plain(f"{claim}, {sure}; is {truth}") for claim, truth, sure in told],
        width=thumbnails.TILE,
        alt=[f"{truth}, taken for {claim} with {sure} confidence" for claim, truth, sure in told],
    )


def files(run: Run) -> None:
    """Downloads of the model and the history."""
    if not run.model_path.exists():
        st.caption("Its files can be downloaded once it has finished an epoch.")
        return
    onnx = run.path / "model.onnx"
    with st.container(horizontal=True):
        _download(run, "model.keras", "Keras model")
        _download(run, "history.csv", "History, CSV")
        if _is_fresh(run):
            _download(run, "model.onnx", "ONNX model")
        make = not _is_fresh(run) and st.button(
            "Make ONNX",
            key="runs_onnx",
            icon=":material/conversion_path:",
            help="A file for runtimes other than TensorFlow; it takes some seconds",
        )
    if make and _made(export.start(run, onnx)):
        st.rerun()


def _is_fresh(run: Run) -> bool:
    onnx = run.path / "model.onnx"
    return onnx.exists() and onnx.stat().st_mtime >= run.model_path.stat().st_mtime


def _download(run: Run, name: str, label: str) -> None:
    path = run.path / name
    if path.exists():
        st.download_button(
            label,
            path.read_bytes,
            f"{run.id}-{name.removeprefix('model')}".replace("-.", "."),
            key=f"runs_file_{path.suffix[1:]}",
            icon=":material/download:",
            on_click="ignore",
        )


def _made(writer: subprocess.Popen[bytes]) -> bool:
    """Wait with a button that stops, which ends the script at one of the lines below; False where writing failed."""
    place = st.empty()
    try:
        with place.container(horizontal=True, vertical_alignment="center"):
            st.button("Stop", key="runs_onnx_stop", icon=":material/stop_circle:")
            clock = st.empty()
        began = time.monotonic()
        while True:
            clock.caption(f"Writing ONNX: {time.monotonic() - began:.0f} s")
            with contextlib.suppress(subprocess.TimeoutExpired):
                _, error = writer.communicate(timeout=_POLL_SECONDS)
                break
    finally:
        end(writer, _PATIENCE_SECONDS)
        if writer.stderr:
            writer.stderr.close()
    place.empty()
    if writer.returncode:
        last = (error.decode(errors="replace").strip() or "Its process ended.").splitlines()[-1]
        st.error(plain(f"No ONNX file was written. {last.removeprefix('tfpool: ')}"))
    return writer.returncode == 0
