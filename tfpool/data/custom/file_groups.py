"""Which files belong together, such as those of one patient or one film, read off their names by a pattern."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

from tfpool.data.custom.listing import File
from tfpool.data.custom.safe_names import clean, natural_order

PLACE = "{group}"
"""Stands in a simple pattern for the part of a name that files of a group have in common."""
_MAX_PATTERN, _MAX_NAME = 200, 1000
_EXAMPLES = "such as '{group}_*', or a regular expression such as 'patient([0-9]+)'"


def name_groups(files: Sequence[File], pattern: str) -> list[str]:
    """The group of each file, "" for those that the pattern does not match.

    Args:
        files: image files; the pattern sees their paths inside the folder or zip, with slashes.
        pattern: with `{group}` a simple pattern of the file's name, where * stands for any characters and ? for one;
            with slashes also of the folders before the name. Otherwise a regular expression, which is searched in the
            path: the group is what its parentheses match, or else the whole match.

    Raises:
        ValueError: if it is no pattern, or matches no file.

    Example:
        >>> files = [File(("cat", name), bytes) for name in ("tom_1.png", "tom_2.png", "kitty.png")]
        >>> name_groups(files, "{group}_*")
        ['tom', 'tom', '']
    """
    expression = _compiled(pattern)
    groups = [_group(expression, "/".join(file.path)[-_MAX_NAME:]) for file in files]
    if not any(groups):
        example = f", such as {files[0].name}" if files else ""
        raise ValueError(f"No file matches the pattern {clean(pattern)!r}{example}. Use a pattern {_EXAMPLES}.")
    return groups


def is_simple(pattern: str) -> bool:
    """Whether a pattern is simple: it takes no time to speak of, whoever wrote it."""
    return pattern.count(PLACE) == 1


def _compiled(pattern: object) -> re.Pattern[str]:
    if not isinstance(pattern, str) or not pattern.strip() or len(pattern) > _MAX_PATTERN:
        raise ValueError(
            f"Expected a pattern of at most {_MAX_PATTERN} characters, {_EXAMPLES}, got {clean(str(pattern))!r}."
        )
    if PLACE in pattern:
        if not is_simple(pattern):
            raise ValueError(f"A pattern has {PLACE} once, got {clean(pattern)!r}.")
        return re.compile(_expression(pattern), re.DOTALL)
    try:
        return re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"{clean(pattern)!r} is no regular expression: {clean(str(error))}.") from None


def _expression(pattern: str) -> str:
    """The regular expression of a simple pattern.

    Its atomic groups, (?>…), never go back, so that no name takes long.
    """
    # Texts and wildcards in turn: text, wildcard, text, …, text.
    pieces = re.split(r"(\{group\}|\*+)", pattern)
    texts = ["".join("[^/]" if sign == "?" else re.escape(sign) for sign in text) for text in pieces[::2]]
    wildcards = ["(?P<group>[^/]+?)" if piece == PLACE else "[^/]*?" for piece in pieces[1::2]]
    if "" in texts[1:-1]:
        raise ValueError(f"A pattern has a character between {PLACE} and *, got {clean(pattern)!r}.")
    between = [f"(?>{wildcard}{text})" for wildcard, text in zip(wildcards[:-1], texts[1:-1], strict=True)]
    return f"(?:^|/){texts[0]}{''.join(between)}{wildcards[-1]}{texts[-1]}\\Z"


def _group(expression: re.Pattern[str], path: str) -> str:
    match = expression.search(path)
    if match is None:
        return ""
    found = [text for text in match.groups() if text] or ([] if match.groups() else [match.group()])
    return clean(" ".join(found))


def same_group(groups: Iterable[Hashable]) -> list[list[int]]:
    """Indices of the files of each group; files whose group is empty belong to none."""
    members: dict[Hashable, list[int]] = {}
    for index, group in enumerate(groups):
        if group:
            members.setdefault(group, []).append(index)
    return list(members.values())


def summary(groups: Sequence[str]) -> list[tuple[str, int]]:
    """Groups with their number of files, the largest first; without those files that belong to none."""
    return sorted(Counter(filter(None, groups)).items(), key=lambda group: (-group[1], natural_order(group[0])))
