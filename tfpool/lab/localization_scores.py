"""How well the maps of a run trained on `scattered` point at its objects, beside a map of the centre."""

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
"""At most so many images that pixels are added to and taken from, which takes many passes."""


def pointed(run: Run, explainer: Explainer, images: int | None) -> dict[str, float]:
    """`MEASURES` of a run's maps of the true class, and of the centre, on the first test images."""
    from tfpool.cam import metrics

    part = images_of(run).test.first(images)
    size = part.images.shape[1:3]
    explanation = explainer(run.to_input(part.images), part.labels)
    centre = np.broadcast_to(metrics.centre_map(size), (len(part), *size))
    masks = objects(part)
    assert part.boxes is not None
    found = {}
    for words, maps in (("", explanation.resize(size)), ("centre ", centre)):
        found[f"{words}boxes"] = metrics.max_box_acc_v2(maps, part.boxes)
        found[f"{words}pixels"] = metrics.pixel_average_precision(maps, masks)
        found[f"{words}points"] = metrics.pointing_game(maps, masks, tolerance=0)
    return found


def masked(run: Run, explainer: Explainer, images: int | None) -> dict[str, float]:
    """Mean areas under insertion and deletion of a run's maps of the true class, and of the centre."""
    from tfpool.cam import metrics

    part = images_of(run).test.first(images).first(MASKED)
    seen = run.to_input(part.images)
    size = seen.shape[1:3]
    centre = np.broadcast_to(metrics.centre_map(size), (len(part), *size))
    found = {}
    for words, maps in (("", explainer(seen, part.labels).resize(size)), ("centre ", centre)):
        for name, measure in (("insertion", metrics.insertion), ("deletion", metrics.deletion)):
            curves = measure(explainer.probabilities, seen, maps, part.labels)
            found[f"{words}{name}"] = float(np.mean(curves.areas))
    return found
