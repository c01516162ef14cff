"""A sheet of maps: a row an image, a column a method or model, and what a colour stands for said beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tfpool.cam.figures.canvas import Page, line_height, wrapped
from tfpool.cam.figures.colorbar import Scale, level_bar, level_height, upright_bar
from tfpool.cam.figures.overlay import as_rgb, check_heatmap, overlay
from tfpool.system.files import atomic

SCALES = {
    "sheet": "One colour scale for all maps: full colour is",
    "row": "One colour scale for each image: full colour is",
    "column": "One colour scale for each column: full colour is",
    "own": "Each map has its own colour scale, so colours of two maps cannot be compared: full colour is",
}
_LEAST, _MOST = 224, 320
"""Width of a column at least, and of an image's longer side at most."""
_MARGIN, _GAP, _NEAR, _ROW_GAP = 24, 12, 6, 20
_UPRIGHT = 96
_TITLE, _CAPTION, _NOTE = 17, 14, 14


def sheet(
    images: Sequence[np.ndarray],
    heatmaps: Sequence[Sequence[np.ndarray]],
    rows: Sequence[str],
    columns: Sequence[str],
    captions: Sequence[Sequence[str]] | None = None,
    scale: str = "row",
    unit: str = "score",
    directed: bool = True,
    alpha: float = 0.8,
) -> np.ndarray:
    """Draw images and their maps as one picture, with colour bars and a sentence that says how they are scaled.

    Args:
        images: R images as for `overlay`, of any sizes. Small ones are shown with large pixels.
        heatmaps: R lists of C maps, float (h, w) of any size.
        rows: R titles of the images.
        columns: C titles of the maps, such as the methods' names.
        captions: R lists of C texts to stand below the maps.
        scale: which maps share a colour scale: "sheet" for all of them, "row" for those of an image, "column" for
            those below one title, "own" for none.
        unit: of the maps' values.
        directed: whether values above zero speak for the class, and those below against it.
        alpha: opacity of full colour, 0 to 1.

    Returns:
        uint8 (H, W, 3).

    Raises:
        ValueError: if there is no image or map, a number of titles, maps or captions does not fit the others, an
            image or map has a wrong shape or numbers that are not finite, or scale or alpha is unknown.
    """
    return lay_out(images, heatmaps, rows, columns, captions, scale, unit, directed, alpha).draw(_MARGIN)


def lay_out(
    images: Sequence[np.ndarray],
    heatmaps: Sequence[Sequence[np.ndarray]],
    rows: Sequence[str],
    columns: Sequence[str],
    captions: Sequence[Sequence[str]] | None = None,
    scale: str = "row",
    unit: str = "score",
    directed: bool = True,
    alpha: float = 0.8,
) -> Page:
    """The page that `sheet` draws, with the same arguments."""
    _check(images, heatmaps, rows, columns, captions, scale)
    captions = captions or [[""] * len(columns)] * len(rows)
    tiles = [_tile(as_rgb(image)) for image in images]
    scales = shared_scales(heatmaps, scale)
    page = Page()
    cell = max(_LEAST, *(tile.shape[1] for tile in tiles))
    lefts = [_MARGIN + number * (cell + _GAP) for number in range(len(columns) + 2)]
    titles = [("image", cell), *((title, cell) for title in columns)]
    if scale == "row":
        titles.append((unit, _UPRIGHT))
    top = _titles(page, titles, lefts)
    for tile, maps, each, below, title in zip(tiles, heatmaps, scales, captions, rows, strict=True):
        height, width = tile.shape[:2]
        shown = [tile, *(overlay(tile, one, alpha, its.limit) for one, its in zip(maps, each, strict=True))]
        for left, picture in zip(lefts, shown, strict=False):
            page.place(picture, left + (cell - width) // 2, top)
        if scale == "row":
            upright_bar(page, each[0], lefts[-1], top, height, alpha)
        top += height + _NEAR
        if scale == "own":
            top = _level_bars(page, each, unit, lefts, top, cell, alpha)
        top = _captions(page, [title, *below], lefts, top, cell) + _ROW_GAP
    if scale == "column":
        top = _level_bars(page, scales[0], unit, lefts, top, cell, alpha)
    elif scale == "sheet":
        top = _level_bars(page, scales[0][:1], unit, lefts, top, cell, alpha)
    width = lefts[-1] - _GAP - _MARGIN + (_UPRIGHT if scale == "row" else 0)
    page.write(_sentence(scale, scales, unit, directed), _MARGIN, top, width, _NOTE, most=5, align="left")
    return page


def shared_scales(heatmaps: Sequence[Sequence[np.ndarray]], scale: str) -> list[list[Scale]]:
    """The colour scale of each map: R lists of C, equal for the maps that share one.

    Args:
        heatmaps: R lists of C maps.
        scale: "sheet", "row", "column" or "own".
    """
    keys = {
        "sheet": lambda row, column: 0,
        "row": lambda row, column: row,
        "column": lambda row, column: column,
        "own": lambda row, column: (row, column),
    }
    groups: dict[Any, list[np.ndarray]] = {}
    for row, maps in enumerate(heatmaps):
        for column, heatmap in enumerate(maps):
            groups.setdefault(keys[scale](row, column), []).append(heatmap)
    made = {
        key: Scale(max(float(np.abs(each).max()) for each in group), any((each < 0).any() for each in group))
        for key, group in groups.items()
    }
    return [[made[keys[scale](row, column)] for column in range(len(maps))] for row, maps in enumerate(heatmaps)]


def write_sheet(picture: np.ndarray, out: str | Path) -> None:
    """Write a picture as a PNG file, all of it or nothing.

    Raises:
        ValueError: if the name does not end in .png, or the file cannot be written.
    """
    out = png(out)
    try:
        with atomic(out) as temporary:
            Image.fromarray(picture).save(temporary, format="PNG")
    except OSError as error:
        raise ValueError(f"The map cannot be written to {out}: {error.strerror or error}.") from None


def png(out: str | Path) -> Path:
    """The path of a PNG file.

    Raises:
        ValueError: if the name does not end in .png.
    """
    if Path(out).suffix.lower() != ".png":
        raise ValueError(f"The map is written as a PNG file, got --out {out}. Use a name that ends in .png.")
    if not Path(out).parent.is_dir():
        raise ValueError(f"The map cannot be written to {out}: there is no such folder.")
    return Path(out)


def _tile(image: np.ndarray) -> np.ndarray:
    """An image with its longer side at most `_MOST`: enlarged by whole pixels, or shrunk."""
    height, width = image.shape[:2]
    longer = max(height, width)
    if longer <= _MOST:
        times = _MOST // longer
        return image.repeat(times, axis=0).repeat(times, axis=1)
    size = (max(1, round(width * _MOST / longer)), max(1, round(height * _MOST / longer)))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS))


