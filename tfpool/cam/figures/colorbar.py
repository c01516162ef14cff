"""The colour bar of a scale: which value has which colour on white and on black, with ticks in the map's unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfpool.cam.figures.canvas import Page, line_height, text_width
from tfpool.cam.figures.overlay import overlay

THICKNESS = 16
TICK = 4
_SIZE = 13


@dataclass(frozen=True)
class Scale:
    """Attributes: `limit`, the absolute value at full colour; `signed`, whether anything speaks against the class."""

    limit: float
    signed: bool

    @property
    def lowest(self) -> float:
        return -self.limit if self.signed else 0.0

    def ticks(self, parts: int) -> list[float]:
        """Values from end to end, so many parts to each side of zero; 0 alone where there is nothing to tell."""
        if self.limit == 0:
            return [0.0]
        return [float(value) for value in np.linspace(self.lowest, self.limit, 1 + parts * (1 + self.signed))]

    def place(self, value: float) -> float:
        """Where on the bar a value stands, 0 to 1."""
        return (value - self.lowest) / (self.limit - self.lowest) if self.limit > 0 else 0.5


def level_bar(page: Page, scale: Scale, left: int, top: int, width: int, alpha: float) -> None:
    """A bar from left to right in a column of that width, ticks and values below it."""
    widest = max(text_width(_said(value), _SIZE) for value in scale.ticks(2))
    length = width - widest
    left += widest // 2
    page.place(_ramp(scale, length, alpha), left, top)
    _frame(page, left, top, length, THICKNESS)
    parts = 2 if (widest + 8) * len(scale.ticks(2)) <= width else 1
    for value in scale.ticks(parts):
        across = left + round(scale.place(value) * (length - 1))
        page.rule(across, top + THICKNESS, across, top + THICKNESS + TICK)
        page.write(_said(value), across - widest, top + THICKNESS + TICK + 1, 2 * widest, _SIZE)


def level_height() -> int:
    """Height of a bar from left to right with its values."""
    return THICKNESS + TICK + 1 + line_height(_SIZE)


def upright_bar(page: Page, scale: Scale, left: int, top: int, height: int, alpha: float) -> None:
    """A bar from bottom to top, ticks and values to the right of it."""
    page.place(np.rot90(_ramp(scale, height, alpha)), left, top)
    _frame(page, left, top, THICKNESS, height)
    parts = 2 if height >= 6 * line_height(_SIZE) else 1
    right = left + THICKNESS
    for value in scale.ticks(parts):
        down = top + round((1 - scale.place(value)) * (height - 1))
        said = _said(value)
        page.rule(right, down, right + TICK, down)
        page.write(said, right + TICK + 4, down - line_height(_SIZE) // 2, text_width(said, _SIZE), _SIZE)


def _ramp(scale: Scale, length: int, alpha: float) -> np.ndarray:
    values = np.linspace(scale.lowest, scale.limit, length)[np.newaxis]
    half = THICKNESS // 2
    grounds = [np.full((half, length), brightness, np.uint8) for brightness in (255, 0)]
    return np.concatenate([overlay(ground, values, alpha, scale.limit) for ground in grounds])


def _frame(page: Page, left: int, top: int, width: int, height: int) -> None:
    right, bottom = left + width, top + height
    for rule in ((left, top, right, top), (left, bottom, right, bottom), (left, top, left, bottom)):
        page.rule(*rule)
    page.rule(right, top, right, bottom)


def _said(value: float) -> str:
    return f"{value:.3g}"
