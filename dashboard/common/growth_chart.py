"""Parameters of heads as the image, the map or the number of classes grows: lines on a logarithmic scale.

SVG instead of Plotly, whose script takes a browser as long to load as the rest of Home, the first page.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from itertools import count, groupby, pairwise

from dashboard.components import component
from tfpool.networks.heads import HEADS
from tfpool.system.format import short

_FACTORS = 100
"""If the last place is more than this many times the first, the horizontal axis is logarithmic."""
_MOST_TICKS = 7
"""On the horizontal axis."""
_LINE = 22
"""Least distance between labels of the vertical axis, in pixels."""

_component = component("growth_chart")


def show(drawing: str, key: str) -> None:
    """Show a chart from `to_html`. Pointing at a place, or tapping it, shows its numbers."""
    # A dictionary of texts only: for other types Streamlit would load pandas to see whether they are tables.
    _component(data={"drawing": drawing}, key=key)


def to_html(
    places: Sequence[int], heads: Mapping[str, Sequence[int | None]], title: str, here: int, height: int, alt: str
) -> str:
    """The chart as HTML around SVG. Horizontal lengths are percentages of a width that only the page knows.

    Each head has one value per place (rising), or None where it does not fit; equal heads share a line. A vertical line
    marks the place `here`, `title` is that of the horizontal axis, and the plot area is `height` pixels high.
    """
    heads_by_params: dict[tuple[int | None, ...], list[str]] = {}
    for head, params in heads.items():
        heads_by_params.setdefault(tuple(params), []).append(head)
    across, ticks = _across(places)
    up, levels = _up([number for params in heads_by_params for number in params if number], height)
    curves, key = [], []
    for params, names in heads_by_params.items():
        first = HEADS[names[0]]
        style = f'stroke="{first.color}" stroke-dasharray="{first.dashes}"'
        points = [(across(x), up(y)) if y else None for x, y in zip(places, params, strict=True)]
        curves.append(_line(points, style, first.color))
        label = ", ".join(HEADS[name].label for name in names)
        key.append((f'<svg class="sample" viewBox="0 0 26 10"><path d="M0 5H26" {style}/></svg>{label}', params))
    rules = "".join(
        f'<line class="rule" x2="100%" y1="{up(level):.2f}%" y2="{up(level):.2f}%"/>'
        f'<text x="-8" y="{up(level):.2f}%" dy="4" text-anchor="end">{short(level)}</text>'
        for level in levels
    )
    below = "".join(
        f'<text x="{across(tick):.2f}%" y="100%" dy="18" text-anchor="middle">{short(tick)}</text>' for tick in ticks
    )
    chosen = f'<line class="here" x1="{across(here):.2f}%" x2="{across(here):.2f}%" y2="100%"/>'
    scale = ", log scale" if _is_logarithmic(places) else ""
    return (
        f'<div class="chart" role="img" aria-label="{escape(alt)}">'
        f'<div class="key">{"".join(f"<span>{name}</span>" for name, _ in key)}</div>'
        f'<div class="area" style="height: {height}px"><svg>{rules}{below}{chosen}{"".join(curves)}</svg>'
        f"{_tooltips(places, key, across)}</div>"
        f'<div class="across">{title}{scale}</div><div class="up">head parameters, log scale</div></div>'
    )


def _line(points: Sequence[tuple[float, float] | None], style: str, color: str) -> str:
    """A line with dots through points in percent of the plot area, broken where a point is None."""
    parts = [list(part) for known, part in groupby(points, bool) if known]
    path = " ".join("M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in part) for part in parts)  # type: ignore[misc]
    dots = "".join(f'<circle cx="{x:.2f}%" cy="{y:.2f}%" r="3.5" fill="{color}"/>' for x, y in filter(None, points))
    stretched = 'width="100%" height="100%" viewBox="0 0 100 100" preserveAspectRatio="none" overflow="visible"'
    return f'<svg {stretched}><path d="{path}" {style}/></svg>{dots}'


def _tooltips(
    places: Sequence[int], key: Sequence[tuple[str, Sequence[int | None]]], across: Callable[[int], float]
) -> str:
    """For each place an invisible strip, half way to its neighbors, that shows the numbers when pointed at."""
    middles = [(across(left) + across(right)) / 2 for left, right in pairwise(places)]
    strips = []
    for number, (x, left, right) in enumerate(zip(places, [0, *middles], [*middles, 100], strict=True)):
        rows = "".join(f"<div>{name}: {params[number]:,}</div>" for name, params in key if params[number] is not None)
        # In the other half, so that it does not cover its own points.
        half = "left" if left + right > 100 else "right"
        strips.append(
            f'<div class="place" style="left: {left:.2f}%; width: {right - left:.2f}%"></div>'
            f'<div class="tooltip" style="{half}: 0"><b>{x:,}</b>{rows}</div>'
        )
    return "".join(strips)


def _is_logarithmic(places: Sequence[int]) -> bool:
    return places[-1] / max(1, places[0]) > _FACTORS


def _across(places: Sequence[int]) -> tuple[Callable[[int], float], list[int]]:
    """The position of a place in percent of the width, and the places with a label."""
    first, last = places[0], places[-1]
    if _is_logarithmic(places):
        span = math.log10(last / first)
        decades = [10**power for power in range(math.ceil(math.log10(first)), math.floor(math.log10(last)) + 1)]
        return lambda place: 100 * math.log10(place / first) / span, decades
    # 1, 2, 5, 10, 20, 50 and so on.
    steps = (unit * 10**power for power in count() for unit in (1, 2, 5))
    step = next(step for step in steps if (last - first) / step < _MOST_TICKS)
    ticks = list(range(math.ceil(first / step) * step, last + 1, step))
    return lambda place: 100 * (place - first) / max(1, last - first), ticks


def _up(params: Sequence[int], height: int) -> tuple[Callable[[int], float], list[int]]:
    """The position of a number of parameters in percent of the height from the top, and the numbers with a label."""
    low = math.floor(math.log10(min(params, default=1)))
    high = max(low + 1, math.ceil(math.log10(max(params, default=1))))
    step = math.ceil((high - low) * _LINE / height)
    levels = [10**power for power in range(low, high + 1, step)]
    return lambda number: 100 * (high - math.log10(number)) / (high - low), levels
