"""Which image goes into which part: by seed, each class in the same shares, and equal pictures never apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfpool.data.dataset import PARTS

TRAIN, VALIDATION, TEST = range(3)
LEFT_OUT = -1
_LATEST = (TEST, VALIDATION, TRAIN)


def checked_shares(split: Sequence[float]) -> tuple[float, float, float]:
    """Shares of train, validation and test that add up to 1.

    Raises:
        ValueError: if they are not three positive numbers that add up to 1 or 100.
    """
    try:
        shares = [float(share) for share in split]
    except (TypeError, ValueError):
        shares = []
    if len(shares) != 3 or not all(share > 0 for share in shares) or round(sum(shares), 6) not in (1, 100):
        raise ValueError(
            f"The split is three shares above 0 for {', '.join(PARTS)} that add up to 1, such as (0.7, 0.15, 0.15), "
            f"got {split!r}."
        )
    train, validation, test = (share / sum(shares) for share in shares)
    return train, validation, test


def stratified(
    labels: np.ndarray,
    groups: Sequence[Sequence[int]],
    shares: tuple[float, float, float],
    seed: int,
    given: Sequence[str] = (),
) -> np.ndarray:
    """A part for each image.

    Args:
        labels: int (N,).
        groups: the images' numbers, those of equal pictures together.
        shares: of train, validation and test; they add up to 1.
        seed: another one draws other images.
        given: the part that each image was put into; "" for none. Parts not given are drawn from train.

    Returns:
        int (N,): 0 for train, 1 for validation, 2 for test, and -1 for a copy that is left out, since an equal picture
        stands in another given part.
    """
    parts = np.full(len(labels), TRAIN)
    free = [list(group) for group in groups]
    if any(given):
        known = np.array([PARTS.index(part) for part in given])
        for group in groups:
            latest = next(part for part in _LATEST if part in known[list(group)])
            parts[list(group)] = np.where(known[list(group)] == latest, latest, LEFT_OUT)
        free = [[number for number in group if parts[number] == TRAIN] for group in groups]
        shares = _missing(shares, known)
    random = np.random.default_rng(seed)
    by_class: dict[int, list[list[int]]] = {}
    for group in filter(None, free):
        by_class.setdefault(int(labels[group[0]]), []).append(group)
    for label in sorted(by_class):
        _deal(by_class[label], shares, random, parts)
    return parts


def _missing(shares: tuple[float, float, float], known: np.ndarray) -> tuple[float, float, float]:
    """Shares of the images in train that go to parts which are not given."""
    absent = [part == TRAIN or part not in known for part in range(3)]
    total = sum(share for share, wanted in zip(shares, absent, strict=True) if wanted)
    train, validation, test = (share / total if wanted else 0.0 for share, wanted in zip(shares, absent, strict=True))
    return train, validation, test


def _deal(
    groups: list[list[int]], shares: tuple[float, float, float], random: np.random.Generator, parts: np.ndarray
) -> None:
    """Put one class's groups into parts: never more than its share into test and validation, the rest into train."""
    number = sum(map(len, groups))
    room = {part: _room(number, shares[part]) for part in (TEST, VALIDATION)}
    while number and sum(room.values()) >= number:
        room[max(room, key=room.__getitem__)] -= 1
    for position in random.permutation(len(groups)):
        group = groups[position]
        part = next((each for each in room if len(group) <= room[each]), TRAIN)
        parts[group] = part
        if part != TRAIN:
            room[part] -= len(group)


def _room(number: int, share: float) -> int:
    """A class of three images or more has one in each part that is drawn."""
    return max(round(number * share), int(share > 0 and number >= 3))
