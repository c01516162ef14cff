"""A claim's figures as one file, for a page of text or a slide. The dashboard draws its own."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Sheet
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from tfpool.head_colors import coloured
from tfpool.lab import axes
from tfpool.lab.figure import Figure, Series
from tfpool.system.files import atomic

_INCHES, _HEIGHT, _DPI = 9.0, 2.9, 100
"""Width of a sheet, height of a row of panels, and pixels an inch: a sheet is 900 pixels wide."""
_COLUMNS = 3
_MARKERS = "osD^vP"
_MARKED = 12
"""Points of a line that are marked, about."""
_BARS = 0.8
"""Width of a group of bars; the rest of its place is air."""
_APART = 0.12
"""Share of the width that two labels on an axis of numbers need at least."""
_STYLE: Any = {
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "#E5E5E5",
    "legend.frameon": False,
    "lines.markersize": 4,
    # Text stays text, which can be searched and read aloud, and the same figures make the same bytes.
    "svg.fonttype": "none",
    "svg.hashsalt": "tfpool",
}


def draw(figures: Sequence[Figure], path: Path) -> Path:
    """Draw all figures of a finding on one sheet.

    Args:
        figures: at least one; up to three stand side by side.
        path: of the file, in the place of an older one. Its suffix, .svg or .png, says what it becomes.

    Raises:
        ValueError: if there is no figure, or the suffix is another.
    """
    if not figures:
        raise ValueError("There is no figure to draw.")
    if path.suffix not in (".svg", ".png"):
        raise ValueError(f"A figure becomes an .svg or a .png file, got {path.name}.")
    colours = coloured((series.name, series.head) for figure in figures for series in figure.series)
    columns = len(figures) if len(figures) <= _COLUMNS else 2 if len(figures) == 4 else _COLUMNS
    rows = math.ceil(len(figures) / columns)
    # None and not a date: bytes change only where figures do.
    about = {"Date": None, "Creator": None, "Title": "; ".join(each.title for each in figures)}
    with matplotlib.rc_context(_STYLE), atomic(path) as temporary:
        sheet = Sheet(figsize=(_INCHES, _HEIGHT * rows + 0.4), dpi=_DPI, layout="constrained")
        panels = [sheet.add_subplot(rows, columns, place + 1) for place in range(len(figures))]
        for panel, figure, height in zip(panels, figures, axes.heights(figures), strict=True):
            _draw(panel, figure, colours, columns)
            _upright(panel, figure, *height)
        _explain(sheet, panels, figures)
        sheet.savefig(temporary, metadata=about if path.suffix == ".svg" else {"Software": None})
    return path


def _draw(panel: Axes, figure: Figure, colours: Mapping[str, str], columns: int) -> None:
    names = axes.places(figure)
    for number, series in enumerate(figure.series):
        places = [names.index(axes.named(x)) for x in series.x] if names else list(series.x)
        if figure.kind == "bar":
            width = _BARS / len(figure.series)
            middle = (number - (len(figure.series) - 1) / 2) * width
            _bars(panel, series, [place + middle for place in places], width, colours[series.name])
        else:
            _line(panel, series, places, _MARKERS[number % len(_MARKERS)], colours[series.name])
    if figure.level is not None:
        panel.axhline(figure.level, color="#777777", linestyle="--", linewidth=1, label=figure.level_name or None)
    panel.set_title(textwrap.fill(figure.title, 88 // columns))
    panel.set_ylabel(textwrap.fill(figure.y, 34))
    panel.set_xlabel(textwrap.fill(figure.x, 96 // columns))
    _across(panel, figure, names, 108 // columns)


def _line(panel: Axes, series: Series, places: Sequence[float], marker: str, colour: str) -> None:
    every = max(1, round(len(places) / _MARKED))
    panel.plot(places, _numbers(series.y), color=colour, marker=marker, markevery=every, label=series.name)
    if series.low:
        panel.fill_between(places, _numbers(series.low), _numbers(series.high), color=colour, alpha=0.18, linewidth=0)


def _bars(panel: Axes, series: Series, places: Sequence[float], width: float, colour: str) -> None:
    values = _numbers(series.y)
    panel.bar(places, values, width * 0.94, color=colour, label=series.name)
    if series.low:
        low, high = _numbers(series.low), _numbers(series.high)
        # What rounding puts on the wrong side is no length.
        below = [max(0.0, value - each) for value, each in zip(values, low, strict=True)]
        above = [max(0.0, each - value) for value, each in zip(values, high, strict=True)]
        panel.errorbar(places, values, yerr=[below, above], fmt="none", ecolor="#333333", elinewidth=1, capsize=2)


def _upright(panel: Axes, figure: Figure, low: float, high: float) -> None:
    """The vertical axis: its range and its units."""
    if figure.log:
        panel.set_yscale("log")
        # Two labels at least, where values stay within a power of ten.
        panel.yaxis.set_major_locator(LogLocator(subs=(1.0,) if high > 100 * low else (1.0, 2.0, 5.0)))
        panel.yaxis.set_minor_formatter(NullFormatter())
    panel.yaxis.set_major_formatter(FuncFormatter(_share if figure.percent else _plain))
    panel.set_ylim(low, high)


def _across(panel: Axes, figure: Figure, names: Sequence[str], letters: int) -> None:
    """The horizontal axis: its places, with `letters` of room for the words below them."""
    if names:
        # A few bars do not have to fill a panel.
        margin = max(0.1, (axes.FEWEST - len(names)) / 2)
        panel.set_xlim(-0.5 - margin, len(names) - 0.5 + margin)
        room = letters // max(len(names), axes.FEWEST)
        fits = max(len(word) for name in names for word in name.split()) <= room
        panel.set_xticks(range(len(names)), [textwrap.fill(name, room) if fits else name for name in names])
        if not fits:
            panel.tick_params("x", rotation=30)
            for label in panel.get_xticklabels():
                label.set_horizontalalignment("right")
                label.set_rotation_mode("anchor")
        return
    places = sorted({x for series in figure.series for x in series.x})
    if figure.log_x:
        panel.set_xscale("log")
        panel.xaxis.set_minor_locator(NullLocator())
    if figure.log_x or axes.far_apart(places, _APART):
        panel.xaxis.set_major_locator(FixedLocator(places))
        panel.xaxis.set_major_formatter(FuncFormatter(_plain))
    else:
        panel.xaxis.set_major_locator(MaxNLocator(6, integer=all(isinstance(x, int) for x in places)))


def _explain(sheet: Sheet, panels: Sequence[Axes], figures: Sequence[Figure]) -> None:
    """One legend for all panels if they have the same series, else one in each."""
    found = [_told(panel, figure) for panel, figure in zip(panels, figures, strict=True)]
    if all(list(each) == list(found[0]) for each in found):
        sheet.legend(found[0].values(), found[0].keys(), loc="outside upper left", ncols=len(found[0]))
        return
    for panel, each in zip(panels, found, strict=True):
        panel.legend(each.values(), each.keys(), frameon=True, framealpha=0.8, edgecolor="none", fontsize=8)


def _told(panel: Axes, figure: Figure) -> dict[str, Any]:
    """What a legend tells, the level last."""
    handles, labels = panel.get_legend_handles_labels()
    drawn = dict(zip(labels, handles, strict=True))
    return {name: drawn[name] for name in (*(each.name for each in figure.series), figure.level_name) if name in drawn}


def _numbers(values: Sequence[float | None]) -> list[float]:
    return [math.nan if value is None else value for value in values]


def _share(value: float, _: int | None = None) -> str:
    """A share on an axis, 12.5 % without a zero too many."""
    return f"{round(100 * value, 6):g}%".replace("-", "−")


def _plain(value: float, _: int | None = None) -> str:
    return axes.named(value)
