"""Which folders are called like the parts train, validation and test, in the many ways in which people write that."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_NAMES = {
    "train": "train training trainings trainval learn learning tr trn",
    "validation": "val vals valid validation validate validating dev devel development eval evaluation vl",
    "test": "test tests testing holdout heldout te tst ts",
}
_PARTS = {word: part for part, words in _NAMES.items() for word in words.split()}
_PLAIN_WORDS = """
    set sets data dataset datasets image images img imgs picture pictures photo photos jpg jpeg png
    seg split splits folder folders subset part all unknown unlabeled unlabelled final
"""
_PLAIN = frozenset(_PLAIN_WORDS.split())
"""Words that say nothing about the part or the class."""
_SHORT = frozenset({"tr", "trn", "vl", "dev", "devel", "eval", "te", "tst", "ts", "learn", "learning"})
"""Words that a class may well have, such as the country code tr: alone, without classes inside, they mean no part."""


def part_folders(names: Iterable[str]) -> dict[str, str]:
    """The folders among `names` that are called like a part, with that part: training_set, Seg-Train, holdout, …

    Further words are ignored where the folders of two parts have them in common: signs_train and signs_test.
    """
    readings = {name: reading for name in names if (reading := _reading(name))}
    parts_of: dict[tuple[str, ...], set[str]] = {}
    for part, rest in readings.values():
        parts_of.setdefault(rest, set()).add(part)
    return {name: part for name, (part, rest) in readings.items() if not rest or len(parts_of[rest]) > 1}


def is_plain(name: str) -> bool:
    """Whether a folder's name says nothing about what is in it, such as images or data."""
    words = _words(name)
    return bool(words) and all(word in _PLAIN or word.isdecimal() for word in words)


def is_clear(name: str) -> bool:
    """Whether the name of a part means nothing else, as short words do, and as train does, the vehicle."""
    words = set(_words(name))
    return not words & _SHORT and words not in ({"train"}, {"trains"})


def is_one_word(names: Iterable[str]) -> bool:
    """Whether names differ at most in numbers and words that say nothing, as test1 and test_set_2 do."""
    return len({tuple(_telling_words(name)) for name in names}) < 2


def _reading(name: str) -> tuple[str, tuple[str, ...]] | None:
    """The part that a name means, and its other words; None if it means none or several."""
    words = _telling_words(name)
    if part := _PARTS.get("".join(words)):
        return part, ()
    if len(found := [word for word in words if word in _PARTS]) != 1:
        return None
    return _PARTS[found[0]], tuple(word for word in words if word != found[0])


def _telling_words(name: str) -> list[str]:
    return [word for word in _words(name) if word not in _PLAIN and not word.isdecimal()]


def _words(name: str) -> list[str]:
    """The words of a name, also of TrainSet, trainset and train2017."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", unicodedata.normalize("NFKC", name))
    words = []
    for word in re.findall(r"[^\W\d_]+|\d+", text.casefold()):
        glued = re.fullmatch(r"(.+?)(set|data|images|imgs?)", word)
        words += list(glued.groups()) if glued and glued[1] in _PARTS else [word]
    return words
