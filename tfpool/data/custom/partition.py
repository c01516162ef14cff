"""Which image goes into which part: by seed, stratified by class, with equal pictures always in the same part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfpool.data.dataset import PARTS

TRAIN, VALIDATION, TEST = range(3)
LEFT_OUT = -1
_LATEST = (TEST, VALIDATION, TRAIN)


def check_split(split: Sequence[float]) -> tuple[float, ...]:
    """Fractions of train, validation and test that add up to 1, from three that add up to 1 or 100."""
    try:
        fractions = [float(fraction) for fraction in split]
    except (TypeError, ValueError):
        fractions = []
    if len(fractions) != 3 or min(fractions) <= 0 or round(sum(fractions), 6) not in (1, 100):
        raise ValueError(
            f"Expected a split of three fractions above 0 for {', '.join(PARTS)} that add up to 1, "
            f"such as (0.7, 0.15, 0.15), got {split!r}."
        )
    return tuple(fraction / sum(fractions) for fraction in fractions)


def assign_parts(
    labels: np.ndarray,
    groups: Sequence[Sequence[int]],
    fractions: Sequence[float],
    seed: int,
    fixed: Sequence[str] = (),
) -> np.ndarray:
    """A part for each image: 0, 1 and 2 for train, validation and test, int (N,).

    `labels` are int (N,), `groups` the indices of equal pictures, `fractions` add up to 1. `fixed` are the parts that
    the source has the images in, "" for none; absent parts are drawn from train. A copy whose equal picture is fixed in
    another part gets -1: it is left out.
    """
    parts = np.full(len(labels), TRAIN)
    free = [list(group) for group in groups]
    if any(fixed):
        fixed_parts = np.array([PARTS.index(part) for part in fixed])
        for group in groups:
            latest = next(part for part in _LATEST if part in fixed_parts[list(group)])
            parts[list(group)] = np.where(fixed_parts[list(group)] == latest, latest, LEFT_OUT)
        free = [[index for index in group if parts[index] == TRAIN] for group in groups]
        fractions = _of_absent_parts(fractions, fixed_parts)
    random = np.random.default_rng(seed)
    by_class: dict[int, list[list[int]]] = {}
    for group in filter(None, free):
        by_class.setdefault(int(labels[group[0]]), []).append(group)
    for label in sorted(by_class):
        _split_class(by_class[label], fractions, random, parts)
    return parts


def _of_absent_parts(fractions: Sequence[float], fixed_parts: np.ndarray) -> list[float]:
    """Fractions of the images in train that stay there or go to parts that the source does not have."""
    absent = [fraction if part == TRAIN or part not in fixed_parts else 0.0 for part, fraction in enumerate(fractions)]
    return [fraction / sum(absent) for fraction in absent]


def _split_class(
    groups: list[list[int]], fractions: Sequence[float], random: np.random.Generator, parts: np.ndarray
) -> None:
    """Put the groups of one class into parts: at most its fraction into test and validation, the rest into train."""
    number = sum(map(len, groups))
    room = {part: _room(number, fractions[part]) for part in (TEST, VALIDATION)}
    while number and sum(room.values()) >= number:
        room[max(room, key=room.__getitem__)] -= 1
    # Groups may all be larger than the room: then a part gets one that is no more than a third of the class.
    empty = {part for part in room if room[part] and min(map(len, groups)) > room[part]}
    for position in random.permutation(len(groups)):
        group = groups[position]
        part = next((part for part in room if len(group) <= room[part]), TRAIN)
        if part == TRAIN and empty and len(group) <= number // 3:
            part = empty.pop()
        parts[group] = part
        if part != TRAIN:
            room[part] -= len(group)


def _room(number: int, fraction: float) -> int:
    """Images of a class for a part: with three images or more, at least one for each part that is drawn."""
    return max(round(number * fraction), int(fraction > 0 and number >= 3))
