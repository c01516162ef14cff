"""New data sets made of others: two merged into one, and classes renamed or dropped. The old ones stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfpool.data.custom.near_duplicates import near_groups
from tfpool.data.custom.new_set import NewSet, check_parts, new_set
from tfpool.data.custom.partition import LEFT_OUT, TEST
from tfpool.data.custom.related_files import TOO_EASY
from tfpool.data.custom.safe_names import clean, short_list
from tfpool.data.custom.scan import Progress, group_equal
from tfpool.data.custom.source_warnings import untested_classes
from tfpool.data.custom.stored_images import StoredImages, digests_and_sketches, inherited, stored_images
from tfpool.data.dataset import DataSet
from tfpool.data.registry import load

Notes = Callable[[Sequence[str]], None]
"""Receives sentences on what is worth knowing of the new data set."""


def merge(
    names: Sequence[str],
    name: str,
    folder: str | Path | None = None,
    progress: Progress | None = None,
    told: Notes | None = None,
) -> DataSet:
    """Make one data set of two or more. Classes of one name become one, and each image stays in its part.

    A picture that several data sets have is taken once, in the last of train, validation and test that it is in, so
    that no test image is trained on.

    Args:
        names: two or more data sets whose images are equal in size and channels.
        name: title of the new data set, in any words.
        folder: where to store it. Default: TFPOOL_DATASETS, or `datasets` in the current folder.
        progress: called with images done and images in all. An exception that it raises ends the work.
        told: called with sentences on what is worth knowing, such as pictures that several data sets have.

    Returns:
        The new data set. The others do not change.

    Raises:
        ValueError: if the data sets do not fit together, or the disk is full.

    Example:
        >>> from tfpool import data
        >>> both = data.merge(["centred", "quadrants"], "Both", folder="sets")
        >>> both.name, both.classes, len(both.test)
        ('both', 14, 10000)
    """
    if isinstance(names, str) or len(set(names)) != len(names) or len(names) < 2:
        raise ValueError(f"Expected two or more different data sets to merge, got {names!r}.")
    data_sets = [load(source) for source in names]
    facts, images = inherited(data_sets), stored_images(data_sets)
    with new_set(name, folder) as new:
        digests, sketches = digests_and_sketches(images.row, len(images.labels), progress)
        parts, notes = _without_copies(images, digests)
        taken = np.flatnonzero(parts != LEFT_OUT)
        near = near_groups([sketches[index] for index in taken], progress) if sketches else []
        if several := _in_several([taken[group] for group in near], parts, images.sets):
            notes.append(f"Near duplicates {TOO_EASY}: {several:,}.")
        if images.groups is None:
            facts["group_by"] = None
        else:
            ids = np.unique(images.groups)
            members = [np.flatnonzero(images.groups == group) for group in ids if group >= 0]
            if several := _in_several(members, parts, images.sets):
                notes.append(f"Groups of files {TOO_EASY}: {several:,}.")
        return _save(new, images, images.labels, images.class_names, parts, facts, notes, told)


def edit_classes(
    name: str,
    new_name: str,
    rename: Mapping[str, str] | None = None,
    drop: Sequence[str] = (),
    folder: str | Path | None = None,
    told: Notes | None = None,
) -> DataSet:
    """Make a data set of another one with classes renamed or left out. Each image stays in its part.

    Args:
        name: the data set to start from.
        new_name: title of the new data set, in any words.
        rename: new names by old ones. Classes that get one name, or that of another class, become one.
        drop: classes to leave out, with their images.
        folder: where to store it. Default: TFPOOL_DATASETS, or `datasets` in the current folder.
        told: called with sentences on what is worth knowing, such as classes without a test image.

    Returns:
        The new data set. The other one does not change.

    Raises:
        ValueError: if there is no such class, nothing changes, or fewer than two classes are left.

    Example:
        >>> from tfpool import data
        >>> shoes = {"Sandal": "shoe", "Sneaker": "shoe", "Ankle boot": "shoe"}
        >>> few = data.edit_classes("fashion_mnist", "Few", shoes, ["Shirt", "Coat", "Pullover"], folder="sets")
        >>> few.class_names
        ('T-shirt/top', 'Trouser', 'Dress', 'shoe', 'Bag')
    """
    data_set, renamed = load(name), dict(rename or {})
    if unknown := [other for other in (*renamed, *drop) if other not in data_set.class_names]:
        raise ValueError(
            f"{name} has no class {short_list([clean(repr(other)) for other in unknown])}. "
            f"Its classes: {short_list(data_set.class_names, 20)}."
        )
    names = [clean(renamed.get(old, old)) for old in data_set.class_names]
    kept = list(dict.fromkeys(new for old, new in zip(data_set.class_names, names, strict=True) if old not in drop))
    if "" in kept:
        raise ValueError("A class needs a name with a character that can be seen.")
    if len(kept) < 2:
        raise ValueError(f"Two classes or more are needed, and {len(kept)} would be left. Drop or join fewer.")
    if kept == list(data_set.class_names):
        raise ValueError(f"Nothing would change in {name}. Give classes to rename or to drop.")
    images, facts = stored_images([data_set]), inherited([data_set])
    numbers = np.array(
        [LEFT_OUT if old in drop else kept.index(new) for old, new in zip(data_set.class_names, names, strict=True)]
    )
    labels = numbers[images.labels]
    parts = np.where(labels == LEFT_OUT, LEFT_OUT, images.parts)
    with new_set(new_name, folder) as new:
        return _save(new, images, labels, kept, parts, facts, [], told)


def _without_copies(images: StoredImages, digests: Sequence[bytes]) -> tuple[np.ndarray, list[str]]:
    """The parts, in which a picture of several data sets is left out but for one, and sentences on such pictures."""
    parts, copies, contradictions = images.parts.copy(), 0, 0
    for group in group_equal(digests).values():
        if len(set(images.sets[group].tolist())) < 2:
            continue
        kept = max(group, key=lambda index: (images.parts[index], -index))
        parts[[index for index in group if index != kept]] = LEFT_OUT
        copies += len(group) - 1
        contradictions += len(set(images.labels[group].tolist())) > 1
    notes = [f"Pictures that several of the data sets have, taken once: {copies:,} left out."] if copies else []
    if contradictions:
        notes.append(f"Pictures with different classes in the data sets, so a label is wrong: {contradictions:,}.")
    return parts, notes


def _in_several(groups: Sequence[np.ndarray], parts: np.ndarray, sets: np.ndarray) -> int:
    """The number of groups that hold images of several data sets in several parts."""
    taken = [group[parts[group] != LEFT_OUT] for group in groups]
    return sum(len(np.unique(parts[group])) > 1 and len(np.unique(sets[group])) > 1 for group in taken)


def _save(
    new: NewSet,
    images: StoredImages,
    labels: np.ndarray,
    class_names: Sequence[str],
    parts: np.ndarray,
    facts: dict[str, Any],
    notes: Sequence[str],
    told: Notes | None,
) -> DataSet:
    check_parts(facts["source"], parts, "Use data sets with more images, or drop fewer classes.")
    tested = np.bincount(labels[parts == TEST], minlength=len(class_names))
    notes = [*notes, *untested_classes(class_names, tested)]
    if told:
        told(notes)
    report = {"images": int((parts != LEFT_OUT).sum()), "warnings": notes}
    facts = {"class_names": list(class_names), **facts, "report": report}
    return new.save(images.row, labels, parts, facts, images.groups)
