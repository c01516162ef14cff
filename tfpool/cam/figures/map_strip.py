"""A row of images above their class maps, drawn in milliseconds: without matplotlib, which a training does not load."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tfpool.cam.figures.overlay import as_rgb, enlarged, overlay

# All sizes are in pixels. TensorBoard shrinks a picture of more than 350 pixels in width, and loses minus signs then.
_TILE, _GAP, _LINE, _BAR = 84, 2, 13, 10
_ALPHA = 0.8
_INK = (0, 0, 0)


def map_strip(images: np.ndarray, heatmaps: np.ndarray, captions: Sequence[Sequence[str]]) -> np.ndarray:
    """Draw images above their maps, all maps on one color scale, whose bar says what its ends stand for.

    Args:
        images: uint8 (N, H, W, C), C being 1 or 3.
        heatmaps: float (N, h, w), in units of the score.
        captions: N lists of as many lines each, to stand below the maps. Long lines are cut.

    Returns:
        uint8 (height, width, 3).
    """
    limit = float(np.abs(heatmaps).max())
    # Painted before they are enlarged, which is faster and gives smaller files.
    photos = [_shrunk(as_rgb(image)) for image in images]
    painted = [overlay(photo, heatmap, _ALPHA, limit) for photo, heatmap in zip(photos, heatmaps, strict=True)]
    tiles = [(enlarged(photo, _TILE), enlarged(map, _TILE)) for photo, map in zip(photos, painted, strict=True)]
    lines = max(map(len, captions))
    tile_height, tile_width = tiles[0][0].shape[:2]
    width = _GAP + len(tiles) * (_TILE + _GAP)
    below = _GAP + 2 * (tile_height + _GAP)
    picture = Image.new("RGB", (width, below + (lines + 3) * _LINE + _BAR + _GAP), (255, 255, 255))
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default()

    def write(text: str, left: float, top: float, room: float, anchor: str = "center") -> None:
        # The font that Pillow has without FreeType knows Latin letters only.
        text = text.encode("latin-1", "replace").decode("latin-1")
        full, kept = text, len(text)
        while draw.textlength(text, font) > room and kept:
            kept -= 1
            text = f"{full[:kept]}..."
        free = room - draw.textlength(text, font)
        draw.text((left + {"left": 0, "center": free / 2, "right": free}[anchor], top), text, _INK, font)

    for number, (pair, of_pair) in enumerate(zip(tiles, captions, strict=True)):
        left = _GAP + number * (_TILE + _GAP)
        for row, tile in enumerate(pair):
            place = (left + (_TILE - tile_width) // 2, _GAP + row * (tile_height + _GAP))
            picture.paste(Image.fromarray(tile), place)
        for line, text in enumerate(of_pair):
            write(text, left, below + line * _LINE, _TILE)
    bar_top = below + lines * _LINE + _GAP // 2
    length = width - 2 * _GAP
    ramp = overlay(np.full((1, length), 255, np.uint8), np.linspace(-limit, limit, length)[np.newaxis], _ALPHA, limit)
    picture.paste(Image.fromarray(ramp.repeat(_BAR, axis=0)), (_GAP, bar_top))
    for text, anchor in ((f"{-limit:.3g}", "left"), ("0", "center"), (f"{limit:.3g}", "right")):
        write(text, _GAP, bar_top + _BAR, length, anchor)
    write("score of the true class: red speaks for it, blue against it", _GAP, bar_top + _BAR + _LINE, length)
    return np.asarray(picture)


def _shrunk(photo: np.ndarray) -> np.ndarray:
    return photo if max(photo.shape[:2]) <= _TILE else enlarged(photo, _TILE)
