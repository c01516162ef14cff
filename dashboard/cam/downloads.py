"""The maps as files to download."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from dashboard.cam.explanations import View, by_model


def sheet(views: Sequence[View], class_names: Sequence[str], scale: str) -> bytes:
    """All maps as a PNG, a row per model and a column per method.

    Args:
        scale: a key of `tfpool.cam.figures.color_scales.SCALES`.
    """
    from tfpool.cam.figures import sheet as figure

    methods = list(dict.fromkeys(view.method for view in views))
    rows = by_model(views)
    picture = figure.sheet(
        [row[0].pixels for row in rows],
        [[view.heatmap for view in row] for row in rows],
        [row[0].model.name for row in rows],
        methods,
        [
            [
                figure.caption(
                    class_names[view.explained], view.other_name(class_names), view.score, view.explained_probability
                )
                for view in row
            ]
            for row in rows
        ],
        scale,
        **figure.legend({view.unit for view in views}, methods),
    )
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def arrays(views: Sequence[View]) -> bytes:
    """Each model's input image and its maps, uint8 (H, W, C) and float32 (h, w), as NumPy's `.npz`."""
    file = io.BytesIO()
    images = {f"{view.model.name}_image": view.pixels for view in views}
    maps = {f"{view.model.name}_{view.method}": view.raw for view in views}
    named = {name.replace("/", "_"): array for name, array in {**images, **maps}.items()}
    np.savez_compressed(file, allow_pickle=False, **named)
    return file.getvalue()
