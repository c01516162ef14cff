"""A sheet of maps, drawn by matplotlib: a row per image, a column per method or model, and color bars."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, get_font

from tfpool.cam.attribution.methods import signed as signed_maps
from tfpool.cam.figures.color_scales import SCALES, Scale, Spread, shared_scales
from tfpool.cam.figures.overlay import as_rgb, check_heatmap, enlarged, overlay
from tfpool.system.files import atomic
from tfpool.system.png import png_bytes

# All sizes are in pixels: at 72 dpi a point of a font is one.
_DPI = 72
_MIN_CELL, _MAX_IMAGE = 224, 320
"""Width of a column at least, and of an image's longer side at most."""
_MARGIN, _GAP, _ROW_GAP, _INSET = 24, 12, 20, 36
_TITLE, _TEXT, _TICK = 17, 14, 12
_BAR, _BAR_ROOM = 16, 48
"""Height of a color bar, alone and with its numbers."""
_FONT = Path(mpl.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
_RENDERER = RendererAgg(1, 1, _DPI)


class Sheet(Figure):
    """A figure that a notebook shows, whether or not it draws figures by itself."""

    def _repr_png_(self) -> bytes:
        return png_bytes(pixels_of(self))


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
    spreads: Sequence[Sequence[Spread]] | None = None,
    note: str = "",
) -> np.ndarray:
    """Draw images and their maps as one picture, with color bars and a sentence that says how they are scaled.

    Args:
        images: R images as for `overlay`, of any sizes. Small ones are shown with large pixels.
        heatmaps: R lists of C maps, float (h, w) of any size.
        rows: R titles of the images.
        columns: C titles of the maps, such as the methods' names.
        captions: R lists of C texts to stand below the maps.
        scale: which maps share a color scale: "sheet" for all of them, "row" for those of an image, "column" for
            those below one title, "own" for none.
        unit: of the maps' values.
        directed: whether values above zero speak for the class, and values below against it.
        alpha: opacity of full color, 0 to 1.
        spreads: R lists of C numbers: how far the highest score of a map's model is from the lowest for that image;
            None for a map in another unit than the score. Maps on one scale whose values are all below a thousandth
            of it say next to nothing, and are drawn on the scale of the scores instead of in full color.
        note: a sentence to stand before the one on the scale, such as why this scale was chosen.

    Returns:
        uint8 (H, W, 3).

    Raises:
        ValueError: if there is no image or map, a number of titles, maps or captions does not fit the others, an
            image or map has a wrong shape or numbers that are not finite, or scale or alpha is unknown.

    Example:
        >>> import numpy as np
        >>> import tfpool as tp
        >>> image, heatmap = np.zeros((28, 28), np.uint8), np.eye(7)
        >>> picture = tp.sheet([image], [[heatmap, -heatmap]], rows=["digit"], columns=["cam", "minus cam"])
        >>> picture.dtype, picture.shape[2]
        (dtype('uint8'), 3)
    """
    return pixels_of(draw(images, heatmaps, rows, columns, captions, scale, unit, directed, alpha, spreads, note))


