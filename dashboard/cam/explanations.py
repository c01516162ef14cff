"""Explained images on a page: maps of several models by several methods."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from dashboard.cam import model_picker
from dashboard.cam.model_picker import Model
from dashboard.common.background_work import waited
from dashboard.common.page import plain

METHOD = "hirescam"
"""The method that a page begins with."""
SCALES = {
    "method": "each method, over all models",
    "model": "each model, over all methods",
    "all": "all maps",
    "own": "each map alone",
}
"""Which maps are drawn on one scale."""
ON_A_SHEET = {"method": "column", "model": "row", "all": "sheet", "own": "own"}
"""The same in the words of `tfpool.cam.figures.sheet`."""


@dataclass(frozen=True)
class Query:
    """What is asked of every model.

    Attributes:
        target: the class to explain, or "top" for what each model predicts.
        other: the class that it is told from, "top", or None for none.
        relu: whether only what speaks for the target is shown, None for what the method's source has.
        augment: whether maps are averaged over views of the image.
    """

    target: int | str = "top"
    other: int | str | None = None
    relu: bool | None = None
    augment: bool = False


@dataclass(frozen=True)
class View:
    """What one model makes of an image by one method.

    Attributes:
        pixels: uint8 (H, W, C), the image as the model sees it.
        predicted: the class with the highest score, with its score before softmax and its probability.
        explained: the class whose evidence the map shows, with what is explained of it; `other` is told from it.
        raw: float32 (h, w), the map as the method makes it.
        heatmap: float32 (H, W), at the image's size.
    """

    model: Model
    method: str
    pixels: np.ndarray
    predicted: int
    predicted_score: float
    probability: float
    explained: int
    explained_probability: float
    other: int | None
    score: float
    raw: np.ndarray
    heatmap: np.ndarray
    layer: str
    unit: str


def views(chosen: Sequence[Model], methods: Sequence[str], pixels: np.ndarray, question: Query) -> list[View]:
    """Explain one uint8 image (H, W, C) under each model by each method, model by model.

    Raises:
        ValueError: if a model cannot be opened, has no map by a method, or no such class.
    """
    pairs = [(model, method) for model in chosen for method in methods]
    place, shown, key = st.empty(), [], digest(pixels)
    for number, (model, method) in enumerate(pairs):
        text = f"{plain(model.name)} by {method}"
        place.progress(number / len(pairs), text=text)
        shown.append(
            waited(
                partial(view, model, method, pixels, key, question),
                lambda seconds: place.progress(number / len(pairs), text=f"{text}: {seconds:.0f} s"),  # noqa: B023
            )
        )
    place.empty()
    return shown


def colours(methods: Sequence[str]) -> str:
    """What red and blue say in the maps of some methods, in a sentence."""
    from tfpool.cam.attribution.methods import directed

    if directed(methods):
        return "Red speaks for the class, blue against it."
    return "Red is above zero, blue below."


def digest(pixels: np.ndarray) -> str:
    """What tells an image from every other: Streamlit's own key of a large array is made of a sample of it."""
    return hashlib.sha256(pixels.tobytes()).hexdigest()


def limits(shown: Sequence[View], scale: str) -> list[float]:
    """The value drawn in full colour for each view."""
    from tfpool.cam.figures.sheet import shared_scales

    heatmaps = [[view.heatmap for view in row] for row in by_model(shown)]
    return [each.limit or 1.0 for row in shared_scales(heatmaps, ON_A_SHEET[scale]) for each in row]


def by_model(shown: Sequence[View]) -> list[list[View]]:
    """Views as a sheet has them: a row per model, a column per method."""
    rows: dict[str, list[View]] = {}
    for view in shown:
        rows.setdefault(view.model.name, []).append(view)
    return list(rows.values())


@st.cache_data(max_entries=32, hash_funcs=model_picker.KEYS, show_spinner=False)
def _said(model: Model, _pixels: np.ndarray, key: str) -> tuple[np.ndarray, np.ndarray]:
    """A model's scores and probabilities, which are the same whatever the method."""
    scorer, batch = model_picker.scorer(model), model.classifier.to_input(model.classifier.fit(_pixels)[np.newaxis])
    return scorer.scores(batch)[0], scorer.probabilities(batch)[0]


@st.cache_data(max_entries=128, hash_funcs=model_picker.KEYS, show_spinner=False)
def view(model: Model, method: str, _pixels: np.ndarray, key: str, question: Query) -> View:
    """Explain one uint8 image (H, W, C), told from others by its digest, under a model; kept for the next who asks.

    Raises:
        ValueError: as `views`.
    """
    from tfpool.cam import Contrast

    classifier = model.classifier
    seen = classifier.fit(_pixels)
    batch = classifier.to_input(seen[np.newaxis])
    explainer = model_picker.explainer(model, method, relu=question.relu, augment=question.augment)
    scores, probabilities = _said(model, _pixels, key)
    target = question.target if question.other is None else Contrast(question.target, question.other)
    explanation = explainer(batch, target)
    predicted = int(scores.argmax())
    return View(
        model=model,
        method=method,
        pixels=seen,
        predicted=predicted,
        predicted_score=float(scores[predicted]),
        probability=float(probabilities[predicted]),
        explained=int(explanation.targets[0]),
        explained_probability=float(probabilities[explanation.targets[0]]),
        other=None if explanation.others is None else int(explanation.others[0]),
        score=float(explanation.scores[0]),
        raw=explanation.heatmaps[0],
        heatmap=explanation.resize(seen.shape[:2])[0],
        layer=explanation.layer,
        unit=explanation.unit,
    )
