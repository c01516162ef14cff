"""Choosing an image to explain: a test image, a bundled photograph, or one of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from dashboard.cam.model_picker import Model
from dashboard.common.page import link, plain
from dashboard.keras_loading import load_keras_for
from tfpool import data
from tfpool.data.images import FORMATS, read_image
from tfpool.models.pretrained.applications import BUNDLED
from tfpool.tracking import predictions
from tfpool.tracking.results import data_name
from tfpool.tracking.run import Run

TEST, PHOTOGRAPHS, OWN = "test images", "photographs", "my own"
_PHOTOGRAPHS = {path.stem: path for path in sorted((BUNDLED / "photographs").glob("*.jpg"))}


@dataclass(frozen=True)
class Picked:
    """An image.

    Attributes:
        pixels: uint8 (H, W, C).
        name: what it is called, in anybody's words.
        label: its true class, where that is known and is one of the models'.
    """

    pixels: np.ndarray
    name: str
    label: int | None = None


def pick(chosen: Sequence[Model]) -> Picked | None:
    """Ask for an image for these models; None where an upload is still to come.

    Raises:
        ValueError: if there is no such image.
    """
    trained = [model for model in chosen if model.run]
    source = st.selectbox(
        "Image from", [TEST, PHOTOGRAPHS, OWN], 0 if trained else 1, key="cam_source", bind="query-params"
    )
    if source == PHOTOGRAPHS:
        name = st.selectbox("Photograph", list(_PHOTOGRAPHS), key="cam_photograph", bind="query-params")
        return Picked(read_image(_PHOTOGRAPHS[name], (None, None, 3)), name)
    if source == OWN:
        return _uploaded()
    return _tested(trained)


def first(chosen: Sequence[Model]) -> np.ndarray:
    """The image that the page begins with for models that were trained, uint8 (H, W, C).

    Raises:
        ValueError: if the images that they were trained on are not here.
    """
    named = next(model.run for model in chosen if model.run).spec["data"]
    # To load what is to be downloaded would download it.
    if not data.describe(named).is_ready:
        raise ValueError(f"The images of {named} are not here. See the Data page.")
    return data.load(named).test.images[0]


def _uploaded() -> Picked | None:
    upload = st.file_uploader("Image file", [name.lower() for name in (*FORMATS, "jpg")], key="cam_upload")
    if not upload:
        st.caption("Each model sees its middle, cut and shrunk to the size that it takes.")
        return None
    return Picked(read_image(upload, (None, None, 3), name=upload.name), upload.name)


def _tested(trained: Sequence[Model]) -> Picked | None:
    run = trained[0].run if trained else None
    named = run.spec["data"] if run else "fashion_mnist"
    if run and not data.describe(named).is_ready:
        st.info(f"The images of {plain(data_name(run))}, which {plain(run.id)} was trained on, are not here.")
        link("Data", "See the Data page")
        return None
    load_keras_for(named)
    images = data.load(named)
    names = images.class_names
    wanted = st.selectbox("Images of", ["any class", *names], key="cam_class", bind="query-params")
    where = np.arange(len(images.test))
    if wanted != "any class":
        where = np.flatnonzero(images.test.labels == names.index(wanted))
    tested = [model for model in trained if model.run and _is_tested(model.run, named)]
    filters = {"all": None, **{f"mistakes of {model.name}": model for model in tested}}
    which = st.selectbox("Which", list(filters), key="cam_which", bind="query-params")
    model = filters[which]
    if model and model.run:
        where = np.intersect1d(where, predictions.read(model.run).mistakes(len(images.test)))
    if not len(where):
        st.info(f"There is no such image: {plain(which)} among {plain(wanted)}. Choose another class or all images.")
        return None
    number = st.number_input("Number", 1, len(where), 1, key="cam_number", bind="query-params")
    position = where[number - 1]
    label = int(images.test.labels[position])
    return Picked(
        images.test.images[position], f"{number:,} of {len(where):,}: {names[label]}", label if trained else None
    )


def _is_tested(run: Run, named: str) -> bool:
    # Positions are those of the run's own test images.
    return run.spec["data"] == named and predictions.path(run).exists()
