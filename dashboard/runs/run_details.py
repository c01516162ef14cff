"""One run: its confusion matrix, its most confident mistakes, and its files to download."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import streamlit as st

from dashboard.common import thumbnails
from dashboard.common.page import message_of, plain
from dashboard.keras_loading import load_keras_for
from dashboard.runs import result_charts
from tfpool.system.format import csv_text
from tfpool.system.process import end
from tfpool.tracking import export, predictions
from tfpool.tracking.predictions import Predictions
from tfpool.tracking.run_data import mixed_text
from tfpool.tracking.store import Run

_WORST = 12
_TABLES = {
    "predictions": ("Predictions, CSV", "Predicted and true class of each test image"),
    "classes": ("Classes, CSV", "Precision and recall of each class, with the confusion matrix"),
}
_FORMATS = {"onnx": "ONNX", "tflite": "TFLite"}
"""Formats for other programs, each by its suffix."""
_POLL_SECONDS = 0.2
_PATIENCE_SECONDS = 3.0


def choose(runs: Sequence[Run]) -> Run:
    """One of these runs, by default one that has been tested."""
    tested = [predictions.path(run).exists() for run in runs]
    first = tested.index(True) if any(tested) else 0
    run_id = st.selectbox("Run", [run.id for run in runs], first, key="runs_one", bind="query-params")
    return next(run for run in runs if run.id == run_id)


def mistakes(run: Run) -> None:
    """The confusion matrix and the most confident mistakes."""
    try:
        load_keras_for(run.spec["data"])
        predicted = predictions.read(run)
    except ValueError as error:
        st.info(message_of(error))
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _confusion(run, predicted)
    with right:
        _worst(predicted)


def _confusion(run: Run, predicted: Predictions) -> None:
    counts = predicted.confusion
    right = int(counts.trace())
    percent_of_row = st.toggle(
        "Percent of each row",
        value=True,
        key="runs_shares",
        bind="query-params",
        help="Switch off to see numbers of images.",
    )
    st.caption(
        f"Confusion matrix: {right:,} of {counts.sum():,} test images are correct (the diagonal).",
        help="Each row is a true class, each column a predicted one. A strong color off the diagonal marks two classes "
        "that are confused.",
    )
    st.plotly_chart(
        result_charts.confusion_map(
            counts, predicted.class_names, percent_of_row, dark=st.context.theme.type == "dark"
        ),
        key="runs_confusion",
        alt=f"Predicted classes of each true class: {right:,} of {counts.sum():,} test images are correct",
    )
    with st.container(horizontal=True):
        for name, (label, help) in _TABLES.items():
            _download_button(label, partial(_table, predicted, name), f"{run.id}-{name}.csv", f"runs_{name}", help)


def _table(predicted: Predictions, name: str) -> str:
    return csv_text(export.TABLES[name](predicted))


def _worst(predicted: Predictions) -> None:
    worst = predicted.mistakes(_WORST)
    if not len(worst):
        st.success(f"All {len(predicted.test):,} test images are correct.")
        return
    wrong = int((predicted.predicted != predicted.test.labels).sum())
    st.markdown(f"**Most confident mistakes**: {len(worst)} of {wrong:,}")
    names = predicted.class_names
    mistakes = [
        (names[predicted.predicted[index]], names[predicted.test.labels[index]], f"{predicted.confidence[index]:.0%}")
        for index in worst
    ]
    st.image(
        [thumbnails.as_png(predicted.test, position) for position in worst],
        caption=[plain(f"{guess}, {confidence}; true: {truth}") for guess, truth, confidence in mistakes],
        width=thumbnails.TILE,
        alt=[f"{truth}, predicted as {guess} with {confidence} confidence" for guess, truth, confidence in mistakes],
    )


def files(run: Run) -> None:
    """Download buttons for the model and the history, and what the model cannot promise."""
    if mixed := mixed_text(run):
        st.caption(plain(mixed))
    if not run.model_path.exists():
        st.caption("Files can be downloaded after the first epoch.")
        return
    with st.container(horizontal=True):
        _download(run, "model.keras", "Keras model")
        _download(run, "history.csv", "History, CSV")
        wanted = [format for format in _FORMATS if _offer(run, format)]
    for format in wanted:
        if _wait(export.start(run, _exported(run, format)), _FORMATS[format]):
            st.rerun()


def _exported(run: Run, format: str) -> Path:
    # Older versions wrote bare models to model.onnx.
    return run.path / f"classifier.{format}"


def _offer(run: Run, format: str) -> bool:
    """A button that downloads the model in a format, or one that makes it; whether that was pressed."""
    path = _exported(run, format)
    if path.exists() and path.stat().st_mtime >= run.model_path.stat().st_mtime:
        _download(run, path.name, f"{_FORMATS[format]} model")
        return False
    return st.button(
        f"Make {_FORMATS[format]}",
        key=f"runs_{format}",
        icon=":material/conversion_path:",
        help="Convert the model for other runtimes, which takes a few seconds. The file takes RGB images with values "
        "from 0 to 255, scales them itself, and holds the names of the classes.",
    )


def _download(run: Run, name: str, label: str) -> None:
    path = run.path / name
    if path.exists():
        file_name = f"{run.id}{path.suffix}" if path.stem in ("model", "classifier") else f"{run.id}-{name}"
        _download_button(label, path.read_bytes, file_name, f"runs_file_{path.suffix[1:]}")


def _download_button(
    label: str, content: Callable[[], str | bytes], file_name: str, key: str, help: str | None = None
) -> None:
    icon = ":material/download:"
    st.download_button(label, content, file_name, key=key, icon=icon, help=help, on_click="ignore")


def _wait(writer: subprocess.Popen[bytes], name: str) -> bool:
    """Wait beside a Stop button, which ends the script within this function. Returns False if writing failed."""
    place = st.empty()
    try:
        with place.container(horizontal=True, vertical_alignment="center"):
            st.button("Stop", key="runs_onnx_stop", icon=":material/stop_circle:")
            clock = st.empty()
        began = time.monotonic()
        while True:
            clock.caption(f"Writing {name}: {time.monotonic() - began:.0f} s")
            with contextlib.suppress(subprocess.TimeoutExpired):
                _, error = writer.communicate(timeout=_POLL_SECONDS)
                break
    finally:
        end(writer, _PATIENCE_SECONDS)
        if writer.stderr:
            writer.stderr.close()
    place.empty()
    if writer.returncode:
        last = (error.decode(errors="replace").strip() or "The process ended.").splitlines()[-1]
        st.error(plain(f"No {name} file was written. {last.removeprefix('tfpool: ')}"))
    return writer.returncode == 0
