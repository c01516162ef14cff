"""The scores of the likeliest classes for one image, as sums over the last feature maps. Numbers only, no page."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dashboard.cam.explanations import LIKELIEST

if TYPE_CHECKING:
    import keras

    from tfpool.cam import Explainer, Terms

MOST_MAPS = 64
_MOST_VALUES = 40_000
"""Values of all maps of one class, so that a page of large maps arrives soon."""
MEAN, MAXIMUM, CELLS = "mean", "maximum", "cells"


class Reading(NamedTuple):
    """What a head reads of each map: `MEAN`, `MAXIMUM` or `CELLS`.

    Attributes:
        is_linear: whether its weights hold for any image.
        weights: how many a linear head has per class; 0 of one without weights.
    """

    of: str
    is_linear: bool = True
    weights: int = 0


@dataclass(frozen=True, eq=False)
class ClassTerms:
    """One class's score as a sum over maps, positions and the bias.

    Attributes:
        probability: None of a model that is no classifier.
        bias: the score if every feature were zero.
        maps: int (T,), numbers of the maps that add most for or against the class, strongest first.
        weights: float32 (T, h, w), the score's gradient at each cell of these maps.
        rest: float64 (h, w), what all other maps add at each position.
        left: the rest of the score, which is neither at a position nor in the bias: 0, up to rounding, for a linear
            head.
    """

    number: int
    name: str
    score: float
    probability: float | None
    bias: float
    maps: np.ndarray
    weights: np.ndarray
    rest: np.ndarray
    left: float


@dataclass(frozen=True, eq=False)
class ScoreTerms:
    """How one image becomes scores.

    Attributes:
        layer: name of the layer with the last feature maps.
        reads: what the head reads of each map.
        activations: float32 (h, w, C), the last feature maps.
        classes: the likeliest, most likely first, and the true class if it is not among them.
    """

    layer: str
    reads: Reading
    activations: np.ndarray
    classes: tuple[ClassTerms, ...]


def score_terms(
    explainer: Explainer, reads: Reading, image: np.ndarray, names: tuple[str, ...], label: int | None = None
) -> ScoreTerms:
    """The terms of the likeliest classes for one image (1, H, W, C), scaled as the model takes it."""
    terms, scores = explainer.likeliest_terms(image, LIKELIEST, label)
    probabilities = None if explainer.of == "number" else explainer.to_probabilities(scores[np.newaxis])[0]
    first = next(iter(terms.values()))
    classes = tuple(
        _class_terms(number, names[number], each, None if probabilities is None else float(probabilities[number]))
        for number, each in terms.items()
    )
    return ScoreTerms(explainer.layer, reads, first.activations, classes)


def what_a_head_reads(model: keras.Model, output: str | None = None) -> Reading:
    """Whether the head of a model reads the mean of each map, its maximum, or its cells."""
    import keras

    from tfpool.anatomy.split import split_model
    from tfpool.cam.attribution.class_activation import cam

    anatomy = split_model(model, output=output)
    chain = anatomy.chain
    pools: dict[Any, str] = {
        keras.layers.GlobalAveragePooling2D: MEAN,
        keras.layers.GlobalMaxPooling2D: MAXIMUM,
    }
    first = pools.get(type(chain[0]), CELLS) if chain else CELLS
    # Heads of several branches pool more than once.
    is_alone = not any(type(layer).__name__.count("Pool") for layer in chain[1:])
    of = first if is_alone else CELLS
    try:
        cam(anatomy)
    except ValueError:
        return Reading(of, is_linear=False)
    weighing = [layer.kernel for layer in chain if isinstance(layer, (keras.layers.Dense, keras.layers.Conv2D))]
    return Reading(of, weights=sum(prod(kernel.shape[:-1]) for kernel in weighing))


def _class_terms(number: int, name: str, terms: Terms, probability: float | None) -> ClassTerms:
    height, width, channels = terms.activations.shape
    added = terms.products.sum(axis=(0, 1), dtype=np.float64)
    # Of maps that add nothing, the most active come first.
    order = np.lexsort((-terms.activations.mean(axis=(0, 1)), -np.abs(added)))
    maps = order[: max(1, min(MOST_MAPS, _MOST_VALUES // (height * width), channels))]
    products = terms.products
    rest = products.sum(axis=-1, dtype=np.float64) - products[..., maps].sum(axis=-1, dtype=np.float64)
    if len(maps) == channels:
        rest = np.zeros((height, width))
    weights = np.moveaxis(terms.weights[..., maps], -1, 0)
    return ClassTerms(number, name, terms.score, probability, terms.bias, maps, weights, rest, terms.left)
