"""Numbers and rows as text, for a terminal or a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any


def count(number: int | None) -> str:
    """1234567 as '1,234,567'; None, for an unknown number, as a dash."""
    return "–" if number is None else f"{number:,}"


def at_least_count(number: int | None) -> str:
    """As `count`, for a lower bound: 'at least 1,234,567'."""
    return count(number) if number is None else f"at least {count(number)}"


def percent(fraction: float | None) -> str:
    """A fraction as a percentage with one digit after the point; a dash if it is not known."""
    return "–" if fraction is None else f"{fraction:.1%}"


def short(number: int | None) -> str:
    """40551040 as '40.6 M', with k, M, B or T for thousand, million, billion and trillion; None as a dash."""
    return _scaled(number, ("k", "M", "B", "T"), "")


def memory(size: int | None) -> str:
    """102546848 bytes as '103 MB', with kB, MB, GB or TB; None, for an unknown size, as a dash."""
    return _scaled(size, ("kB", "MB", "GB", "TB"), " B")


def _scaled(number: int | None, units: Sequence[str], unit_of_one: str) -> str:
    """Three figures and the largest unit that fits."""
    if number is None:
        return "–"
    for power, unit in reversed(list(enumerate(units, start=1))):
        if number >= 0.9995 * 1000**power:
            return f"{number / 1000**power:.3g} {unit}"
    return f"{number}{unit_of_one}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> str:
    """A header and rows in aligned columns; the columns whose numbers are in `right` are right-aligned."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        aligned = (
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "  ".join(aligned).rstrip()

    return "\n".join([line(header), line(["─" * width for width in widths]), *map(line, rows)])


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Rows as the text of a CSV file, the header among them. To be written with `newline=""`: lines end with CR LF."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def clock(seconds: float | None) -> str:
    """83 seconds as '1:23'; None, for an unknown time, as a dash."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def setting(name: str, value: Any) -> str:
    """A run's setting as text: None is a dash, and a data set is the name of its folder."""
    if value is None:
        return "–"
    if name == "data":
        return Path(value).name
    between = "×" if name.startswith("input") else " "
    return between.join(map(str, value)) if isinstance(value, list | tuple) else str(value)
