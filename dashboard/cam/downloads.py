"""Explained maps as files to take away."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from dashboard.cam.explanations import ON_A_SHEET, View, by_model


def sheet(views: Sequence[View], class_names: Sequence[str], scale: str) -> bytes:
    """All maps as a PNG, a row per model and a column per method.

    Args:
        scale: a key of `dashboard.cam.explanations.SCALES`.
    """
    from tfpool.cam.figures.captions import legend
    from tfpool.cam.figures.sheet import sheet as drawn

    methods = list(dict.fromkeys(view.method for view in views))
    rows = by_model(views)
    picture = drawn(
        [row[0].pixels for row in rows],
        [[view.heatmap for view in row] for row in rows],
        [row[0].model.name for row in rows],
        methods,
        [[_caption(view, class_names) for view in row] for row in rows],
        ON_A_SHEET[scale],
        **legend({view.unit for view in views}, methods),
    )
    kept = io.BytesIO()
    Image.fromarray(picture).save(kept, "PNG")
    return kept.getvalue()


def _caption(view: View, class_names: Sequence[str]) -> str:
    from tfpool.cam.figures.captions import caption

    other = None if view.other is None else class_names[view.other]
    return caption(class_names[view.explained], other, view.score, view.explained_probability)


def arrays(views: Sequence[View]) -> bytes:
    """What each model saw and its maps, uint8 (H, W, C) and float32 (h, w), as NumPy's `.npz`."""
    kept = io.BytesIO()
    seen = {f"{view.model.name}_image": view.pixels for view in views}
    maps = {f"{view.model.name}_{view.method}": view.raw for view in views}
    np.savez_compressed(
        kept, allow_pickle=False, **{name.replace("/", "_"): each for name, each in {**seen, **maps}.items()}
    )
    return kept.getvalue()
