"""Names that others gave, made fit to be shown, and folder names made from them. What is shown is still no markup."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

LONGEST = 80
_JOINERS = "\u200c\u200d"
"""Persian and many emoji need these two of the invisible characters."""


def clean(text: str, longest: int = LONGEST) -> str:
    """A name on one line, without control characters and marks that turn the direction of text; empty if none is left.

    Args:
        text: any text, also what was no valid Unicode in a file's name.
        longest: characters to keep; of a longer text beginning and end.
    """
    shown = "".join(_character(each) for each in unicodedata.normalize("NFC", text))
    shown = " ".join(shown.split()).strip(_JOINERS)
    half = (longest - 1) // 2
    return shown if len(shown) <= longest else f"{shown[:half]}…{shown[-half:]}"


def _character(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    if category == "Cs":
        return "\ufffd"
    return "" if category == "Cf" and character not in _JOINERS else character


def distinct(texts: Sequence[str], otherwise: str) -> list[str]:
    """Each text cleaned, `otherwise` where nothing is left, and a number behind those that then look alike."""
    shown: dict[str, None] = {}
    for text in texts:
        base = clean(text) or otherwise
        name, number = base, 2
        while name in shown:
            name, number = f"{base} ({number})", number + 1
        shown[name] = None
    return list(shown)


def slug(text: str, taken: Iterable[str] = ()) -> str:
    """A folder's name of a-z, 0-9 and hyphens, made from a text and unlike those taken."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", ascii_text)[:40].strip("-") or "images"
    known = set(taken)
    name, number = base, 2
    while name in known:
        name, number = f"{base}-{number}", number + 1
    return name


def listed(texts: Sequence[str], most: int = 5) -> str:
    """The first few, with a sign that there are more."""
    return ", ".join(texts[:most]) + (", …" if len(texts) > most else "")
