"""Receptive field and stride of every layer, from the windows of the ops before it."""

from __future__ import annotations

from math import ceil

from tfpool.networks.graph import LOCAL, Op, Side

ReceptiveField = tuple[Side, Side]
"""Receptive field and stride in pixels of the image, along height and along width."""


def receptive_field(op: Op, inputs: list[ReceptiveField | None]) -> ReceptiveField | None:
    """Receptive field and stride of an op's output, from those of its inputs; None for the whole image.

    Source: Araujo et al., Computing Receptive Fields of CNNs, Distill 2019.
    """
    window = op.window
    # A gate with one value per channel sees the whole image; the map that it gates keeps its own receptive field.
    local = [field for field in inputs if field is not None]
    if window is None or not local:
        return None
    if window is LOCAL and len(local) == 1:
        return local[0]
    return _along(window[0], [height for height, _ in local]), _along(window[1], [width for _, width in local])


def _along(window: Side, inputs: list[Side]) -> Side:
    field, stride = inputs[0] if len(inputs) == 1 else map(max, zip(*inputs, strict=True))
    return field + (window[0] - 1) * stride, stride * window[1]  # type: ignore[return-value]


def in_pixels(field: ReceptiveField | None) -> tuple[int | None, int | float | None]:
    """Receptive field and stride for a `Row`: those of the axis with the larger receptive field."""
    if field is None:
        return None, None
    size, stride = max(field, key=lambda side: side[0])
    return ceil(size), stride if isinstance(stride, int) else float(stride)
