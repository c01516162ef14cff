"""A network drawn as a column of blocks, from the image down to the scores, with a second head below its own."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from dashboard.build.diagram_blocks import Block, cut
from dashboard.common.charts import BACKBONE, Trace, figure, trace
from tfpool.counting.plan import Plan
from tfpool.networks import graph
from tfpool.networks.graph import Shape
from tfpool.system.format import short

# Horizontal positions as fractions of the width, which may be that of a phone.
_MIDDLE, _WIDEST, _NAMES, _SHAPES, _COUNTS = 0.18, 0.24, 0.35, 0.86, 1.0
_HEIGHT, _LOWEST, _HIGHEST = 420, 22, 32
_BUTTONS, _EDGE = 32, 8
_NARROWEST = 0.03
_MOST_CHANNELS = 2**18
_CLEAR = "rgba(0,0,0,0)"
_STEPS = tuple(step / 12 for step in range(13))


class _Line(NamedTuple):
    """One line of the drawing: a heading, or a block and its index among the blocks of its plan.

    Its kind is "backbone", "head", or "other" for the head compared with.
    """

    kind: str
    heading: str = ""
    block: Block | None = None
    place: int = -1


def draw(plan: Plan, other: Plan | None, detail: str) -> go.Figure:
    """The blocks of a plan: as wide as their maps, as thick as they have channels, shortcuts as arcs.

    `other`, the same backbone with a second head, is drawn hollow below. `detail` is one of `diagram_blocks.DETAILS`.
    """
    lines = list(_lines(plan, other, detail))
    colors = {"backbone": BACKBONE, "head": plan.head.color, "other": (other or plan).head.color}
    traces = [_arcs(lines, plan.input_shape)]
    for kind, color in colors.items():
        chosen = [(place, line.block) for place, line in enumerate(lines) if line.block and line.kind == kind]
        if chosen:
            traces.append(_bars(kind, chosen, plan.input_shape, color))
    layout = {
        "barmode": "overlay",
        # Dragging a finger scrolls the page; zooming is among the buttons of the chart.
        "dragmode": False,
        "hovermode": "closest",
        "hoverlabel": {"align": "left"},
        "showlegend": False,
        "height": len(lines) * min(_HIGHEST, max(_LOWEST, _HEIGHT // len(lines))) + _BUTTONS + _EDGE,
        "margin": {"l": 0, "r": 0, "t": _BUTTONS, "b": _EDGE},
        "uirevision": f"{plan.name} {other and other.name} {detail}",
        "xaxis": {"visible": False, "range": [0, 1], "fixedrange": True},
        "yaxis": {"visible": False, "range": [len(lines) - 0.5, -0.5]},
    }
    return figure([*traces, _words(lines), _touch(lines)], layout)


def alt_text(plan: Plan, other: Plan | None, detail: str) -> str:
    """The drawing in words."""
    level = "Stages" if detail == "Stages" else "Blocks"

    def listed(plan: Plan, part: str) -> str:
        return ", ".join(f"{_title(block)} {_output(block.shape)}" for block in cut(plan, level) if block.part == part)

    text = f"{plan.backbone} from image to scores: {listed(plan, 'backbone')}"
    if any(block.around for block in cut(plan, level)):
        text += ", with a shortcut around each residual block"
    text += f". Then the head {plan.head.label}: {listed(plan, 'head')}, {plan.head_params:,} parameters."
    if other:
        text += f" Compared with {other.head.label}: {listed(other, 'head')}, {other.head_params:,} parameters."
    return text


def _lines(plan: Plan, other: Plan | None, detail: str) -> Iterator[_Line]:
    within = ""
    for place, block in enumerate(blocks := cut(plan, detail)):
        if block.part == "head" and blocks[place - 1].part == "backbone":
            yield _Line("head", f"Head: {plan.head.label}")
        if block.within and block.within != within:
            yield _Line(block.part, block.within + _times(block))
        within = block.within
        yield _Line(block.part, block=block, place=place)
    if other:
        yield _Line("other", f"Compared with: {other.head.label}")
        for place, block in enumerate(cut(other, detail)):
            if block.part == "head":
                yield _Line("other", block=block, place=place)


def _bars(kind: str, chosen: Sequence[tuple[int, Block]], image: Shape, color: str) -> Trace:
    widths = [_width(block.shape, image) for _, block in chosen]
    hollow = kind == "other"
    return trace(
        "bar",
        orientation="h",
        name=kind,
        x=widths,
        base=[_MIDDLE - width / 2 for width in widths],
        y=[place for place, _ in chosen],
        width=[_thickness(block.shape) for _, block in chosen],
        marker={"color": _CLEAR if hollow else color, "line": {"color": color, "width": 2 if hollow else 0}},
        hoverinfo="skip",
    )


def _width(shape: Shape, image: Shape) -> float:
    """By the square root of the side: otherwise the last maps, of 7 pixels after 224, would be too narrow to see."""
    area = math.prod(size or 1 for size in shape[:-1])
    whole = math.prod(size or 1 for size in image[:-1])
    return max(_NARROWEST, _WIDEST * min(1.0, area / whole) ** 0.25)


def _thickness(shape: Shape) -> float:
    return 0.12 + 0.7 * min(1.0, math.log2(shape[-1] or 1) / math.log2(_MOST_CHANNELS))


def _words(lines: Sequence[_Line]) -> Trace:
    """Headings, and beside each block its name, output and parameters."""
    texts: list[tuple[float, int, str, str]] = []
    for place, (_, heading, block, _) in enumerate(lines):
        if block is None:
            texts.append((_NAMES, place, f"<b>{heading}</b>", "middle right"))
            continue
        name = block.name if block.within else _title(block)
        texts.append((_NAMES, place, name, "middle right"))
        texts.append((_SHAPES, place, _output(block.shape), "middle left"))
        texts.append((_COUNTS, place, short(block.params) if block.params else "–", "middle left"))
    x, y, words, positions = zip(*texts, strict=True)
    look = {"textposition": positions, "textfont_size": 12, "cliponaxis": False}
    return trace("scatter", x=x, y=y, text=words, mode="text", hoverinfo="skip", **look)


def _touch(lines: Sequence[_Line]) -> Trace:
    """An invisible bar over each block's whole line, since the last blocks are too small for a finger."""
    blocks = [(place, line.block) for place, line in enumerate(lines) if line.block]
    return trace(
        "bar",
        orientation="h",
        name="details",
        x=[1] * len(blocks),
        y=[place for place, _ in blocks],
        width=1,
        marker_color=_CLEAR,
        customdata=[_details(block) for _, block in blocks],
        hovertemplate="%{customdata}<extra></extra>",
    )


