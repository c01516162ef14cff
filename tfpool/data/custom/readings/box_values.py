"""The numbers that boxes are written with, checked."""

from __future__ import annotations

from collections.abc import Iterable

from tfpool.data.custom.layout import Box

SLACK = 0.1
"""Fraction of an image's sides by which a box may reach out of it, as boxes drawn by hand do."""


def within(left: float, top: float, right: float, bottom: float) -> Box | None:
    """A box within the image; None if it reaches out of it by more than a little, or is empty."""
    if min(left, top) < -SLACK or max(right, bottom) > 1 + SLACK:
        return None
    box = (max(left, 0.0), max(top, 0.0), min(right, 1.0), min(bottom, 1.0))
    return box if box[0] < box[2] and box[1] < box[3] else None


def numbers_of(texts: Iterable[str | None]) -> list[float]:
    """Finite numbers; an empty list if one of the texts is none."""
    try:
        numbers = [float(text or "") for text in texts]
    except ValueError:
        return []
    return numbers if all(abs(number) < 1e9 for number in numbers) else []
