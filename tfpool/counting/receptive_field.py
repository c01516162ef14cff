"""Receptive field and stride of every layer, from the windows of the ops before it."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from tfpool.networks.graph import LOCAL, Shape, Side

ReceptiveField = tuple[Side, ...]
"""Receptive field and stride in pixels of the image, along height and width, or along each axis of another input."""


def receptive_field(
    window: ReceptiveField | None, inputs: Sequence[tuple[ReceptiveField | None, Shape]]
) -> ReceptiveField | None:
    """Receptive field and stride of an output, from the window of its op, and the field and shape of each input.

    None for the whole image, or if it is unknown.

    Source: Araujo et al., Computing Receptive Fields of CNNs, Distill 2019.
    """
    # A gate with one value per channel sees the whole image; the map that it gates keeps its own receptive field.
    maps = [field for field, shape in inputs if field is not None or not _is_gate(shape)]
    if window is None or not maps or None in maps:
        return None
    fields = [field for field in maps if field is not None]
    if window is LOCAL:
        window = LOCAL[:1] * len(fields[0])
    if any(len(field) != len(window) for field in fields):
        return None
    return tuple(_along(side, axis) for side, *axis in zip(window, *fields, strict=True))


def _is_gate(shape: Shape) -> bool:
    """Whether a shape has one position, with its channels last or first."""
    return {*shape[:-1]} <= {1} or shape[1:] == (1, 1)


def _along(window: Side, inputs: list[Side]) -> Side:
    field, stride = inputs[0] if len(inputs) == 1 else map(max, zip(*inputs, strict=True))
    return field + (window[0] - 1) * stride, stride * window[1]  # type: ignore[return-value]


def in_pixels(field: ReceptiveField | None) -> tuple[int | None, int | float | None]:
    """Receptive field and stride for a `Row`: those of the axis with the largest receptive field."""
    if not field:
        return None, None
    size, stride = max(field, key=lambda side: side[0])
    return ceil(size), stride if isinstance(stride, int) else float(stride)