def _arcs(lines: Sequence[_Line], image: Shape) -> Trace:
    """A straight line from each block to the next if that reads it, and an arc to any other block that does."""
    x: list[float | None] = []
    y: list[float | None] = []
    positions: dict[tuple[bool, int], tuple[int, float, float]] = {}
    for number, (kind, _, block, place) in enumerate(lines):
        if block is None:
            continue
        edge = _MIDDLE - _width(block.shape, image) / 2
        half = _thickness(block.shape) / 2
        positions[kind == "other", place] = number, edge, half
        for source in block.sources:
            # The hollow head reads from the backbone of the first one, which is not drawn twice.
            if (kind == "other", source) not in positions:
                continue
            start, before, before_half = positions[kind == "other", source]
            if source == place - 1:
                x += [_MIDDLE, _MIDDLE, None]
                y += [start + before_half, number - half, None]
            if source < place - 1 or block.around:
                x += [*_bow(before, edge, number - start), None]
                y += [*(start + (number - start) * step for step in _STEPS), None]
    return trace(
        "scatter", x=x, y=y, mode="lines", line={"color": BACKBONE, "width": 1.5}, hoverinfo="skip", name="connections"
    )


def _bow(start: float, end: float, rows: int) -> list[float]:
    """Horizontal positions of an arc between two edges, which reaches further out the more rows it spans."""
    reach = min(0.055, 0.022 + 0.006 * rows)
    return [start + (end - start) * step - reach * math.sin(math.pi * step) for step in _STEPS]


def _output(shape: Shape) -> str:
    return graph.text(shape) if len(shape) > 1 else f"{shape[0]:,}"


def _title(block: Block) -> str:
    return block.name + _times(block)


def _times(block: Block) -> str:
    return f" ×{block.times}" if block.times > 1 else ""


def _details(block: Block) -> str:
    """The text beside the pointer on a block."""
    inside = ", ".join(kind if count == 1 else f"{count}\u00a0{kind}" for kind, count in block.kinds.items())
    per_block = f", {block.params // block.times:,} each" if block.times > 1 and block.params else ""
    field, stride = block.last.receptive_field, block.last.stride
    lines = [
        f"<b>{block.last.name if block.within else block.name}</b>"
        + (f", {block.times} equal blocks" if block.times > 1 else ""),
        *textwrap.wrap(inside, 38),
        f"Output {_output(block.shape)}",
        f"{block.params:,} parameters{per_block}",
        f"{block.macs:,} MACs",
        "Receptive field: the whole image" if field is None else f"Receptive field {field:,} pixels, stride {stride:,}",
    ]
    return "<br>".join(lines)
