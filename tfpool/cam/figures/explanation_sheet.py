"""An explanation as a sheet: its images, and their maps below its method's name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

import numpy as np

from tfpool.cam.figures.sheet import Sheet, caption, draw, legend
from tfpool.cam.targets import NONE

if TYPE_CHECKING:
    from tfpool.cam.explanation import Explanation


def explanation_sheet(
    explanation: Explanation, images: np.ndarray | None, class_names: Sequence[str] | None, most: int | None = None
) -> Sheet:
    """Draw the maps of an explanation, or the first `most` of them. `Explanation.plot` says what the arguments are."""
    shown = explanation.images if images is None else np.asarray(images)
    maps = explanation.heatmaps
    if shown is None or shown.ndim != 4 or len(shown) != len(maps) or shown.shape[3] not in (1, 3):
        received = "no images" if shown is None else f"images of shape {shown.shape}"
        raise ValueError(
            f"Expected {len(maps)} gray or RGB images, (N, H, W, 1 or 3), to draw the maps on. Received: {received}. "
            "Pass them as images=."
        )
    shown, maps = shown[:most], maps[:most]
    captions = [[_caption(explanation, number, class_names)] for number in range(len(maps))]
    return draw(
        [displayable(image) for image in shown],
        [[heatmap] for heatmap in maps],
        [_title(explanation, number) for number in range(len(maps))],
        [explanation.method],
        captions,
        **legend({explanation.unit}, [explanation.method]),
    )


def displayable(image: np.ndarray) -> np.ndarray:
    """An image in any scale as uint8: from 0 to 1 or 0 to 255 as it is, else from its lowest value to its highest."""
    if image.dtype == np.uint8:
        return image
    low, high = float(image.min()), float(image.max())
    if low >= 0 and high <= 255:
        low, high = 0.0, 1.0 if high <= 1 else 255.0
    spread = high - low or 1.0
    return np.round((image.astype(np.float32) - low) / spread * 255).astype(np.uint8)


def _title(explanation: Explanation, number: int) -> str:
    return PurePath(explanation.files[number]).name if explanation.files else f"image {number + 1}"


def _caption(explanation: Explanation, number: int, class_names: Sequence[str] | None) -> str:
    others = explanation.others
    target = _name(int(explanation.targets[number]), class_names)
    other = None if others is None else int(others[number])
    score = float(explanation.scores[number])
    return caption(target, None if other in (None, NONE) else _name(other, class_names), score, None)


def _name(target: int, class_names: Sequence[str] | None) -> str:
    if target < 0:
        return "function of the scores"
    if class_names is None:
        return f"class {target}"
    if target >= len(class_names):
        raise ValueError(f"Expected a name for class {target}. Received: {len(class_names)} class names.")
    return class_names[target]
