"""The names of classes in the YAML file of a data set for YOLO, of which nothing else is read."""

from __future__ import annotations

import re

_QUOTED = r"""'[^']*'|"[^"]*"|[^,\[\]{}'"]+"""
_ENTRY = re.compile(_QUOTED)
_PAIR = re.compile(rf"(\d{{1,6}})\s*:\s*({_QUOTED})")


def names_in_yaml(text: str) -> dict[int, str]:
    """The list or mapping `names` of a YAML file, whose other entries are not read."""
    found = re.search(r"^names[ \t]*:[ \t]*(.*(?:\n(?:[ \t]+|[ \t]*-|[ \t]*[\]}]).*)*)", text, re.MULTILINE)
    block = re.sub(r"(^|\s)#.*", "", found[1]) if found else ""
    if block.lstrip().startswith("["):
        return dict(enumerate(_unquoted(name) for name in _ENTRY.findall(block) if name.strip()))
    if block.lstrip().startswith("{"):
        return {int(number): _unquoted(name) for number, name in _PAIR.findall(block)}
    lines = [line.strip() for line in block.splitlines() if line.strip()]
    if lines and all(line.startswith("-") for line in lines):
        return {number: _unquoted(line[1:]) for number, line in enumerate(lines)}
    matches = [re.fullmatch(r"(\d{1,6})\s*:\s*(.+)", line) for line in lines]
    return {int(match[1]): _unquoted(match[2]) for match in matches if match}


def _unquoted(text: str) -> str:
    return text.strip().strip("'\"")
