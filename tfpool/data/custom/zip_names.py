"""Names of folders and files in a zip, in the encoding that their author meant."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from zipfile import ZipInfo

from tfpool.data.custom.code_pages import MULTI_BYTE, canonical, likely_code_pages
from tfpool.data.custom.safe_names import clean, short_list

_UNICODE_PATH = 0x7075
_UTF8_FLAG = 0x800
_BACKSLASH = re.compile(rb"(?<![\x80-\xff])\\")
"""After such a byte it may be the second half of a character, where a code page of one byte each is a wrong guess."""
_SHOWN = 3


@dataclass(frozen=True)
class EntryNames:
    """The names of a zip's entries: folders and name of each, in their order.

    `code_pages` are the keys of `CODE_PAGES` that names in no known encoding may be in, with what some of them say
    then: first the one that they are read in, then the others, the likeliest first. Empty where all names are known.
    """

    paths: list[list[str]]
    code_pages: tuple[tuple[str, str], ...] = ()


def entry_names(entries: Sequence[ZipInfo], code_page: str = "") -> EntryNames:
    """The names of a zip's entries; `code_page` is what those in no known encoding are in, by default a guess.

    Linux and macOS write UTF-8 without marking it, other programs write it into an extra field, and programs for
    Windows write in the code page of its language, which they do not name. Some write backslashes between folders.
    Raises ValueError if the names cannot be in `code_page`.
    """
    code_page = code_page and canonical(code_page)
    names = [_known(entry) for entry in entries]
    pieces = {piece for name in names if isinstance(name, bytes) for piece in name.split(b"/") if not piece.isascii()}
    unknown = sorted(piece for piece in pieces if _utf8(piece) is None)
    # A short name in a code page may be UTF-8 by accident, and a few names in a zip of UTF-8 may be damaged.
    if code_page or 2 * len(unknown) >= len(pieces):
        unknown = sorted(pieces)
    if not unknown:
        return EntryNames([_split(name, "", set()) for name in names])
    likely = likely_code_pages(unknown)
    chosen = code_page or likely[0]
    try:
        shown = {key: _shown(unknown, key) for key in (chosen, *likely)}
        return EntryNames([_split(name, chosen, set(unknown)) for name in names], tuple(shown.items()))
    except UnicodeDecodeError:
        raise ValueError(f"Names in the zip cannot be read as {chosen}. Use one of: {', '.join(likely)}.") from None


def _shown(names: Sequence[bytes], code_page: str) -> str:
    return short_list([clean(name.decode(code_page)) for name in names], _SHOWN)


def _known(entry: ZipInfo) -> str | bytes:
    """An entry's name, or its bytes where nothing says their encoding."""
    name = entry.orig_filename.partition("\0")[0]
    if entry.flag_bits & _UTF8_FLAG or name.isascii():
        return name
    raw = name.encode("cp437")
    return _name_in_extra(entry.extra, raw) or raw


def _split(name: str | bytes, code_page: str, unknown: Collection[bytes]) -> list[str]:
    """Folders and name of an entry, of which those `unknown` are in a code page, and others in UTF-8."""
    if isinstance(name, str):
        return name.replace("\\", "/").split("/")
    texts: list[str] = []
    # Each piece on its own, so that a folder has the same name for all of its files.
    for piece in name.split(b"/"):
        if piece in unknown and code_page not in MULTI_BYTE:
            texts += [part.decode(code_page) for part in _BACKSLASH.split(piece)]
        else:
            texts += piece.decode(code_page if piece in unknown else "utf-8").split("\\")
    return texts


def _name_in_extra(extra: bytes, name: bytes) -> str | None:
    """The name in UTF-8 that Info-ZIP and WinRAR add, if it belongs to this name."""
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == _UNICODE_PATH and field[:5] == struct.pack("<BI", 1, zlib.crc32(name)):
            return (_utf8(field[5:]) or "").partition("\0")[0]
    return None


def _utf8(content: bytes) -> str | None:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None
