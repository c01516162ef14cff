"""Checks of values from callers. Each error says what was expected and what was received."""

from __future__ import annotations

import math
import operator
from typing import Any


def at_least(least: int, value: Any, what: str) -> int:
    """The integer `value`, if it is at least `least`; the error names `what` the number is for."""
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least or isinstance(value, bool):
        raise ValueError(f"Expected a whole number of at least {least} for {what}, got {value!r}.")
    return number


def not_negative(value: Any, name: str) -> float:
    """The number `value` as a float, if it is finite and at least 0; the error names the setting."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError(f"Expected a number of at least 0 for {name}, got {value!r}.")
    return float(value)
