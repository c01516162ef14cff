"""Counts, ratios and numbers in words, alike on every page."""

from __future__ import annotations

_VERDICTS = {
    "holds": "hold",
    "holds in part": "hold in part",
    "does not hold": "do not hold",
    "not decided here": "are not decided here",
}
_ONE = {"not decided here": "is not decided here"}
_LEAST = 1.05
"""The least ratio to mention: below it two counts are almost equal."""


def times(more: int, less: int) -> str:
    """A ratio of counts, such as "3.4 times"; empty if they are almost equal or one is zero."""
    ratio = more / less if less else 0.0
    if ratio < _LEAST:
        return ""
    return f"{ratio:,.0f} times" if ratio >= 100 else f"{ratio:.3g} times"


def text_of(value: float, form: str) -> str:
    """A formatted number as people write it: with a minus sign instead of a hyphen, and a space before %."""
    return format(value, form).replace("-", "−").replace("%", " %")


def number_of(verdict: str, count: int) -> str:
    """The number of claims with a verdict, such as "5 hold" or "1 holds"."""
    return f"{count} {_ONE.get(verdict, verdict) if count == 1 else _VERDICTS[verdict]}"
