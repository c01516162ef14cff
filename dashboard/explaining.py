"""Explained images on a page: models loaded once, maps of several models on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from tfpool.runs import Run

if TYPE_CHECKING:
    from tfpool.cam import Explainer


@dataclass(frozen=True)
class View:
    """What one run's model makes of an image.

    Attributes:
        predicted: the class with the highest score, with its score before softmax and its probability.
        explained: the class whose evidence the map shows, and its score.
        heatmap: float32 (H, W), at the image's size, in units of the score.
    """

    run: Run
    predicted: int
    predicted_score: float
    probability: float
    explained: int
    score: float
    heatmap: np.ndarray
    layer: str


def views(runs: Sequence[Run], pixels: np.ndarray, method: str, target: int | None) -> list[View]:
    """Explain one uint8 image (H, W, C) under each run's model.

    Raises:
        ValueError: if a model has no map by this method, or does not take this image.
    """
    return [_view(run, pixels, method, target) for run in runs]


def limit(shown: Sequence[View]) -> float:
    """The value drawn in full colour, one for all maps."""
    return max(float(np.abs(view.heatmap).max()) for view in shown) or 1.0


def _view(run: Run, pixels: np.ndarray, method: str, target: int | None) -> View:
    explainer = _explainer(str(run.model_path), run.model_path.stat().st_mtime, method)
    batch = run.to_input(pixels[np.newaxis])
    scores = explainer.scores(batch)[0]
    explanation = explainer(batch, target)
    predicted = int(scores.argmax())
    return View(
        run=run,
        predicted=predicted,
        predicted_score=float(scores[predicted]),
        probability=float(explainer.probabilities(batch)[0, predicted]),
        explained=int(explanation.targets[0]),
        score=float(explanation.scores[0]),
        heatmap=explanation.resize(pixels.shape[:2])[0],
        layer=explanation.layer,
    )


@st.cache_resource(max_entries=16, show_spinner="Loading TensorFlow and the model: some seconds, once")
def _explainer(path: str, changed: float, method: str) -> Explainer:
    """A model's explainer; `changed` makes a file that was written anew another one."""
    from tfpool.cam import Explainer
    from tfpool.layers import load_model

    return Explainer(load_model(path), method)
