"""Receptive field and stride of every layer, from the windows of the ops before it."""

from __future__ import annotations

from math import ceil

from tfpool.networks.graph import LOCAL, Op, Side

Sight = tuple[Side, Side]
"""Receptive field and stride, in pixels of the image, along height and along width."""


def look(op: Op, before: list[Sight | None]) -> Sight | None:
    """What one position of an op's output sees of the image, from what those of its inputs see.

    None for all of it. Source: Araujo et al., Computing Receptive Fields of CNNs, Distill 2019.
    """
    window = op.window
    # A gate of one value a channel sees all of the image; what it gates keeps its places.
    sights = [each for each in before if each is not None]
    if window is None or not sights:
        return None
    if window is LOCAL and len(sights) == 1:
        return sights[0]
    return _along(window[0], [each[0] for each in sights]), _along(window[1], [each[1] for each in sights])


def _along(side: Side, before: list[Side]) -> Side:
    field, jump = before[0] if len(before) == 1 else map(max, zip(*before, strict=True))
    return field + (side[0] - 1) * jump, jump * side[1]  # type: ignore[return-value]


def in_pixels(sight: Sight | None) -> tuple[int | None, int | float | None]:
    """Receptive field and stride as a row has them: along the axis that is seen further."""
    if sight is None:
        return None, None
    (tall, down), (wide, across) = sight
    field, stride = (tall, down) if tall >= wide else (wide, across)
    return ceil(field), stride if isinstance(stride, int) else float(stride)
