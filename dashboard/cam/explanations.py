"""Explained images on a page: maps of several models by several methods."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np
import streamlit as st

from dashboard.cam import model_picker
from dashboard.cam.model_picker import Model
from dashboard.common.background_work import run_in_background
from dashboard.common.counts_in_words import text_of
from dashboard.common.page import plain
from tfpool.cam.attribution.methods import signed
from tfpool.cam.figures.color_scales import Choice, Spread, choose_scale, is_faint, shared_scales, spread_of

METHOD = "hirescam"
"""The method that the page opens with."""
PREDICTED, TRUE, NO_CONTRAST = "what each model predicts", "the true class", "–"
"""Choices of a class that are no class of a model."""
LIKELIEST = 5
AUTOMATIC, AUTOMATIC_LABEL = "auto", "each method, if every map can be seen on it"
"""The choice of a color scale that the page opens with, in its address and on the page."""


@dataclass(frozen=True)
class Query:
    """What every model is asked to explain: a class, or "top" for what each predicts, with another to contrast it with.

    `relu` is None for the method's default.
    """

    target: int | str = "top"
    other: int | str | None = None
    relu: bool | None = None
    augment: bool = False


@dataclass(frozen=True)
class View:
    """One model's explanation of an image by one method.

    Attributes:
        pixels: uint8 (H, W, C), the image as the model sees it.
        predicted: the class with the highest score, with its score before softmax and its probability; None of a
            model that is no classifier.
        score: the explained class's score, minus the other's where there is one.
        raw: float32 (h, w), the map at the method's own resolution; `heatmap` is at the image's size, (H, W).
        spread: how far the highest of the model's scores is from the lowest; None for other maps, as in `color_scales`.
        likeliest: the most probable classes with their probabilities, at most `LIKELIEST`; none of no classifier.
        of, notes: what the score is, and what the map cannot show, as in `Explanation`.
    """

    model: Model
    method: str
    pixels: np.ndarray
    predicted: int
    predicted_score: float
    probability: float | None
    explained: int
    explained_probability: float | None
    other: int | None
    score: float
    raw: np.ndarray
    heatmap: np.ndarray
    layer: str
    unit: str
    of: str
    spread: Spread
    likeliest: tuple[tuple[int, float], ...]
    notes: tuple[str, ...]

    @property
    def answer(self) -> str:
        """What the model gives for the predicted class."""
        if self.probability is None:
            return f"its number: {text_of(self.predicted_score, ',.3g')}"
        probability = text_of(self.probability, ".0%")
        if self.of == "probability":
            return f"probability {probability}; the map is of the probability, not of a score before it"
        return f"score {text_of(self.predicted_score, ',.2f')}, {probability}"

    @property
    def is_faint(self) -> bool:
        """Whether the map says next to nothing about the score."""
        return is_faint(self.raw, self.spread)

    def other_name(self, class_names: Sequence[str]) -> str | None:
        """Name of the class that the explained one is contrasted with."""
        return None if self.other is None else class_names[self.other]


def views(chosen: Sequence[Model], methods: Sequence[str], pixels: np.ndarray, query: Query) -> list[View]:
    """Explain one uint8 image (H, W, C) under each model by each method, model by model."""
    place, key = st.empty(), digest(pixels)

    def explain(fraction: float, model: Model, method: str) -> View:
        text = f"{plain(model.name)} by {method}"
        place.progress(fraction, text=text)
        work = partial(view, model, method, pixels, key, query)
        return run_in_background(work, lambda seconds: place.progress(fraction, text=f"{text}: {seconds:.0f} s"))

    pairs = list(product(chosen, methods))
    explained = [explain(number / len(pairs), *pair) for number, pair in enumerate(pairs)]
    place.empty()
    return explained


def color_sentence(methods: Sequence[str]) -> str:
    """What red and blue mean in the maps of some methods."""
    return "Red speaks for the class, blue against it." if signed(methods) else "Red is above zero, blue below."


def digest(pixels: np.ndarray) -> str:
    """A key of an image that no other has: Streamlit's own key of a large array is made from a sample of it."""
    return hashlib.sha256(pixels.tobytes()).hexdigest()


def limits(views: Sequence[View], scale: str) -> list[float]:
    """The value drawn in full color for each view, with a scale of `color_scales.SCALES`."""
    heatmaps, spreads = maps_and_spreads(views)
    return [each.limit or 1.0 for row in shared_scales(heatmaps, scale, spreads) for each in row]


def chosen_scale(views: Sequence[View], preferred: str) -> Choice:
    """The preferred scale, or a narrower one where a map would be blank."""
    heatmaps, spreads = maps_and_spreads(views)
    return choose_scale(heatmaps, preferred, spreads)


def maps_and_spreads(views: Sequence[View]) -> tuple[list[list[np.ndarray]], list[list[Spread]]]:
    """The maps at their own resolution, as a sheet has them, with their spreads."""
    rows = by_model(views)
    return [[view.raw for view in row] for row in rows], [[view.spread for view in row] for row in rows]


def by_model(views: Sequence[View]) -> list[list[View]]:
    """Views as a sheet has them: a row per model, a column per method."""
    rows: dict[str, list[View]] = {}
    for view in views:
        rows.setdefault(view.model.name, []).append(view)
    return list(rows.values())


@st.cache_data(max_entries=32, hash_funcs=model_picker.KEYS, show_spinner=False)
def _scores(model: Model, _pixels: np.ndarray, key: str) -> tuple[np.ndarray, np.ndarray | None]:
    """A model's scores and probabilities, which do not depend on the method. No classifier has no probabilities."""
    scorer, batch = model_picker.scorer(model), model.classifier.to_input(model.classifier.fit(_pixels)[np.newaxis])
    scores = scorer.scores(batch)[0]
    return scores, None if scorer.of == "number" else scorer.to_probabilities(scores[np.newaxis])[0]


@st.cache_data(max_entries=128, hash_funcs=model_picker.KEYS, show_spinner=False)
def view(model: Model, method: str, _pixels: np.ndarray, key: str, query: Query) -> View:
    """Explain one uint8 image (H, W, C), with its digest as the cache's key, under a model."""
    from tfpool.cam import Contrast

    classifier = model.classifier
    fitted = classifier.fit(_pixels)
    batch = classifier.to_input(fitted[np.newaxis])
    explainer = model_picker.explainer(model, method, relu=query.relu, augment=query.augment)
    scores, probabilities = _scores(model, _pixels, key)
    target = query.target if query.other is None else Contrast(query.target, query.other)
    explanation = explainer(batch, target)
    predicted = int(scores.argmax())
    likely: list[tuple[int, float]] = []
    if probabilities is not None:
        strongest = np.argsort(-probabilities, kind="stable")[:LIKELIEST]
        likely = [(int(number), float(probabilities[number])) for number in strongest]
    return View(
        model=model,
        method=method,
        pixels=fitted,
        predicted=predicted,
        predicted_score=float(scores[predicted]),
        probability=None if probabilities is None else float(probabilities[predicted]),
        explained=int(explanation.targets[0]),
        explained_probability=None if probabilities is None else float(probabilities[explanation.targets[0]]),
        other=None if explanation.others is None else int(explanation.others[0]),
        score=float(explanation.scores[0]),
        raw=explanation.heatmaps[0],
        heatmap=explanation.resize(fitted.shape[:2])[0],
        layer=explanation.layer,
        unit=explanation.unit,
        of=explanation.of,
        spread=spread_of(method, scores),
        likeliest=tuple(likely),
        notes=explanation.notes,
    )