def _titles(page: Page, titles: Sequence[tuple[str, int]], lefts: Sequence[int]) -> int:
    """Titles above their columns, standing on one line; returns where the pictures start."""
    lines = [len(wrapped(title, _TITLE, width, 2)) for title, width in titles]
    for (title, width), left, taken in zip(titles, lefts, lines, strict=False):
        page.write(title, left, _MARGIN + (max(lines) - taken) * line_height(_TITLE), width, _TITLE, 2)
    # The uppermost number of an upright bar reaches above the pictures.
    return _MARGIN + max(lines) * line_height(_TITLE) + 2 * _NEAR


def _captions(page: Page, texts: Sequence[str], lefts: Sequence[int], top: int, cell: int) -> int:
    for text, left in zip(texts, lefts, strict=False):
        page.write(text, left, top, cell, _CAPTION, 3)
    return top + max(len(wrapped(text, _CAPTION, cell, 3)) for text in texts) * line_height(_CAPTION)


def _level_bars(
    page: Page, scales: Sequence[Scale], unit: str, lefts: Sequence[int], top: int, cell: int, alpha: float
) -> int:
    """Bars below the maps, from the first on, and their unit before them; returns where they end."""
    page.write(unit, lefts[0], top, cell, _CAPTION, align="right")
    for scale, left in zip(scales, lefts[1:], strict=False):
        level_bar(page, scale, left, top, cell, alpha)
    return top + level_height() + 2 * _NEAR


def _sentence(scale: str, scales: Sequence[Sequence[Scale]], unit: str, directed: bool) -> str:
    every = {each for row in scales for each in row}
    limits = {each.limit for each in every}
    signed = any(each.signed for each in every)
    end = f"at the end{'s' * signed} of its bar"
    if len(limits) == 1:
        end = f"{'±' * signed}{limits.pop():.3g} of the {unit}"
    if not directed:
        return f"{SCALES[scale]} {end}. Red is above zero{', blue below' if signed else ''}."
    return f"{SCALES[scale]} {end}. Red speaks for the class{', blue against it' if signed else ''}."


def _check(
    images: Sequence[np.ndarray],
    heatmaps: Sequence[Sequence[np.ndarray]],
    rows: Sequence[str],
    columns: Sequence[str],
    captions: Sequence[Sequence[str]] | None,
    scale: str,
) -> None:
    if scale not in SCALES:
        raise ValueError(f"Unknown scale {scale!r}. Use one of: {', '.join(SCALES)}.")
    if not len(images) or not columns:
        raise ValueError("A sheet needs at least one image and one column of maps.")
    for name, found in (("maps", heatmaps), ("captions", captions)):
        if found is not None and [len(row) for row in found] != [len(columns)] * len(images):
            raise ValueError(
                f"{len(images)} images and {len(columns)} columns need as many rows of as many {name}, "
                f"got {[len(row) for row in found]} in a row."
            )
    if len(rows) != len(images):
        raise ValueError(f"{len(images)} images need as many row titles, got {len(rows)}.")
    for row, maps in enumerate(heatmaps, start=1):
        for column, heatmap in enumerate(maps, start=1):
            check_heatmap(heatmap, f"The map in row {row}, column {column}")
