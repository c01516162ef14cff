"""Classifying many images of one's own at once: a table of classes and probabilities, and the same as CSV."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from dashboard.cam.model_picker import Model
from dashboard.common.page import plain
from dashboard.common.stoppable_work import run_stoppable
from dashboard.server.sharing import most_upload
from tfpool.data.custom.frequent_reasons import frequent_reasons
from tfpool.data.custom.safe_names import clean
from tfpool.data.image_formats import SUFFIXES
from tfpool.inference.classify_files import CSV_TOP, Answers, Prediction, Upload, answer, classify_files, csv_of
from tfpool.system.format import percent

_RESULT = "cam_many_result"
_MOST_CLASSES = 8


def show(models: Sequence[Model]) -> None:
    """Ask for images and zips, and show what one of the models predicts for each."""
    by_name = {model.name: model for model in models}
    name = next(iter(by_name))
    if len(by_name) > 1:
        name = st.selectbox("Model that classifies", list(by_name), key="cam_many_model", bind="query-params")
    model = by_name[name]
    files = st.file_uploader(
        "Images, or zips of images",
        [*(suffix.removeprefix(".") for suffix in SUFFIXES), "zip"],
        accept_multiple_files=True,
        max_upload_size=most_upload(st.get_option("server.maxUploadSize")),
        key="cam_many_files",
        help="Folders inside a zip are looked through. Files that cannot be read are named below the table.",
    )
    if not files:
        return
    asked = (model.key, tuple(file.file_id for file in files))
    if st.button("Classify", key="cam_many_start", type="primary", icon=":material/category:"):
        st.session_state.pop(_RESULT, None)
        classifier = model.classifier
        uploads = [Upload(clean(file.name) or "image", file) for file in files]
        answers = run_stoppable(
            f"Classifying with {plain(name)}",
            "images",
            lambda on_progress: classify_files(classifier, uploads, CSV_TOP, progress=on_progress),
            "cam_many_stop",
            "Stopped. No image was classified.",
        )
        if answers is None:
            return
        st.session_state[_RESULT] = (asked, answers)
    answered, answers = st.session_state.get(_RESULT, (None, None))
    if answers is None or answered != asked:
        st.caption(f"Classify predicts the class of each image with {plain(name)}.")
        return
    _results(name, answers)


def _results(name: str, answers: Answers) -> None:
    least = st.slider(
        "Least probability, %",
        0,
        100,
        0,
        key="cam_many_least",
        bind="query-params",
        help="An image whose likeliest class is less probable is none of these classes. Probabilities of images unlike "
        "those of the training can still be high.",
    )
    predictions = [replace(each, class_name=answer(each.classes, least / 100)) for each in answers.predictions]
    counts = Counter(each.class_name for each in predictions).most_common()
    listed = ", ".join(f"{count:,} {plain(class_name)}" for class_name, count in counts[:_MOST_CLASSES])
    more = "" if len(counts) <= _MOST_CLASSES else f" and {len(counts) - _MOST_CLASSES:,} more classes"
    images = f"{len(predictions):,} image{'' if len(predictions) == 1 else 's'}"
    st.markdown(f"{images}: {listed}{more}.")
    st.dataframe(
        _table(predictions),
        hide_index=True,
        key="cam_many_table",
        column_config={
            "probability": st.column_config.ProgressColumn(
                "probability", format="percent", min_value=0.0, max_value=1.0, help="Of the likeliest class"
            ),
            "likeliest": st.column_config.TextColumn(help="The class with the highest probability"),
        },
        alt=f"Predicted classes of {images} by {name}, with probabilities",
    )
    st.caption("Click a column to sort by it.")
    if answers.left_out:
        st.warning(plain(f"Left out: {frequent_reasons(answers.left_out)}."))
    st.download_button(
        "Predictions, CSV",
        lambda: csv_of(predictions),
        "predictions.csv",
        "text/csv",
        key="cam_many_csv",
        icon=":material/download:",
        on_click="ignore",
        help="Each image with its class, and the five likeliest classes with their probabilities",
    )


def _table(predictions: Sequence[Prediction]) -> pd.DataFrame:
    columns = {
        "image": [each.image for each in predictions],
        "class": [each.class_name for each in predictions],
        "probability": [each.classes[0][1] for each in predictions],
        "likeliest": [each.classes[0][0] for each in predictions],
        "next": [
            ", ".join(f"{name} {percent(probability)}" for name, probability in each.classes[1:3])
            for each in predictions
        ],
    }
    if columns["likeliest"] == columns["class"]:
        del columns["likeliest"]
    return pd.DataFrame(columns)
