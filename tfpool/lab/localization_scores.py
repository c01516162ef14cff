"""How well maps of a run trained on `scattered` locate its objects, compared with a map of the center."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tfpool.data.builtin.scattered import objects
from tfpool.lab.scores import images_of
from tfpool.tracking.store import Run

if TYPE_CHECKING:
    from tfpool.cam import Explainer

MEASURES = {"boxes": "boxes that fit", "pixels": "precision of pixels", "points": "highest point on it"}
MASKED = 100
"""Most images for insertion and deletion, which take many forward passes."""


def pointing_scores(run: Run, explainer: Explainer, images: int | None) -> dict[str, float]:
    """`MEASURES` for the maps of the true class and for the center map, on the first test images."""
    from tfpool.cam import metrics

    part = images_of(run).test.first(images)
    size = part.images.shape[1:3]
    explanation = explainer(run.to_input(part.images), part.labels)
    center = np.broadcast_to(metrics.centre_map(size), (len(part), *size))
    masks = objects(part)
    assert part.boxes is not None
    scores = {}
    for prefix, maps in (("", explanation.resize(size)), ("centre ", center)):
        scores[f"{prefix}boxes"] = metrics.max_box_acc_v2(maps, part.boxes)
        scores[f"{prefix}pixels"] = metrics.pixel_average_precision(maps, masks)
        scores[f"{prefix}points"] = metrics.pointing_game(maps, masks, tolerance=0)
    return scores


def masking_scores(run: Run, explainer: Explainer, images: int | None) -> dict[str, float]:
    """Mean areas under insertion and deletion for the maps of the true class and for the center map."""
    from tfpool.cam import metrics

    part = images_of(run).test.first(images).first(MASKED)
    inputs = run.to_input(part.images)
    size = inputs.shape[1:3]
    center = np.broadcast_to(metrics.centre_map(size), (len(part), *size))
    scores = {}
    for prefix, maps in (("", explainer(inputs, part.labels).resize(size)), ("centre ", center)):
        for name, measure in (("insertion", metrics.insertion), ("deletion", metrics.deletion)):
            curves = measure(explainer.probabilities, inputs, maps, part.labels)
            scores[f"{prefix}{name}"] = float(np.mean(curves.areas))
    return scores
