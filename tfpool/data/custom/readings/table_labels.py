"""Classes and parts of images from a table of labels, or from several tables with equal columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tfpool.data.custom.layout import ClassFile, Layout, with_given_parts
from tfpool.data.custom.listing import TABLE_SUFFIXES, File, Listing, TextFile
from tfpool.data.custom.part_names import part_folders
from tfpool.data.custom.readings.image_matching import ImageIndex, Unmatched, stem
from tfpool.data.custom.readings.label_table import MAX_BYTES, NoTable, notes_of_encodings, read_rows
from tfpool.data.custom.readings.table_columns import Columns, Labels, find_columns, find_labels, find_parts
from tfpool.data.custom.safe_names import clean
from tfpool.data.images import BadImage

_OF_ONE_IMAGE = (".txt", ".json")
"""Files of these kinds may belong to the image that is called like them."""
_SUBMISSION = "submission"
"""A word in the names of Kaggle's samples of predictions, whose classes are all alike."""
_MOST_TABLES = 100
_WORDS = re.compile(r"[ _-]*(labels?|annotations?|classes|class|metadata|meta|info|files?|list)[ _-]*", re.IGNORECASE)
_Match = int | Unmatched


@dataclass
class LabelTables:
    """Tables whose rows name images, all with the same columns: the image, the part and the cell of each row."""

    files: list[TextFile]
    columns: Columns
    matches: list[_Match]
    parts: list[str]
    parts_column: str
    encodings: dict[str, str]
    labels: list[Labels] = field(default_factory=list)
    chosen_encoding: str = ""

    @property
    def name(self) -> str:
        """Such as "labels.csv", or "train.csv and 2 more"."""
        more = len(self.files) - 1
        return self.files[0].name + (f" and {more} more" if more else "")

    def classes(self, labels: Labels) -> dict[int, str]:
        """The class of each image that has one."""
        classes = {index: of_rows for index, of_rows in self._labels_of_images(labels).items() if len(of_rows) == 1}
        return {index: label for index, (label,) in classes.items() if label}

    def has_several(self, labels: Labels) -> bool:
        """Whether an image has rows of several classes."""
        return any(len(of_rows) > 1 for of_rows in self._labels_of_images(labels).values())

    def layout(self, labels: Labels, files: list[File], index: ImageIndex) -> Layout:
        """Image files with the classes that a column has for them."""
        found = self._labels_of_images(labels)
        parts: dict[int, set[str]] = {}
        for match, part in zip(self.matches, self.parts, strict=True):
            if isinstance(match, int):
                parts.setdefault(match, set()).add(part)
        class_files, left_out = [], []
        for number, file in enumerate(files):
            of_rows = found.get(number, set())
            if reason := _reason(of_rows, parts.get(number, set()), self.name):
                left_out.append((file.name, reason))
                continue
            (label,) = of_rows
            (part,) = parts[number]
            class_files.append(ClassFile(file, str(label), part or index.parts[number]))
        class_files, how_parts, in_none = with_given_parts(class_files)
        columns = f"files from {self.columns.file}, classes from {labels.name}"
        if self.parts_column and how_parts != "no parts given":
            columns += f", parts from {self.parts_column}"
        notes = (f"Labels are read from the table {self.name}: {columns}.", *self._notes())
        used = frozenset(file.name for file in self.files)
        return Layout(
            class_files, how_parts, tuple(sorted(left_out + in_none)), notes, f"labels in {self.name} ({columns})", used
        )

    def _labels_of_images(self, labels: Labels) -> dict[int, set[str | None]]:
        found: dict[int, set[str | None]] = {}
        for match, label in zip(self.matches, labels.of_rows, strict=True):
            if isinstance(match, int):
                found.setdefault(match, set()).add(label)
        return found

    def _notes(self) -> list[str]:
        notes = []
        for why in Unmatched:
            pairs = zip(self.columns.cells, self.matches, strict=True)
            cells = [cell for cell, match in pairs if match is why and cell]
            if cells:
                verb = why.value if len(cells) == 1 else f"name{why.value.removeprefix('names')}"
                text = f"{len(cells):,} row{'s' * (len(cells) != 1)} of {self.name} {verb}, such as {clean(cells[0])}"
                notes.append(f"{text}." if why is Unmatched.NONE else f"{text}: write the folders into the table too.")
        return [*notes, *notes_of_encodings(self.encodings, self.chosen_encoding)]


