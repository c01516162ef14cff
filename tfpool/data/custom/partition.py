"""Which image goes into which part: by seed, stratified by class, with what belongs together in the same part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

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
    together: Sequence[Sequence[int]] = (),
) -> np.ndarray:
    """A part for each image: 0, 1 and 2 for train, validation and test, int (N,).

    `labels` are int (N,), `groups` the indices of equal pictures, `fractions` add up to 1. `fixed` are the parts that
    the source has the images in, "" for none; absent parts are drawn from train. A copy whose equal picture is fixed in
    another part gets -1: it is left out. `together` are indices of further images that are drawn into one part, such as
    those of a patient; images that are fixed stay where they are.
    """
    parts = np.full(len(labels), TRAIN)
    units = connected([*groups, *together])
    if any(fixed):
        fixed_parts = np.array([PARTS.index(part) for part in fixed])
        for group in groups:
            latest = next(part for part in _LATEST if part in fixed_parts[list(group)])
            parts[list(group)] = np.where(fixed_parts[list(group)] == latest, latest, LEFT_OUT)
        free = [[index for index in unit if parts[index] == TRAIN] for unit in units]
        # What belongs to images of another part stays in train: drawn, it would be in a third.
        is_split = [len(rest) < len(unit) for rest, unit in zip(free, units, strict=True)]
        units = [rest for rest, splits in zip(free, is_split, strict=True) if rest and not splits]
        fractions = _of_absent_parts(fractions, fixed_parts)
    random = np.random.default_rng(seed)
    by_class: dict[int, list[list[int]]] = {}
    for unit in units:
        by_class.setdefault(int(labels[unit[0]]), []).append(unit)
    rooms = _rooms(labels, [index for unit in units for index in unit], fractions)
    drawn = [by_class[label][index] for label in sorted(by_class) for index in random.permutation(len(by_class[label]))]
    # Those that fit first: what is larger than the room that is left may still bring a part nearer to its size.
    for fits in (_fits, _brings_nearer):
        drawn = [unit for unit in drawn if not _place(unit, rooms, fits, labels, parts)]
    _fill_empty(units, [part for part in (TEST, VALIDATION) if fractions[part] > 0], labels, parts)
    return parts


def connected(groups: Iterable[Sequence[int]]) -> list[list[int]]:
    """Groups of indices, where those with an index in common are one; sorted."""
    parent: dict[int, int] = {}

    def root(index: int) -> int:
        while parent.setdefault(index, index) != index:
            parent[index] = index = parent[parent[index]]
        return index

    for group in groups:
        for index in group:
            one, other = root(group[0]), root(index)
            parent[max(one, other)] = min(one, other)
    units: dict[int, list[int]] = {}
    for index in sorted(parent):
        units.setdefault(root(index), []).append(index)
    return list(units.values())


def _of_absent_parts(fractions: Sequence[float], fixed_parts: np.ndarray) -> list[float]:
    """Fractions of the images in train that stay there or go to parts that the source does not have."""
    absent = [fraction if part == TRAIN or part not in fixed_parts else 0.0 for part, fraction in enumerate(fractions)]
    return [fraction / sum(absent) for fraction in absent]


def _rooms(labels: np.ndarray, indices: Sequence[int], fractions: Sequence[float]) -> dict[int, dict[int, int]]:
    """For test and validation the number of images that each class has for that part."""
    rooms: dict[int, dict[int, int]] = {TEST: {}, VALIDATION: {}}
    for label, number in Counter(labels[list(indices)].tolist()).items():
        of_class = {part: _room(number, fractions[part]) for part in rooms}
        while sum(of_class.values()) >= number:
            of_class[max(of_class, key=of_class.__getitem__)] -= 1
        for part, room in of_class.items():
            rooms[part][label] = room
    return rooms


def _room(number: int, fraction: float) -> int:
    """Images of a class for a part: with three images or more, at least one for each part that is drawn."""
    return max(round(number * fraction), int(fraction > 0 and number >= 3))


def _fits(room: dict[int, int], numbers: Counter[int]) -> bool:
    return all(number <= room[label] for label, number in numbers.items())


def _brings_nearer(room: dict[int, int], numbers: Counter[int]) -> bool:
    return sum(abs(room[label]) - abs(room[label] - number) for label, number in numbers.items()) > 0


def _place(
    unit: list[int],
    rooms: dict[int, dict[int, int]],
    fits: Callable[[dict[int, int], Counter[int]], bool],
    labels: np.ndarray,
    parts: np.ndarray,
) -> bool:
    """Put a unit into the test or the validation if there is room, and return whether there was."""
    numbers = Counter(labels[unit].tolist())
    for part, room in rooms.items():
        if fits(room, numbers):
            parts[unit] = part
            room.update({label: room[label] - number for label, number in numbers.items()})
            return True
    return False


def _fill_empty(units: Sequence[list[int]], drawn: Sequence[int], labels: np.ndarray, parts: np.ndarray) -> None:
    """Move a unit of a class where train has none, or another part none and the class has three units or more.

    Only large units leave a part empty.
    """
    by_class: dict[int, list[list[int]]] = {}
    for unit in units:
        for label in set(labels[unit].tolist()):
            by_class.setdefault(label, []).append(unit)
    in_train = Counter(labels[parts == TRAIN].tolist())
    for label, of_class in by_class.items():
        if not in_train[label]:
            largest = max(of_class, key=len)
            parts[largest] = TRAIN
            in_train.update(labels[largest].tolist())
    for of_class in by_class.values():
        for part in drawn:
            if len(of_class) < 3 or any(parts[unit[0]] == part for unit in of_class):
                continue
            for unit in sorted(of_class, key=len):
                numbers = Counter(labels[unit].tolist())
                if parts[unit[0]] == TRAIN and all(in_train[other] > number for other, number in numbers.items()):
                    parts[unit] = part
                    in_train.subtract(numbers)
                    break
