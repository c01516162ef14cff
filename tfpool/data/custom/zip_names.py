"""Names of folders and files in a zip, in the encoding that their author meant."""

from __future__ import annotations

import re
import struct
import zlib

_UNICODE_PATH = 0x7075
_SEPARATOR = re.compile(rb"/|(?<![\x80-\xff])\\")
"""A backslash after such a byte may be the second half of a character in Japanese or Chinese."""


def entry_names(name: str, is_marked: bool, extra: bytes, unknown: list[str]) -> list[str]:
    """Folders and name of an entry, from `name` as `zipfile` decoded it, whether it is marked as UTF-8, and `extra`.

    Linux and macOS write UTF-8 without marking it, other programs write it into `extra`. Names in neither are read as
    DOS wrote them, and added to `unknown`. Some programs on Windows write backslashes between folders.
    """
    name = name.partition("\0")[0]
    if is_marked or name.isascii():
        return name.replace("\\", "/").split("/")
    whole = name.encode("cp437")
    if further := _name_in_extra(extra, whole):
        return further.replace("\\", "/").split("/")
    pattern = re.compile(rb"[/\\]") if _utf8(whole) is not None else _SEPARATOR
    names = []
    # Each on its own, so that a folder has the same name for all of its files.
    for piece in pattern.split(whole):
        text = _utf8(piece)
        if text is None:
            text = piece.decode("cp437")
            unknown.append(text)
        names.append(text)
    return names


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
