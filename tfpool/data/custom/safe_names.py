"""Names that other people wrote, made safe to show, and folder names made from them. They are still never markup."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

MAX_LENGTH = 80
_JOINERS = "\u200c\u200d"
"""Persian and many emoji need these two of the invisible characters."""


def clean(text: str, max_length: int = MAX_LENGTH) -> str:
    """A name on one line, without control characters and marks that change the direction of text; may be empty.

    The text may be any, such as a file name that is not valid Unicode. A longer one keeps its beginning and its end.
    """
    name = "".join(_visible(character) for character in unicodedata.normalize("NFC", text))
    name = " ".join(name.split()).strip(_JOINERS)
    half = (max_length - 1) // 2
    return name if len(name) <= max_length else f"{name[:half]}…{name[-half:]}"


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    if category == "Cs":
        return "\ufffd"
    return "" if category == "Cf" and character not in _JOINERS else character


def distinct_names(texts: Sequence[str], default: str) -> list[str]:
    """Each text cleaned, or `default` where it is empty then, with a number added to names that would be equal."""
    names: dict[str, None] = {}
    for text in texts:
        base = clean(text) or default
        name, number = base, 2
        while name in names:
            name, number = f"{base} ({number})", number + 1
        names[name] = None
    return list(names)


def slug(text: str, taken: Iterable[str] = ()) -> str:
    """A folder name of a-z, 0-9 and hyphens, made from a text and different from those taken."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", ascii_text)[:40].strip("-") or "images"
    existing = set(taken)
    name, number = base, 2
    while name in existing:
        name, number = f"{base}-{number}", number + 1
    return name


def natural_order(text: str) -> tuple[list[tuple[str, int, str]], str]:
    """A key to sort names by, with their numbers in order: class 2 before class 10."""
    pieces = re.findall(r"([^0-9]*)([0-9]*)", text)
    # Not by int, which refuses numbers of thousands of digits.
    numbers = [(words, digits.lstrip("0")) for words, digits in pieces]
    return [(words, len(digits), digits) for words, digits in numbers], text


def short_list(texts: Sequence[str], length: int = 5) -> str:
    """The first texts, with an ellipsis if there are more."""
    return ", ".join(texts[:length]) + (", …" if len(texts) > length else "")
