"""A claim's figures as one file, for a page of text or a slide. The dashboard draws the same panels with Plotly."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.figure import Figure as Sheet
from matplotlib.ticker import NullLocator

from tfpool.lab.figure import Axis, Figure, Panel, label, panels
from tfpool.system.files import atomic

_WIDTH, _ROW_HEIGHT, _DPI = 9.0, 2.9, 100
"""Of a sheet and of a row of panels in inches: a sheet is 900 pixels wide."""
_MARKERS = "osD^vP"
_MAX_MARKERS = 12
"""Markers on a line, about."""
_GROUP_WIDTH = 0.8
"""Width of a group of bars, of the 1 that a place has."""
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
    """Draw all figures of a finding on one sheet, up to three side by side, into a file: .svg or .png by its suffix."""
    if not figures:
        raise ValueError("Expected at least one figure to draw, got none.")
    if path.suffix not in (".svg", ".png"):
        raise ValueError(f"A figure is saved as .svg or .png, got {path.name}. Change the suffix.")
    columns = 2 if len(figures) == 4 else min(len(figures), 3)
    rows = math.ceil(len(figures) / columns)
    # No date: bytes change only where figures do.
    svg = {"Date": None, "Creator": None, "Title": "; ".join(figure.title for figure in figures)}
    handles: dict[str, Any] = {}
    with matplotlib.rc_context(_STYLE), atomic(path) as temporary:
        sheet = Sheet(figsize=(_WIDTH, _ROW_HEIGHT * rows + 0.4), dpi=_DPI, layout="constrained")
        for number, panel in enumerate(panels(figures), 1):
            handles |= _draw(sheet.add_subplot(rows, columns, number), panel, columns)
        sheet.legend(handles.values(), handles.keys(), loc="outside upper left", ncols=min(len(handles), 6))
        sheet.savefig(temporary, metadata=svg if path.suffix == ".svg" else {"Software": None})
    return path


def _draw(axes: Axes, panel: Panel, columns: int) -> dict[str, Any]:
    """Draw one panel, and return what its legend shows, by name."""
    figure = panel.figure
    handles: dict[str, Any] = {}
    width = _GROUP_WIDTH / max(1, len(figure.series))
    for number, (series, positions) in enumerate(zip(figure.series, panel.positions, strict=True)):
        color = panel.colors[series.name]
        if figure.kind == "bar":
            places = [place + (number - (len(figure.series) - 1) / 2) * width for place in positions]
            handles[series.name] = axes.bar(places, series.y, width * 0.94, color=color)
            if series.low:
                style: Any = {"fmt": "none", "ecolor": "#333333", "elinewidth": 1, "capsize": 2}
                axes.errorbar(places, series.y, yerr=series.error_bars, **style)
            continue
        every = max(1, round(len(positions) / _MAX_MARKERS))
        marker = _MARKERS[number % len(_MARKERS)]
        (handles[series.name],) = axes.plot(positions, series.y, color=color, marker=marker, markevery=every)
        if series.low:
            axes.fill_between(positions, series.low, series.high, color=color, alpha=0.18, linewidth=0)
    if figure.level is not None:
        line = axes.axhline(figure.level, color="#777777", linestyle="--", linewidth=1)
        handles |= {figure.level_name: line} if figure.level_name else {}
    axes.set_title(textwrap.fill(figure.title, 88 // columns))
    axes.set_xlabel(textwrap.fill(figure.x, 96 // columns))
    axes.set_ylabel(textwrap.fill(figure.y, 34))
    axes.set(xscale="log" if panel.x.log else "linear", yscale="log" if panel.y.log else "linear")
    # Names have the width of a panel to share.
    _set_labels(axes.xaxis, panel.x, max(8, 108 // columns // max(1, len(panel.x.ticks))))
    _set_labels(axes.yaxis, panel.y, 20)
    if not panel.y.ticks:
        axes.yaxis.set_major_formatter(lambda value, _: _percent(value) if figure.percent else label(value))
    axes.set(xlim=panel.x.ends, ylim=panel.y.ends)
    return handles


def _set_labels(drawn: XAxis | YAxis, axis: Axis, width: int) -> None:
    if axis.ticks:
        drawn.set_ticks(list(axis.ticks), [textwrap.fill(words, width) for words in axis.ticks.values()])
        drawn.set_minor_locator(NullLocator())


def _percent(value: float) -> str:
    """A fraction on an axis: 12.5%, 40%."""
    return f"{round(100 * value, 6):g}%".replace("-", "−")
