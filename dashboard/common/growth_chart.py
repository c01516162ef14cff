"""Parameters of heads as the image, the map or the number of classes grows: lines on a logarithmic scale.

Drawn here and not by Plotly, whose script of several megabytes takes a browser as long as all else that Home, the page
that is seen first, brings.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from itertools import count, groupby, pairwise

from dashboard.components import component
from tfpool.networks.heads import HEADS
from tfpool.system.format import short

_FACTORS = 100
"""From this ratio of the last place to the first on, places are drawn by their logarithm."""
_MOST_TICKS, _LINE = 7, 22
"""Of the horizontal axis, and the pixels of the page that a label of the vertical one has at least."""

_component = component("growth_chart")


def lines(
    places: Sequence[int],
    heads: Mapping[str, Sequence[int | None]],
    title: str,
    here: int,
    height: int,
    key: str,
    alt: str,
) -> None:
    """Show the parameters of heads over the size of the image or the map, or the number of classes.

    Who points at a place, or taps it, reads its numbers. Heads that need equally many everywhere share a line.

    Args:
        places: along the horizontal axis, rising: evenly apart, or by factors where the last is many times the first.
        heads: a value for each place; None where there is none.
        title: of the horizontal axis.
        here: the place that is chosen.
        height: of the lines' area, in pixels of the page.
        key: of the chart.
        alt: what it shows, for who cannot see it.
    """
    # In a dictionary: for anything else Streamlit would load pandas, to see whether it is a table.
    _component(data={"drawing": drawn(places, heads, title, here, height, alt)}, key=key)


def drawn(
    places: Sequence[int], heads: Mapping[str, Sequence[int | None]], title: str, here: int, height: int, alt: str
) -> str:
    """The chart as HTML around SVG, whose lengths across are shares of a width that only the page knows.

    Args: as `lines` takes them.
    """
    alike: dict[tuple[int | None, ...], list[str]] = {}
    for head, params in heads.items():
        alike.setdefault(tuple(params), []).append(head)
    across, ticks = _across(places)
    up, levels = _up([each for params in alike for each in params if each], height)
    traced, key = [], []
    for params, names in alike.items():
        first = HEADS[names[0]]
        look = f'stroke="{first.color}" stroke-dasharray="{first.dashes}"'
        points = [(across(x), up(y)) if y else None for x, y in zip(places, params, strict=True)]
        traced.append(_line(points, look, first.color))
        called = ", ".join(HEADS[name].label for name in names)
        key.append((f'<svg class="sample" viewBox="0 0 26 10"><path d="M0 5H26" {look}/></svg>{called}', params))
    rules = "".join(
        f'<line class="rule" x2="100%" y1="{up(level):.2f}%" y2="{up(level):.2f}%"/>'
        f'<text x="-8" y="{up(level):.2f}%" dy="4" text-anchor="end">{short(level)}</text>'
        for level in levels
    )
    below = "".join(
        f'<text x="{across(tick):.2f}%" y="100%" dy="18" text-anchor="middle">{short(tick)}</text>' for tick in ticks
    )
    chosen = f'<line class="here" x1="{across(here):.2f}%" x2="{across(here):.2f}%" y2="100%"/>'
    return (
        f'<div class="chart" role="img" aria-label="{escape(alt)}">'
        f'<div class="key">{"".join(f"<span>{name}</span>" for name, _ in key)}</div>'
        f'<div class="area" style="height: {height}px"><svg>{rules}{below}{chosen}{"".join(traced)}</svg>'
        f"{_told(places, key, across)}</div>"
        f'<div class="across">{title}</div><div class="up">parameters of the head</div></div>'
    )


def _line(points: Sequence[tuple[float, float] | None], look: str, colour: str) -> str:
    """A line through points in percent of the area, broken where there is none, with a dot on each."""
    parts = [list(part) for known, part in groupby(points, bool) if known]
    path = " ".join("M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in part) for part in parts)  # type: ignore[misc]
    dots = "".join(f'<circle cx="{x:.2f}%" cy="{y:.2f}%" r="3.5" fill="{colour}"/>' for x, y in filter(None, points))
    stretched = 'width="100%" height="100%" viewBox="0 0 100 100" preserveAspectRatio="none" overflow="visible"'
    return f'<svg {stretched}><path d="{path}" {look}/></svg>{dots}'


def _told(
    places: Sequence[int], key: Sequence[tuple[str, Sequence[int | None]]], across: Callable[[int], float]
) -> str:
    """Over each place a strip that reaches half way to its neighbours, and tells the numbers to who points at it."""
    middles = [(across(left) + across(right)) / 2 for left, right in pairwise(places)]
    strips = []
    for number, (x, left, right) in enumerate(zip(places, [0, *middles], [*middles, 100], strict=True)):
        told = "".join(f"<div>{name}: {params[number]:,}</div>" for name, params in key if params[number] is not None)
        # On the other half, so that it covers no point that it tells of.
        half = "left" if left + right > 100 else "right"
        strips.append(
            f'<div class="place" style="left: {left:.2f}%; width: {right - left:.2f}%"></div>'
            f'<div class="tooltip" style="{half}: 0"><b>{x:,}</b>{told}</div>'
        )
    return "".join(strips)


def _across(places: Sequence[int]) -> tuple[Callable[[int], float], list[int]]:
    """Where a place stands, in percent of the width, and which of them are labelled."""
    first, last = places[0], places[-1]
    if last / max(1, first) > _FACTORS:
        span = math.log10(last / first)
        decades = [10**power for power in range(math.ceil(math.log10(first)), math.floor(math.log10(last)) + 1)]
        return lambda place: 100 * math.log10(place / first) / span, decades
    step = next(each for each in _round_steps() if (last - first) / each < _MOST_TICKS)
    ticks = list(range(math.ceil(first / step) * step, last + 1, step))
    return lambda place: 100 * (place - first) / max(1, last - first), ticks


def _round_steps() -> Iterator[int]:
    """1, 2, 5, 10, 20, 50 and so on."""
    return (unit * 10**power for power in count() for unit in (1, 2, 5))


def _up(params: Sequence[int], height: int) -> tuple[Callable[[int], float], list[int]]:
    """Where a number of parameters stands, in percent of the height from the top, and which are labelled."""
    low = math.floor(math.log10(min(params, default=1)))
    high = max(low + 1, math.ceil(math.log10(max(params, default=1))))
    step = math.ceil((high - low) * _LINE / height)
    levels = [10**power for power in range(low, high + 1, step)]
    return lambda number: 100 * (high - math.log10(number)) / (high - low), levels
