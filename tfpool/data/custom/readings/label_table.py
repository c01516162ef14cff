"""A table of labels as rows of text: CSV with any delimiter and in any encoding, JSON, and JSON lines."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import chardet

MAX_BYTES = 20_000_000
MAX_ROWS = 300_000
MAX_COLUMNS = 500
MAX_CELLS = 6_000_000
_HEAD_ROWS = 50
_MAX_GUESSED, _MAX_WORDS = 1_000_000, 500
_DELIMITERS = (",", ";", "\t", "|")
# UTF-32 begins like UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CODE_PAGES = """
    cp1250 cp1251 cp1253 cp1254 cp1255 cp1256 cp1257 cp932 gb18030 big5 cp949 euc-jp euc-kr koi8-r
"""


class NoTable(ValueError):
    """A file that is no table of labels; its text says why."""


@dataclass(frozen=True)
class Rows:
    """Cells of a table, each row as long as the first. `keys` are those of JSON's objects, else there are none.

    `encoding` is that of a text that is neither Unicode nor marked, chosen or guessed; else "".
    """

    cells: list[tuple[str, ...]]
    keys: tuple[str, ...] = ()
    encoding: str = ""


def read_rows(name: str, content: bytes, chosen: str = "") -> Rows:
    """The rows of a file with this name, in the encoding `chosen` if it is not in Unicode.

    Raises NoTable if it is none, or is too large.
    """
    if len(content) > MAX_BYTES:
        raise NoTable(f"has more than {MAX_BYTES // 1_000_000} MB")
    text, encoding = decode_text(content, chosen)
    suffix = name.lower().rpartition(".")[2]
    if suffix in ("json", "jsonl", "ndjson"):
        return _of_objects(_objects(text, suffix), encoding)
    return Rows(_of_lines(text, may_have_spaces=suffix == "txt"), (), encoding)


def decode_text(content: bytes, chosen: str = "") -> tuple[str, str]:
    """A text, and its encoding where that is `chosen` or guessed: a mark at its beginning and Unicode come first."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace"), ""
    head = content[:400]
    # Latin letters in UTF-16 are every other byte, and the rest is zero.
    if zeros := head.count(0):
        even = head[::2].count(0)
        if zeros > len(head) // 4:
            return content.decode("utf-16-be" if even > zeros // 2 else "utf-16-le", "replace"), ""
        raise NoTable("is not a text")
    try:
        return content.decode("utf-8"), ""
    except UnicodeDecodeError:
        if chosen:
            return _decoded_as(chosen, content), chosen
        encoding = _guess(content)
        return content.decode(encoding, "replace"), encoding


def notes_of_encodings(encodings: Mapping[str, str], chosen: str) -> list[str]:
    """Sentences on the encodings that texts of these names are read in, since they are not in Unicode."""
    how = "as chosen. If classes are spelled wrong, choose another, or save the file as UTF-8"
    guess = (
        "a guess that may be wrong. If classes are spelled wrong, choose its encoding (--encoding), or save it as UTF-8"
    )
    return [
        f"{name} is not in Unicode, and is read as {encoding}, {how if encoding == chosen else guess}."
        for name, encoding in encodings.items()
    ]


def _decoded_as(encoding: str, content: bytes) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise NoTable(f"cannot be read as {encoding}: choose another encoding, or none to have it guessed") from None


def _guess(content: bytes) -> str:
    """A likely code page: that of Western languages where single letters have accents, else one that reads as words."""
    words = {word for word in re.split(rb"[\s,;|]+", content[:_MAX_GUESSED]) if not word.isascii()}
    joined = b" ".join(sorted(words)[:_MAX_WORDS])
    western = joined.decode("cp1252", "replace")
    if not re.search(rb"[\x80-\xff]{2}", joined) and all(sign.isascii() or sign.isalpha() for sign in western):
        return "cp1252"
    with warnings.catch_warnings(action="ignore"):
        # Where nothing matches, chardet warns that its own default is not one of these.
        guess = chardet.detect(joined, include_encodings=_CODE_PAGES.split())
    return codecs.lookup(guess["encoding"] or "cp1252").name


def _of_lines(text: str, may_have_spaces: bool) -> list[tuple[str, ...]]:
    first, _, rest = text.partition("\n")
    delimiters: Iterable[str] = _DELIMITERS
    # Excel's own mark of the delimiter.
    if mark := re.fullmatch(r'"?sep=(.)"?\r?', first, re.IGNORECASE):
        text, delimiters = rest, mark[1]
    elif may_have_spaces:
        delimiters = (*_DELIMITERS, " ")
    _, width, delimiter = max((*_evenness(text, delimiter), delimiter) for delimiter in delimiters)
    if not 1 < width <= MAX_COLUMNS:
        raise NoTable("has no columns")
    return _checked(row for row in _read(text, delimiter) if any(map(str.strip, row)))


def _read(text: str, delimiter: str) -> Iterable[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)


def _evenness(text: str, delimiter: str) -> tuple[float, int]:
    """The fraction of the first rows with as many columns as most of them have, and that number; (0, 0) for one."""
    try:
        widths = Counter(len(row) for row in islice(_read(text, delimiter), _HEAD_ROWS) if row)
    except csv.Error:
        return 0.0, 0
    if not widths:
        return 0.0, 0
    width, number = widths.most_common(1)[0]
    return (number / widths.total(), width) if width > 1 else (0.0, 0)


def _checked(rows: Iterable[Iterable[str]]) -> list[tuple[str, ...]]:
    """Rows as long as the first one, and not too many."""
    cells: list[tuple[str, ...]] = []
    try:
        for row in rows:
            values = tuple(value.strip() for value in row)
            width = len(cells[0]) if cells else len(values)
            cells.append((*values[:width], *[""] * (width - len(values))))
            if len(cells) > MAX_ROWS or len(cells) * width > MAX_CELLS:
                raise NoTable(f"has more than {MAX_ROWS:,} rows or {MAX_CELLS:,} cells")
    except csv.Error as error:
        raise NoTable(f"is damaged: {error}") from None
    return cells


def _objects(text: str, suffix: str) -> list[Any]:
    try:
        if suffix != "json":
            return [json.loads(line) for line in islice(text.splitlines(), MAX_ROWS + 1) if line.strip()]
        whole = json.loads(text)
    except (ValueError, RecursionError):
        raise NoTable("is no JSON that can be read") from None
    if isinstance(whole, dict):
        # Such as {"a.jpg": "cat", …}, the labels by the files.
        return [{"file": key, "label": value} for key, value in whole.items() if isinstance(value, str | int)]
    return whole if isinstance(whole, list) else []


def _of_objects(objects: list[Any], encoding: str) -> Rows:
    records = [record for record in objects if isinstance(record, dict)]
    keys = tuple(dict.fromkeys(key for record in records[:_HEAD_ROWS] for key in record))
    if not 1 < len(keys) <= MAX_COLUMNS:
        raise NoTable("has no columns")
    return Rows(_checked([_text(record.get(key)) for key in keys] for record in records), keys, encoding)


def _text(value: object) -> str:
    """A cell's text; "" for what is no single value."""
    return str(value) if isinstance(value, str | int | float) else ""
