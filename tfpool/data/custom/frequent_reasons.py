"""Reasons why files are left out: the most frequent ones with an example of each, and what to do."""

from __future__ import annotations

from collections.abc import Iterable

_PLURALS = {"is": "are", "has": "have", "holds": "hold", "cannot": "cannot"}

NOT_FOLLOWED = "not followed"
"""How the reasons end that links are left out for."""
_UNPACK = "unpack it"
_ARCHIVES = {".zip": "a zip", ".rar": "a RAR archive", ".7z": "a 7z archive"}
_ARCHIVES |= dict.fromkeys((".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz"), "a tar archive")


def why_no_image(name: str, source: str) -> str:
    """Why a file with this name is left out of a source, "zip" or "folder"."""
    kind = next((kind for suffix, kind in _ARCHIVES.items() if name.lower().endswith(suffix)), "")
    return f"{kind} inside a {source}: {_UNPACK}" if kind else "not named like an image"


def remedy_of(reason: str) -> str:
    """What to do about files left out for a reason, "" where it does not say."""
    if reason.endswith(NOT_FOLLOWED):
        return "Copy the images to where the links are."
    return "Unpack what is inside, and give the folder of all images." if reason.endswith(_UNPACK) else ""


def frequent_reasons(files: Iterable[tuple[str, str]], most: int = 3) -> str:
    """Such as "40 are HEIC, such as cat/1.heic; 1 is empty, such as cat/2.jpg", of names and reasons."""
    names: dict[str, list[str]] = {}
    for name, reason in files:
        names.setdefault(reason, []).append(name)
    by_number = sorted(names.items(), key=lambda reason_names: -len(reason_names[1]))
    texts = [f"{_predicate(reason, len(group))}, such as {group[0]}" for reason, group in by_number[:most]]
    return "; ".join([*texts, "and other reasons"] if len(by_number) > most else texts)


def _predicate(reason: str, number: int) -> str:
    verb, _, rest = reason.partition(" ")
    if verb not in _PLURALS:
        verb, rest = "is", reason
    return f"{number:,} {verb if number == 1 else _PLURALS[verb]} {rest}"
