"""The maps as files to download."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from dashboard.cam.explanations import View, by_model, maps_and_spreads
from tfpool.cam.figures.color_scales import Choice
from tfpool.system.png import png_bytes


def sheet(views: Sequence[View], class_names: Sequence[str], scale: Choice) -> bytes:
    """All maps as a PNG, a row per model and a column per method."""
    from tfpool.cam.figures import sheet as figure

    def caption(view: View) -> str:
        explained, other = class_names[view.explained], view.other_name(class_names)
        return figure.caption(explained, other, view.score, view.explained_probability)

    rows = by_model(views)
    methods = [view.method for view in rows[0]]
    images, names = [row[0].pixels for row in rows], [row[0].model.name for row in rows]
    heatmaps, spreads = maps_and_spreads(views)
    legend = figure.legend({view.unit for view in views}, methods)
    captions = [list(map(caption, row)) for row in rows]
    picture = figure.sheet(images, heatmaps, names, methods, captions, spreads=spreads, **scale._asdict(), **legend)
    return png_bytes(picture)


def arrays(views: Sequence[View]) -> bytes:
    """Each model's input image and its maps, uint8 (H, W, C) and float32 (h, w), as NumPy's `.npz`."""
    file = io.BytesIO()
    images = {f"{view.model.name}_image": view.pixels for view in views}
    maps = {f"{view.model.name}_{view.method}": view.raw for view in views}
    named = {name.replace("/", "_"): array for name, array in {**images, **maps}.items()}
    np.savez_compressed(file, allow_pickle=False, **named)
    return file.getvalue()
