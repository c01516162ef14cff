"""Choosing an image to explain: a test image, a bundled photograph, or a file of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from dashboard.cam import image_upload
from dashboard.cam.model_picker import Model
from dashboard.common.page import link, plain
from dashboard.keras_loading import load_keras_for
from tfpool import data
from tfpool.data.images import read_image
from tfpool.models.pretrained.applications import BUNDLED
from tfpool.tracking import predictions
from tfpool.tracking.results import data_name
from tfpool.tracking.run_data import load_data

TEST, PHOTOGRAPHS, OWN = "test images", "photographs", "my own"
NO_IMAGE = "Nothing to explain yet. Upload or paste an image, take a picture, or choose another image."
ANY_CLASS, ALL_IMAGES = "any class", "all"
_PHOTOGRAPHS = {path.stem: path for path in sorted((BUNDLED / "photographs").glob("*.jpg"))}


@dataclass(frozen=True)
class PickedImage:
    """An image, uint8 (H, W, C), with any name, and its true class if that is known and a class of the models."""

    pixels: np.ndarray
    name: str
    label: int | None = None


def pick_image(chosen: Sequence[Model], page: str = "cam", first: int = 1) -> PickedImage | None:
    """Ask for an image for these models; None if there is none yet.

    The keys of the controls begin with `page`, and `first` is the number of the test image to open with.
    """
    trained = [model for model in chosen if model.run]
    sources = [TEST, PHOTOGRAPHS, OWN] if trained else [PHOTOGRAPHS, TEST, OWN]
    if image_upload.held():
        # What somebody has sent is what they came to see, also after a look at another page.
        sources.sort(key=lambda source: source != OWN)
    source = st.selectbox("Image from", sources, key=f"{page}_source", bind="query-params")
    if source == PHOTOGRAPHS:
        name = st.selectbox("Photograph", list(_PHOTOGRAPHS), key=f"{page}_photograph", bind="query-params")
        return PickedImage(_photograph(name), name)
    if source == OWN:
        own = image_upload.pick(page)
        return PickedImage(own.pixels, own.name) if own else None
    return _test_image(trained, page, first)


def first_image(chosen: Sequence[Model], first: int = 1) -> PickedImage:
    """The image that a page opens with for these models; `first` is the number of its test image."""
    run = next((model.run for model in chosen if model.run), None)
    if run is None:
        name = next(iter(_PHOTOGRAPHS))
        return PickedImage(_photograph(name), name)
    named = run.spec["data"]
    # Loading a data set that is not here would download it.
    if not data.describe(named).is_ready:
        raise ValueError(f"The images of {named} are not here. See the Data page.")
    test = load_data(run).test
    position = min(first, len(test)) - 1
    return PickedImage(test.images[position], f"{position + 1}", int(test.labels[position]))


def _photograph(name: str) -> np.ndarray:
    return read_image(_PHOTOGRAPHS[name], (None, None, 3))


def _test_image(trained: Sequence[Model], page: str, first: int) -> PickedImage | None:
    run = trained[0].run if trained else None
    named = run.spec["data"] if run else "fashion_mnist"
    if run and not data.describe(named).is_ready:
        st.info(f"The images of {plain(data_name(run))}, which {plain(run.id)} was trained on, are not here.")
        link("Data", "See the Data page")
        return None
    load_keras_for(named)
    # The images that the run was tested on, and no others of that name.
    dataset = load_data(run) if run else data.load(named)
    names = dataset.class_names
    class_name = st.selectbox("Class", [ANY_CLASS, *names], key=f"{page}_class", bind="query-params")
    positions = np.arange(len(dataset.test))
    if class_name != ANY_CLASS:
        positions = np.flatnonzero(dataset.test.labels == names.index(class_name))
    # Predictions are numbered as the run's own test images.
    alike = [model for model in trained if model.run and model.run.spec["data"] == named]
    tested = [model for model in alike if model.run and predictions.path(model.run).exists()]
    filters = {ALL_IMAGES: None, **{f"mistakes of {model.name}": model for model in tested}}
    which = st.selectbox("Test images", list(filters), key=f"{page}_which", bind="query-params")
    model = filters[which]
    if model and model.run:
        positions = np.intersect1d(positions, predictions.read(model.run).mistakes(len(dataset.test)))
    if not len(positions):
        st.info(f"There is no such image: {plain(which)} of {plain(class_name)}. Choose another class or all images.")
        return None
    # A default beside a value that a button has set would be a warning in the log, unless it is the least.
    value: dict[str, Any] = {"value": min(first, len(positions))} if first > 1 else {}
    number = int(st.number_input("Number", 1, len(positions), key=f"{page}_number", bind="query-params", **value))
    position = positions[number - 1]
    label = int(dataset.test.labels[position])
    name = f"{number:,} of {len(positions):,}: {names[label]}"
    return PickedImage(dataset.test.images[position], name, label if trained else None)
