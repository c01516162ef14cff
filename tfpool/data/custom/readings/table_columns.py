"""Which columns of a table name images, classes and parts: found by what is in them, a header only breaks ties."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress

from tfpool.data.custom.layout import MAX_CLASSES
from tfpool.data.custom.part_names import part_folders
from tfpool.data.custom.readings.image_matching import ImageIndex, Unmatched
from tfpool.data.custom.readings.label_table import Rows
from tfpool.data.custom.safe_names import distinct_names
from tfpool.data.image_formats import SUFFIXES

_MOST_COLUMNS = 8
_LONG = 40
_MISSING = frozenset(("nan", "<na>", "n/a", "#n/a", "null"))
"""How pandas, R, Excel and databases write that there is no value. NA and None may be classes."""
_TRUE, _FALSE = ("1", "1.0", "true", "yes"), ("0", "0.0", "false", "no")
_ONE_HOT_FRACTION = 0.5
_CORNERS = (("width",), ("height",), ("xmin", "x1"), ("ymin", "y1"), ("xmax", "x2"), ("ymax", "y2"))
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)
_HINT_WORDS = """
    class classes classid classname label labels labelname category categories breed species target diagnosis dx type
    kind genus variety disease emotion grade level y
"""
_HINTS = frozenset(_HINT_WORDS.split())
"""Words of a header that tell between columns which may all hold classes."""

Column = tuple[str, ...]


@dataclass(frozen=True)
class Columns:
    """A table's columns by their names, all safe to show: that of the files, and their cells."""

    file: str
    by_name: dict[str, Column]

    @property
    def cells(self) -> Column:
        """The cells that name images."""
        return self.by_name[self.file]


@dataclass(frozen=True)
class Labels:
    """A column of classes, or several of zeros and a one: the label of each row, "" for none, and None for several."""

    name: str
    of_rows: tuple[str | None, ...]


def find_columns(rows: Rows, index: ImageIndex) -> Columns | None:
    """A table's columns, if one of them names images.

    That is the column with the most names. Numbers of rows may look like names of images: file names with an ending
    come first, then other words, then numbers.
    """
    cells = rows.cells
    if not cells:
        return None
    columns = list(zip(*cells, strict=True))
    matched = [sum(_is_image(cell, index) for cell in set(column)) for column in columns]
    least = max(2, max(matched) / 2)
    if max(matched) < least:
        return None
    _, _, _, file = max(
        (_have_endings(column), not _are_numbers(column[1:]), number, -position)
        for position, (column, number) in enumerate(zip(columns, matched, strict=True))
        if number >= least
    )
    file = -file
    header: Sequence[str] = rows.keys
    if not header:
        has_header = not _is_image(columns[file][0], index)
        header = cells[0] if has_header else [""] * len(columns)
        columns = [column[has_header:] for column in columns]
    names = distinct_names([name or f"column {number}" for number, name in enumerate(header, 1)], "column")
    return Columns(names[file], dict(zip(names, columns, strict=True)))


def _have_endings(column: Column) -> bool:
    return 2 * sum(cell.lower().endswith(SUFFIXES) for cell in column) > len(column)


def _is_image(cell: str, index: ImageIndex) -> bool:
    return index.find(cell) is not Unmatched.NONE


def find_parts(columns: Columns) -> tuple[str, Callable[[str], str]] | None:
    """The column of the parts, if there is one, and the part that its cell means."""
    for name, column in columns.by_name.items():
        if name == columns.file:
            continue
        values = {value for value in column if value}
        if len(values) > len(part_of := part_folders(values)) or not values:
            if part := _part_of_yes(name, values):
                return name, lambda cell, part=part: part if cell.lower() in _TRUE else "train"
        elif "train" in part_of.values() and len(set(part_of.values())) > 1:
            return name, lambda cell, part_of=part_of: part_of.get(cell, "")
    return None


def _part_of_yes(name: str, values: set[str]) -> str:
    """The part whose images a column such as is_valid says yes for."""
    if not values or not {value.lower() for value in values} <= {*_TRUE, *_FALSE} or len(values) < 2:
        return ""
    part = part_folders([re.sub(r"^is[ _-]?", "", name, flags=re.IGNORECASE)])
    return next((part for part in part.values() if part != "train"), "")