def draw(
    images: Sequence[np.ndarray],
    heatmaps: Sequence[Sequence[np.ndarray]],
    rows: Sequence[str],
    columns: Sequence[str],
    captions: Sequence[Sequence[str]] | None = None,
    scale: str = "row",
    unit: str = "score",
    directed: bool = True,
    alpha: float = 0.8,
    spreads: Sequence[Sequence[Spread]] | None = None,
    note: str = "",
) -> Sheet:
    """As `sheet`, but a figure."""
    _check(images, heatmaps, {"captions": captions, "spreads": spreads}, rows, columns, scale)
    sharing, scales = SCALES[scale], shared_scales(heatmaps, scale, spreads)
    tiles = [enlarged(as_rgb(image), _MAX_IMAGE) for image in images]
    cell = max(_MIN_CELL, *(tile.shape[1] for tile in tiles))
    lefts = [_MARGIN + number * (cell + _GAP) for number in range(len(columns) + 1)]
    width = lefts[-1] + cell + _MARGIN
    titles = [_wrapped(title, cell, _TITLE) for title in ("image", *columns)]
    texts = [
        [_wrapped(text, cell, _TEXT) for text in (title, *below)]
        for title, below in zip(rows, captions or [[]] * len(rows), strict=True)
    ]
    sentence = _wrapped(f"{note} {_sentence(scale, scales, unit, directed)}", width - 2 * _MARGIN, _TEXT)
    head, *under = (max(map(len, lines)) for lines in (titles, *texts))
    height = 2 * _MARGIN + head * _line_height(_TITLE) + len(sentence) * _line_height(_TEXT)
    height += _BAR_ROOM * (len(tiles) if sharing.by_row else 1)
    height += sum(
        tile.shape[0] + lines * _line_height(_TEXT) + _ROW_GAP for tile, lines in zip(tiles, under, strict=True)
    )
    figure = Sheet((width / _DPI, height / _DPI), dpi=_DPI)

    def write(lines: Sequence[str], place: float, top: int, size: int, align: str = "center") -> None:
        for number, line in enumerate(lines):
            baseline = 1 - (top + size + number * _line_height(size)) / height
            figure.text(place / width, baseline, line, font=_FONT, size=size, ha=align, parse_math=False)

    def color_bars(scales: Sequence[Scale], top: int) -> None:
        write([unit], lefts[0] + cell, top, _TEXT, "right")
        length = (cell if sharing.by_column else width - _MARGIN - lefts[1]) - 2 * _INSET
        for its, left in zip(scales if sharing.by_column else scales[:1], lefts[1:], strict=False):
            box = (left + _INSET) / width, 1 - (top + _BAR) / height, length / width, _BAR / height
            _color_bar(figure.add_axes(box), its, length, alpha)

    top = _MARGIN
    for lines, left in zip(titles, lefts, strict=True):
        write(lines, left + cell / 2, top + (head - len(lines)) * _line_height(_TITLE), _TITLE)
    top += head * _line_height(_TITLE)
    for tile, maps, of_row, blocks, most in zip(tiles, heatmaps, scales, texts, under, strict=True):
        overlays = [overlay(tile, heatmap, alpha, its.limit) for heatmap, its in zip(maps, of_row, strict=True)]
        for picture, left in zip([tile, *overlays], lefts, strict=True):
            figure.figimage(picture, left + (cell - tile.shape[1]) // 2, height - top - tile.shape[0], origin="upper")
        top += tile.shape[0] + _GAP // 2
        if sharing.by_row:
            color_bars(of_row, top)
            top += _BAR_ROOM
        for lines, left in zip(blocks, lefts, strict=False):
            write(lines, left + cell / 2, top, _TEXT)
        top += most * _line_height(_TEXT) + _ROW_GAP - _GAP // 2
    if not sharing.by_row:
        color_bars(scales[0], top)
        top += _BAR_ROOM
    write(sentence, _MARGIN, top, _TEXT, "left")
    return figure


def pixels_of(figure: Figure) -> np.ndarray:
    """What a figure looks like, uint8 (H, W, 3)."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3]


def caption(name: str, other: str | None, score: float, probability: float | None) -> str:
    """The text below a map: the explained class, the one that it is contrasted with, score and probability, if any."""
    numbers = f"{score:.3g}" if probability is None else f"{score:.3g}, {probability:.1%}"
    return f"{name}{'' if other is None else f' rather than {other}'}: {numbers}"


def legend(units: Collection[str], methods: Sequence[str]) -> dict[str, Any]:
    """The arguments of `sheet` that follow from the methods: the maps' unit, and whether red speaks for the class."""
    unit = next(iter(units)) if len(units) == 1 else "method's own unit"
    return {"unit": unit, "directed": signed_maps(methods)}


def write_sheet(picture: np.ndarray, out: str | Path) -> None:
    """Write a picture as a PNG file, all of it or nothing."""
    out = png(out)
    try:
        with atomic(out) as temporary:
            temporary.write_bytes(png_bytes(picture))
    except OSError as error:
        raise ValueError(f"The map cannot be written to {out}: {error.strerror or error}.") from None


def png(out: str | Path) -> Path:
    """The path of a PNG file; refused if its name does not end in .png, or its folder does not exist."""
    if Path(out).suffix.lower() != ".png":
        raise ValueError(f"The map is written as a PNG file. Received: --out {out}. Use a name that ends in .png.")
    if not Path(out).parent.is_dir():
        raise ValueError(f"The map cannot be written to {out}: there is no such folder.")
    return Path(out)


def _color_bar(axes: Axes, scale: Scale, length: int, alpha: float) -> None:
    """All colors of a scale on white and, below, on black."""
    low = -scale.limit if scale.signed else 0.0
    values = np.linspace(low, scale.limit, length)[np.newaxis]
    ramp = [overlay(np.full((1, length), ground, np.uint8), values, alpha, scale.limit)[0] for ground in (255, 0)]
    ticks = [low, (low + scale.limit) / 2, scale.limit] if scale.limit > 0 else [0.0]
    ends = (low, scale.limit) if scale.limit > 0 else (-1.0, 1.0)
    axes.imshow(np.stack(ramp), extent=(*ends, 0, 1), aspect="auto", interpolation="nearest")
    axes.set_xticks(ticks, [f"{value:.3g}" for value in ticks], font=_FONT, size=_TICK)
    axes.set_yticks([])


def _wrapped(text: str, width: int, size: int) -> list[str]:
    """Text in lines of at most that width in pixels, broken after words or hyphens where possible."""
    font, glyphs = FontProperties(fname=_FONT, size=size), get_font(_FONT).get_charmap()

    def width_of(line: str) -> float:
        return _RENDERER.get_text_width_height_descent(line, font, ismath=False)[0]

    plain = "".join(sign if ord(sign) in glyphs else "?" for sign in " ".join(text.split()))
    most, lines = len(plain), [plain] if plain else []
    while (widest := max(map(width_of, lines), default=0.0)) > width:
        most = min(most - 1, int(most * width / widest))
        lines = textwrap.wrap(plain, most)
    return lines


def _line_height(size: int) -> int:
    """Height of a line of text."""
    return size + size // 2


def _sentence(scale: str, scales: Sequence[Sequence[Scale]], unit: str, directed: bool) -> str:
    limits = {each.limit for row in scales for each in row}
    signed = any(each.signed for row in scales for each in row)
    full = f"at the end{'s' * signed} of its bar"
    if len(limits) == 1:
        full = f"{'±' * signed}{limits.pop():.3g} of the {unit}"
    red, blue = ("speaks for the class", "against it") if directed else ("is above zero", "below")
    return f"{SCALES[scale].sentence}: full color is {full}. Red {red}{f', blue {blue}' * signed}."


def _check(
    images: Sequence[np.ndarray],
    heatmaps: Sequence[Sequence[np.ndarray]],
    tables: Mapping[str, Sequence[Sequence[Any]] | None],
    rows: Sequence[str],
    columns: Sequence[str],
    scale: str,
) -> None:
    """Refuse maps and other tables, by what they hold, that do not have R rows of C values."""
    if scale not in SCALES:
        raise ValueError(f"Unknown scale {scale!r}. Use one of: {', '.join(SCALES)}.")
    if not len(images) or not columns:
        raise ValueError("A sheet needs at least one image and one column of maps.")
    for name, table in {"maps": heatmaps, **tables}.items():
        if table is not None and [len(row) for row in table] != [len(columns)] * len(images):
            raise ValueError(
                f"Expected {len(images)} rows of {len(columns)} {name}, as many as images and columns. "
                f"Received rows of: {[len(row) for row in table]}."
            )
    if len(rows) != len(images):
        raise ValueError(f"Expected {len(images)} row titles, one per image. Received: {len(rows)}.")
    for row, maps in enumerate(heatmaps, start=1):
        for column, heatmap in enumerate(maps, start=1):
            check_heatmap(heatmap, f"The map in row {row}, column {column}")
