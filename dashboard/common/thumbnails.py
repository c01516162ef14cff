"""Images of a data set on a page: a sample of them, enlarged and with boxes, and a chart of images per class."""

from __future__ import annotations

import io
import math

import numpy as np
import plotly.graph_objects as go
from PIL import Image

from dashboard.common.charts import escaped, figure, frame, plain_name, trace
from tfpool.data import DataSet, Part
from tfpool.networks.line_colors import NEUTRAL

TILE = 100
"""Side of an image in a preview, in pixels of the page."""
_SIDE = 224
_MAX_NAMED = 60
_BOX = tuple(bytes.fromhex(NEUTRAL[-1][1:]))


def sample_positions(part: Part, label: int | None, seed: int, number: int) -> np.ndarray:
    """Positions of up to `number` random images of a class, or of all classes if `label` is None."""
    positions = np.arange(len(part)) if label is None else np.flatnonzero(part.labels == label)
    return np.random.default_rng(seed).permutation(positions)[:number]


def tile(part: Part, position: int, side: int = _SIDE) -> np.ndarray:
    """An image as uint8 (H, W, 4), enlarged or shrunk to about `side` pixels, with its box and a transparent margin."""
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
    """A tile as a PNG file of that width. Streamlit would encode an array twice, before and after shrinking it."""
    # A little larger at first, so that lines of one pixel end up about equally wide.
    image = Image.fromarray(tile(part, position, width + width // 8))
    file = io.BytesIO()
    height = round(image.height * width / image.width)
    image.resize((width, height), Image.Resampling.BILINEAR).save(file, "PNG", compress_level=1)
    return file.getvalue()


def _frame(large: np.ndarray, box: np.ndarray, thick: int) -> None:
    top, left, bottom, right = box
    inside = large[top:bottom, left:right]
    inside[:thick] = inside[-thick:] = inside[:, :thick] = inside[:, -thick:] = _BOX


def class_bars(images: DataSet) -> go.Figure:
    """Images per class, stacked by part."""
    places = list(range(images.classes))
    # Plotly interprets some HTML in names.
    names = [escaped(name) for name in images.class_names]
    hover = {"customdata": names, "hovertemplate": "%{customdata}: %{y:,} images<extra>%{fullData.name}</extra>"}
    traces = []
    for color, (name, part) in zip(NEUTRAL, images.parts.items(), strict=False):
        counts = np.bincount(part.labels, minlength=images.classes)
        traces.append(trace("bar", x=places, y=counts, name=name, marker={"color": color}, **hover))
    ticktext = [plain_name(name, 16) for name in images.class_names]
    layout = {
        "barmode": "stack",
        "height": 320,
        "xaxis": {"tickvals": places if images.classes <= _MAX_NAMED else [], "ticktext": ticktext},
        "yaxis": {"title": {"text": "images"}, "tickformat": ",d"},
        **frame(below=40),
    }
    layout["legend"] |= {"traceorder": "normal"}
    return figure(traces, layout)