def corner_columns(columns: Columns) -> list[str]:
    """The columns of an image's width and height and of a box's left, top, right and bottom; none if one is missing."""
    last_words = {re.sub(r".*[^a-z0-9]", "", name.lower().replace("_", "")): name for name in columns.by_name}
    names = [next((last_words[word] for word in words if word in last_words), "") for words in _CORNERS]
    return names if all(names) else []


def find_labels(columns: Columns, is_row: Sequence[bool], without: str = "") -> list[Labels]:
    """Columns of classes, the likeliest first, judged by rows of images alone. `without` is another column."""
    no_labels = {columns.file, without, *corner_columns(columns)}
    others = {name: tuple(map(_label, cells)) for name, cells in columns.by_name.items() if name not in no_labels}
    kept = {name: list(compress(cells, is_row)) for name, cells in others.items()}
    yes_or_no = [name for name, cells in kept.items() if _is_yes_or_no(cells)]
    found: list[Labels] = []
    if labels := _one_hot({name: others[name] for name in yes_or_no}, is_row):
        found.append(labels)
        kept = {name: cells for name, cells in kept.items() if name not in yes_or_no}
    classes = [name for name, cells in kept.items() if _are_classes(cells)]
    classes.sort(key=lambda name: (not _HINTS & set(_words(name)), _are_numbers(kept[name]), len(set(kept[name]))))
    seen: list[list[str]] = []
    for name in classes:
        # Numbers of classes beside their names.
        if not any(_is_same(kept[name], other) for other in seen):
            seen.append(kept[name])
            found.append(Labels(name, tuple(map(_composed, _without_zeros(others[name])))))
    return found[:_MOST_COLUMNS]


def _label(cell: str) -> str:
    return "" if cell.casefold() in _MISSING else cell


def _one_hot(columns: dict[str, Column], is_row: Sequence[bool]) -> Labels | None:
    """Columns of zeros and ones as one of labels, if most rows of images have a single one."""
    if len(columns) < 2 or len(columns) > MAX_CLASSES:
        return None
    labels: list[str | None] = []
    for row in zip(*columns.values(), strict=True):
        names = [name for name, cell in zip(columns, row, strict=True) if cell.lower() in _TRUE]
        labels.append(names[0] if len(names) == 1 else None if names else "")
    single = list(filter(None, compress(labels, is_row)))
    if len(single) <= _ONE_HOT_FRACTION * sum(is_row) or len(set(single)) < 2:
        return None
    name = ", ".join(columns)
    return Labels(name if len(name) <= _LONG else f"{len(columns):,} columns of 0 and 1", tuple(labels))


def _is_yes_or_no(cells: list[str]) -> bool:
    return bool(cells) and {cell.lower() for cell in cells} <= {*_TRUE, *_FALSE, ""}


def _are_classes(cells: list[str]) -> bool:
    """Whether cells may be classes: of two kinds or more, each for two images on average, and no measurements."""
    present = [cell for cell in cells if cell]
    kinds = set(present)
    if not 2 <= len(kinds) <= min(MAX_CLASSES, len(present) // 2):
        return False
    return not (_are_numbers(present) and any(not float(kind).is_integer() for kind in kinds))


def _are_numbers(cells: Sequence[str]) -> bool:
    return all(_NUMBER.fullmatch(cell) for cell in set(cells) if cell)


def _without_zeros(cells: Column) -> list[str]:
    """Classes 1.0 and 2.0 as 1 and 2."""
    if all(re.fullmatch(r"\d+\.0+", cell) for cell in set(cells) if cell):
        return [cell.partition(".")[0] for cell in cells]
    return list(cells)


def _is_same(one: list[str], other: list[str]) -> bool:
    """Whether two columns divide their rows alike."""
    return len(set(one)) == len(set(other)) == len(set(zip(one, other, strict=True)))


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())


def _composed(cell: str) -> str:
    return unicodedata.normalize("NFC", cell)
