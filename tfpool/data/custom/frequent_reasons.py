"""The most frequent reasons why files are left out, in words, with an example of each."""

from __future__ import annotations

from collections.abc import Iterable

_PLURALS = {"is": "are", "has": "have", "holds": "hold", "cannot": "cannot"}


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
