"""Files that belong together: equal pictures, near duplicates, and groups by name, as a report says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfpool.data.custom.file_groups import same_group, summary
from tfpool.data.custom.safe_names import short_list
from tfpool.data.custom.scan import Scan
from tfpool.data.dataset import PARTS
from tfpool.system.extras import how_to_install

TOO_EASY = "in several of the given parts, where they stay, so the test is too easy"


@dataclass(frozen=True)
class Duplicate:
    """Files whose pixels are equal, with their classes, and the parts that the source has them in, if any."""

    files: tuple[str, ...]
    class_names: tuple[str, ...]
    parts: tuple[str, ...]

    @property
    def where(self) -> str:
        """The worst of "across parts", "across classes" and "within a class" that is true."""
        if len(self.parts) > 1:
            return "across parts"
        return "across classes" if len(self.class_names) > 1 else "within a class"


def duplicate(contents: Scan, labels: np.ndarray, group: Sequence[int]) -> Duplicate:
    """The files of the pictures with these indices. `labels` are those of all pictures, int (N,)."""
    class_files = [contents.pictures[index].class_file for index in group]
    return Duplicate(
        files=tuple(class_file.file.name for class_file in class_files),
        class_names=tuple(contents.class_names[label] for label in np.unique(labels[group])),
        parts=tuple(part for part in PARTS if part in {class_file.part for class_file in class_files}),
    )


def near_warnings(groups: Sequence[Duplicate], is_looked_for: bool, is_kept: bool) -> list[str]:
    """Sentences on near duplicates, which are kept in one part if `is_kept`."""
    if not is_looked_for:
        return [f"Near duplicates are not looked for: {how_to_install('imagehash')}"]
    if not groups:
        return []
    where = "which the split puts into one part" if is_kept else "which the split may put into several parts"
    largest = max(len(group.files) for group in groups)
    of_largest = f", the largest of {largest:,}" if largest > 2 else ""
    number = sum(len(group.files) for group in groups)
    plural = "s" * (len(groups) > 1)
    warnings = [
        f"Near duplicates, {where}: {number:,} images in {len(groups):,} group{plural}{of_largest}, such as "
        f"{_example(groups[0])}."
    ]
    if several := [group for group in groups if len(group.class_names) > 1]:
        text = "Near duplicates in several classes, so a label may be wrong"
        warnings.append(f"{text}: {len(several):,}, such as {_example(several[0])}.")
    if several := [group for group in groups if len(group.parts) > 1]:
        text = f"Near duplicates {TOO_EASY}"
        warnings.append(f"{text}: {len(several):,}, such as {_example(several[0])}.")
    return warnings


def _example(group: Duplicate) -> str:
    return " and ".join(group.files[:2])


def group_warnings(contents: Scan, groups: Sequence[str] | None) -> list[str]:
    """Sentences on groups by name: how many there are, files in none, and groups in several of the given parts."""
    if groups is None:
        return []
    found = summary(groups)
    examples = short_list([f"{name} ({number:,})" for name, number in found])
    warnings = [f"Groups of files, each kept in one part: {len(found):,}, with {examples}."]
    alone = [contents.pictures[index].class_file.file.name for index, group in enumerate(groups) if not group]
    if alone:
        warnings.append(f"Files that are in no group: {len(alone):,}, such as {alone[0]}.")
    parts = [picture.class_file.part for picture in contents.pictures]
    several = [groups[members[0]] for members in same_group(groups) if len({parts[index] for index in members}) > 1]
    if several:
        text = f"Groups {TOO_EASY}"
        warnings.append(f"{text}: {short_list(several)}.")
    return warnings
