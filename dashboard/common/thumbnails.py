"""Images of a data set on a page: which ones to show, large enough to see, with boxes, and how many a class has."""

from __future__ import annotations

import html
import io
import math

import numpy as np
import plotly.graph_objects as go
from PIL import Image

from dashboard.common.charts import figure, frame, plain_name, trace
from tfpool.colors import NEUTRAL
from tfpool.data import DataSet, Part

TILE = 100
"""Side of a picture in a preview, in pixels of the page."""
_SIDE = 224
_MOST_NAMED = 60
_BOX = tuple(bytes.fromhex(NEUTRAL[-1][1:]))


def drawn(part: Part, label: int | None, draw: int, number: int) -> np.ndarray:
    """Positions of some images of a class, of all where it is None, in an order that follows from `draw`."""
    where = np.arange(len(part)) if label is None else np.flatnonzero(part.labels == label)
    return np.random.default_rng(draw).permutation(where)[:number]


def tile(part: Part, position: int, side: int = _SIDE) -> np.ndarray:
    """An image as uint8 (H, W, 4), about so many pixels a side, with the object's box and a transparent margin.

    Small images keep their pixels as squares.
    """
    margin = side // 28
    pixels = np.broadcast_to(part.images[position], (*part.images.shape[1:3], 3))
    if max(pixels.shape) > side:
        image = Image.fromarray(np.ascontiguousarray(pixels))
        image.thumbnail((side, side))
        large = np.asarray(image)
    else:
        scale = math.ceil(side / max(pixels.shape))
        large = pixels.repeat(scale, axis=0).repeat(scale, axis=1)
        if part.boxes is not None:
            _frame(large, part.boxes[position] * scale, scale)
    height, width = large.shape[:2]
    padded = np.zeros((height + 2 * margin, width + 2 * margin, 4), np.uint8)
    inner = padded[margin : margin + height, margin : margin + width]
    inner[..., :3], inner[..., 3] = large, 255
    return padded


def as_png(part: Part, position: int, width: int = TILE) -> bytes:
    """A tile as a PNG file of that width.

    Of an array Streamlit makes one, reads it again, shrinks it to the width on the page, and makes another.
    """
    # A little larger, so that lines of one pixel of the image keep about one width.
    image = Image.fromarray(tile(part, position, width + width // 8))
    file = io.BytesIO()
    height = round(image.height * width / image.width)
    image.resize((width, height), Image.Resampling.BILINEAR).save(file, "PNG", compress_level=1)
    return file.getvalue()


def _frame(large: np.ndarray, box: np.ndarray, thick: int) -> None:
    top, left, bottom, right = box
    edges = (
        (slice(top, top + thick), slice(bottom - thick, bottom)),
        (slice(left, left + thick), slice(right - thick, right)),
    )
    for rows in edges[0]:
        large[rows, left:right] = _BOX
    for columns in edges[1]:
        large[top:bottom, columns] = _BOX


def class_bars(images: DataSet) -> go.Figure:
    """How many images of each class each part has."""
    places = list(range(images.classes))
    # Plotly reads names as a little HTML.
    names = [html.escape(name) for name in images.class_names]
    traces = [
        trace(
            "bar",
            x=places,
            y=np.bincount(part.labels, minlength=images.classes),
            name=name,
            marker={"color": colour},
            customdata=names,
            hovertemplate="%{customdata}: %{y:,} images<extra>%{fullData.name}</extra>",
        )
        for colour, (name, part) in zip(NEUTRAL, images.parts.items(), strict=False)
    ]
    ticks = {
        "tickvals": places if images.classes <= _MOST_NAMED else [],
        "ticktext": [plain_name(name, 16) for name in images.class_names],
    }
    framed = frame(below=40)
    layout = {
        "barmode": "stack",
        "height": 320,
        "xaxis": ticks,
        "yaxis": {"title": {"text": "images"}, "tickformat": ",d"},
        **framed,
        "legend": {**framed["legend"], "traceorder": "normal"},
    }
    return figure(traces, layout)