def _reason(labels: set[str | None], parts: set[str], table: str) -> str:
    """Why an image has no class in a table; "" if it has one."""
    if not labels:
        return f"not in {table}"
    if None in labels or len(labels - {""}) > 1:
        return f"with several labels in {table}"
    if labels == {""}:
        return f"without a label in {table}"
    return f"in several parts in {table}" if len(parts) > 1 else ""


def find_tables(listing: Listing, index: ImageIndex) -> tuple[list[LabelTables], list[str]]:
    """Tables with labels of images, those with the most images first; and why other tables are none, as sentences."""
    texts = [
        file
        for file in listing.labels
        if (name := file.path[-1].lower()).endswith(TABLE_SUFFIXES)
        and not (name.endswith(_OF_ONE_IMAGE) and index.has(name))
    ]
    samples = [file.name for file in texts if _SUBMISSION in file.path[-1].lower()]
    text = "is called like predictions for a competition: it is not read as labels."
    listing.notes += [f"{name} {text}" for name in samples]
    texts = [file for file in texts if file.name not in samples]
    texts = sorted(texts, key=lambda file: (len(file.path), file.path))[:_MOST_TABLES]
    groups: dict[tuple[str, ...], LabelTables] = {}
    problems = []
    part_of = _part_of_names(texts)
    for file in texts:
        try:
            rows = read_rows(file.path[-1], file.read_first(MAX_BYTES + 1), listing.encoding)
        except (NoTable, BadImage) as error:
            problems.append(f"{file.name} {error.reason if isinstance(error, BadImage) else error}")
            continue
        columns = find_columns(rows, index)
        if not columns:
            problems.append(f"{file.name} has no column that names the images")
            continue
        table = _table(file, columns, index, part_of.get(_bare(file), ""))
        table.chosen_encoding = listing.encoding
        if rows.encoding:
            table.encodings[file.name] = rows.encoding
        key = (columns.file, *columns.by_name)
        if key in groups:
            _join(groups[key], table)
        else:
            groups[key] = table
    tables = []
    for table in groups.values():
        is_row = [isinstance(match, int) for match in table.matches]
        table.labels = find_labels(table.columns, is_row, table.parts_column)
        if table.labels:
            tables.append(table)
        elif not any(is_row):
            problems.append(f"{table.name} names several images in each row: write the folders into it too")
        else:
            problems.append(f"{table.name} has no column of classes")
    tables.sort(key=lambda table: -len({match for match in table.matches if isinstance(match, int)}))
    return tables, problems


def _table(file: TextFile, columns: Columns, index: ImageIndex, part: str) -> LabelTables:
    found = find_parts(columns)
    cells = columns.cells
    name, of_cell = found or ("", lambda cell: part)
    parts = [of_cell(cell) for cell in (columns.by_name[name] if name else cells)]
    matches = [index.find(cell, file.path[:-1], part) for cell, part in zip(cells, parts, strict=True)]
    return LabelTables([file], columns, matches, parts, name, {})


def _join(table: LabelTables, other: LabelTables) -> None:
    names = table.columns.by_name
    joined = {name: names[name] + other.columns.by_name[name] for name in names}
    table.columns = Columns(table.columns.file, joined)
    table.files += other.files
    table.matches += other.matches
    table.parts += other.parts
    table.parts_column = table.parts_column or other.parts_column
    table.encodings |= other.encodings


def _part_of_names(texts: Iterable[TextFile]) -> dict[str, str]:
    """The part that tables are called like, such as train_labels.csv, by what `_bare` leaves of their names."""
    return part_folders(Counter(map(_bare, texts)))


def _bare(file: TextFile) -> str:
    return _WORDS.sub("", stem(file.path[-1]))
