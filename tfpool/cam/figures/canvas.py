"""A page of pictures and text, set out by pixels. What stands where can be asked before anything is drawn."""

from __future__ import annotations

import unicodedata
from bisect import bisect
from dataclasses import dataclass, field
from functools import cache
from math import ceil
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont

Align = Literal["left", "centre", "right"]
Box = tuple[int, int, int, int]
"""Left, top, right, bottom."""

_INK = (32, 33, 36)
_PAPER = (255, 255, 255)
_INSTEAD = {"−": "-", "–": "-", "—": "-", "×": "x", "→": ">"}


@dataclass(frozen=True)
class Line:
    """One line of text: its left, top, size of the font and box of ink and spacing."""

    text: str
    left: int
    top: int
    size: int

    @property
    def box(self) -> Box:
        return self.left, self.top, self.left + text_width(self.text, self.size), self.top + line_height(self.size)


@dataclass
class Page:
    """Attributes: `lines` of text; `pictures`, each with its left and top; `rules`, thin lines of the ink's colour."""

    lines: list[Line] = field(default_factory=list)
    pictures: list[tuple[int, int, np.ndarray]] = field(default_factory=list)
    rules: list[Box] = field(default_factory=list)

    def write(
        self, text: str, left: int, top: int, width: int, size: int, most: int = 1, align: Align = "centre"
    ) -> None:
        """Set text in a column of that width, in as many lines as it needs and at most so many."""
        for number, line in enumerate(wrapped(text, size, width, most)):
            spare = width - text_width(line, size)
            shift = {"left": 0, "centre": spare // 2, "right": spare}[align]
            self.lines.append(Line(line, left + shift, top + number * line_height(size), size))

    def place(self, picture: np.ndarray, left: int, top: int) -> None:
        """Set a picture (H, W, 3) with its upper left corner at a position."""
        self.pictures.append((left, top, picture))

    def rule(self, left: int, top: int, right: int, bottom: int) -> None:
        """Draw a thin straight line from one pixel to another."""
        self.rules.append((left, top, right, bottom))

    def draw(self, margin: int) -> np.ndarray:
        """All of it on white, with a margin to the right of and below what is furthest out: uint8 (H, W, 3)."""
        boxes = [line.box for line in self.lines] + self.rules
        boxes += [(left, top, left + each.shape[1], top + each.shape[0]) for left, top, each in self.pictures]
        _, _, rights, bottoms = zip(*boxes, strict=True)
        paper = Image.new("RGB", (max(rights) + margin, max(bottoms) + margin), _PAPER)
        for left, top, picture in self.pictures:
            paper.paste(Image.fromarray(picture), (left, top))
        pen = ImageDraw.Draw(paper)
        for rule in self.rules:
            pen.line(rule, fill=_INK)
        for line in self.lines:
            pen.text((line.left, line.top), line.text, fill=_INK, font=_font(line.size))
        return np.asarray(paper)


def wrapped(text: str, size: int, width: int, most: int) -> list[str]:
    """Text in lines of at most that width, and at most so many: what is left over ends in an ellipsis."""
    left = " ".join(writable(text).split())
    lines: list[str] = []
    while left and len(lines) < most - 1 and text_width(left, size) > width:
        fits = max(1, bisect(range(1, len(left) + 1), width, key=lambda end: text_width(left[:end], size)))
        # A line ends after a word or a part of a name; what is longer than a line is broken anywhere.
        end = fits if left[fits : fits + 1] == " " else max(left.rfind(sign, 1, fits) for sign in " -_/") + 1 or fits
        lines.append(left[:end].rstrip())
        left = left[end:].lstrip()
    return [*lines, _cut(left, size, width)] if left else lines


def writable(text: str) -> str:
    """Text in letters that the font has: without accents where it knows none, a question mark for what is left."""
    return "".join(map(_known, text))


def text_width(text: str, size: int) -> int:
    return ceil(_font(size).getlength(text))


def line_height(size: int) -> int:
    return sum(_font(size).getmetrics()) + size // 6


def _cut(line: str, size: int, width: int) -> str:
    if text_width(line, size) <= width:
        return line
    kept = bisect(range(1, len(line) + 1), width, key=lambda end: text_width(f"{line[:end].rstrip()}…", size))
    return f"{line[:kept].rstrip()}…"


@cache
def _known(letter: str) -> str:
    if letter.isspace():
        return " "
    plain = "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
    choices = (letter, _INSTEAD.get(letter, ""), plain)
    return next((choice for choice in choices if choice and all(map(_has, choice))), "?")


def _has(letter: str) -> bool:
    # A font draws one and the same box for every letter that it does not have.
    font = _font(16)
    return letter.isprintable() and bytes(font.getmask(letter)) != bytes(font.getmask("\uffff"))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise ValueError("Text on a sheet needs a Pillow that was built with FreeType.")
    return font
