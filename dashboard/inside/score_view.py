"""The scores of an image on the page: computed in the background, kept, and sent to the browser at once.

The component in `components/inside` answers all pointing, moving and choosing of classes by itself.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from dashboard.cam import model_picker
from dashboard.cam.explanations import digest
from dashboard.cam.image_picker import PickedImage
from dashboard.cam.image_placement import data_url
from dashboard.cam.model_picker import Model
from dashboard.common import packed_maps
from dashboard.common.background_work import run_in_background
from dashboard.common.page import plain
from dashboard.components import component
from dashboard.inside.score_terms import ScoreTerms, score_terms, what_a_head_reads
from tfpool import examples
from tfpool.tracking.store import Run

FIRST_IMAGE = 6
"""The test image to open with: a bright sneaker, which both examples recognize."""
_component = component("inside", "shared_maps", "shared_class_maps", "score_parts")


def first_model(models: Mapping[str, Run | None]) -> str:
    """The model to open with: a network with a few classes, whose maps and weights can be counted."""
    return (model_picker.newest_runs(models) or list(examples.runs()))[0]


def show(model: Model, image: PickedImage, key: str) -> ScoreTerms:
    """Show how the image becomes the model's scores, and return the terms."""
    place = st.empty()
    work = partial(terms_of, model, image.pixels, digest(image.pixels), image.label)
    terms = run_in_background(work, lambda seconds: place.caption(f"{plain(model.name)}: {seconds:.0f} s"))
    place.empty()
    pixels = model.classifier.fit(image.pixels)
    # A text only: of other types Streamlit would find out first whether they are tables.
    _component(data={"content": json.dumps(content(terms, pixels, image.name))}, key=key)
    return terms


@st.cache_data(max_entries=32, hash_funcs=model_picker.KEYS, show_spinner=False)
def terms_of(model: Model, _pixels: np.ndarray, key: str, label: int | None) -> ScoreTerms:
    """The terms of one uint8 image (H, W, C), with its digest as the cache's key."""
    classifier = model.classifier
    explainer = model_picker.explainer(model, "hirescam")
    reads = what_a_head_reads(classifier.model, model.output)
    image = classifier.to_input(classifier.fit(_pixels)[np.newaxis])
    return score_terms(explainer, reads, image, classifier.class_names, label)


def content(terms: ScoreTerms, pixels: np.ndarray, name: str) -> dict[str, Any]:
    """What the browser gets: float32 arrays as base64, and a class's weights as one number per map where that is so."""
    height, width, channels = terms.activations.shape
    shown = sorted({int(number) for each in terms.classes for number in each.maps})
    return {
        "image": data_url(pixels),
        "name": name,
        "size": pixels.shape[:2],
        "height": height,
        "width": width,
        "channels": channels,
        "layer": terms.layer,
        "reads": terms.reads.of,
        "linear": terms.reads.is_linear,
        "headWeights": terms.reads.weights,
        "paint": packed_maps.paint_table(),
        "activations": {number: _base64(terms.activations[..., number]) for number in shown},
        "classes": [
            {
                "number": each.number,
                "name": each.name,
                "score": each.score,
                "probability": each.probability,
                "bias": each.bias,
                "left": each.left,
                "maps": each.maps.tolist(),
                "weights": _base64(_one_per_map(each.weights)),
                "rest": _base64(each.rest) if channels > len(each.maps) else None,
            }
            for each in terms.classes
        ],
    }


def _one_per_map(weights: np.ndarray) -> np.ndarray:
    first = weights[:, :1, :1]
    return first if (weights == first).all() else weights


def _base64(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode()
