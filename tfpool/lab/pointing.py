"""How well the maps of a run trained on `scattered` point at its objects, beside a map of the centre."""

from __future__ import annotations

import numpy as np

from tfpool.data import Part, fashion_mnist
from tfpool.data.scattered import FAINTEST
from tfpool.lab.measuring import images_of
from tfpool.runs import Run

MEASURES = {"boxes": "boxes that fit", "pixels": "precision of pixels", "points": "highest point on it"}
MASKED = 100
"""At most so many images that pixels are added to and taken from, which takes many passes."""


def pointed(run: Run, method: str, images: int | None) -> dict[str, float]:
    """`MEASURES` of a run's maps of the true class, by a method, and of the centre, on the first test images."""
    from tfpool.cam import Explainer, metrics

    part = images_of(run).test.first(images)
    size = part.images.shape[1:3]
    explanation = Explainer(run.load_model(), method=method)(run.to_input(part.images), part.labels)
    centre = np.broadcast_to(metrics.centre_map(size), (len(part), *size))
    masks = objects(part)
    assert part.boxes is not None
    found = {}
    for words, maps in (("", explanation.resize(size)), ("centre ", centre)):
        found[f"{words}boxes"] = metrics.max_box_acc_v2(maps, part.boxes)
        found[f"{words}pixels"] = metrics.pixel_average_precision(maps, masks)
        found[f"{words}points"] = metrics.pointing_game(maps, masks, tolerance=0)
    return found


def masked(run: Run, method: str, images: int | None) -> dict[str, float]:
    """Mean areas under insertion and deletion of a run's maps of the true class, by a method, and of the centre."""
    from tfpool.cam import Explainer, metrics

    part = images_of(run).test.first(images).first(MASKED)
    explainer, seen = Explainer(run.load_model(), method=method), run.to_input(part.images)
    size = seen.shape[1:3]
    centre = np.broadcast_to(metrics.centre_map(size), (len(part), *size))
    found = {}
    for words, maps in (("", explainer(seen, part.labels).resize(size)), ("centre ", centre)):
        for name, measure in (("insertion", metrics.insertion), ("deletion", metrics.deletion)):
            curves = measure(explainer.probabilities, seen, maps, part.labels)
            found[f"{words}{name}"] = float(np.mean(curves.areas))
    return found


def objects(part: Part) -> np.ndarray:
    """The objects' own pixels on the first test images of `scattered`, bool (N, H, W)."""
    assert part.boxes is not None
    masks = np.zeros(part.images.shape[:3], bool)
    originals = fashion_mnist.bundled().test.images[: len(part), ..., 0] >= FAINTEST
    for mask, solid, (top, left, bottom, right) in zip(masks, originals, part.boxes, strict=True):
        rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
        cut = solid[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        mask[top:bottom, left:right] = cut
    return masks
