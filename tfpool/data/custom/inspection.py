"""What a folder or zip of images holds, told before anything of it is kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tfpool.data.custom.safe_names import listed
from tfpool.data.custom.scan import Progress, Scan, Source, scan
from tfpool.data.dataset import PARTS

FEW = 20
"""Images of a class below which a report warns: three parts of fewer say little."""
_UNEVEN = 10


@dataclass(frozen=True)
class Duplicate:
    """Files whose pixels are exactly the same.

    Attributes:
        files: their names.
        class_names: the classes that they are in.
        parts: the given parts that they are in, if any.
    """

    files: tuple[str, ...]
    class_names: tuple[str, ...]
    parts: tuple[str, ...]

    @property
    def where(self) -> str:
        """The worst of it: "across parts", "across classes" or "within a class"."""
        if len(self.parts) > 1:
            return "across parts"
        return "across classes" if len(self.class_names) > 1 else "within a class"


@dataclass(frozen=True)
class Report:
    """What a source holds. All names are made fit to be shown, and none is markup.

    Attributes:
        source: what the folder or zip is called.
        images: number of images that can be read.
        class_names: sorted by their folders' names.
        counts: images a class, in the order of the names, by part: "train", "validation" and "test" where the source
            has such folders, else only "all".
        sizes: (height, width) of the images, with the number of images, most frequent first.
        duplicates: groups of files with the same pixels.
        unreadable: name and reason of image files that cannot be read.
        skipped: name and reason of other files.
        warnings: sentences on what may be wrong.
    """

    source: str
    images: int
    class_names: tuple[str, ...]
    counts: dict[str, tuple[int, ...]]
    sizes: tuple[tuple[tuple[int, int], int], ...]
    duplicates: tuple[Duplicate, ...]
    unreadable: tuple[tuple[str, str], ...]
    skipped: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """All of it as plain values for JSON."""
        return asdict(self)


def inspect(source: Source, progress: Progress | None = None) -> Report:
    """Look at every image of a folder or zip and keep nothing.

    Args:
        source: a folder, a zip file, or an open zip file, with one sub-folder a class. A single folder around them is
            looked through; folders train, validation and test around the classes are parts.
        progress: called with images done and images in all. What it raises ends the work.

    Returns:
        Classes, sizes, duplicates, and the files that cannot be used.

    Raises:
        ValueError: if the source cannot be read, or holds images of fewer than two classes.
    """
    return report(scan(source, progress))


def report(seen: Scan) -> Report:
    """What a scan has to tell."""
    labels, classes = np.array(seen.labels, np.int64), len(seen.class_names)
    parts = np.array([picture.placed.part for picture in seen.pictures])
    named = [part for part in PARTS if part in parts]
    counts = {part: np.bincount(labels[parts == part], minlength=classes) for part in named}
    counts = counts or {"all": np.bincount(labels, minlength=classes)}
    duplicates = tuple(_duplicate(seen, labels, group) for group in seen.groups.values() if len(group) > 1)
    return Report(
        source=seen.name,
        images=len(labels),
        class_names=tuple(seen.class_names),
        counts={part: tuple(int(count) for count in each) for part, each in counts.items()},
        sizes=tuple(Counter(picture.size for picture in seen.pictures).most_common()),
        duplicates=duplicates,
        unreadable=tuple(seen.unreadable),
        skipped=tuple(seen.skipped),
        warnings=(*_warnings(seen, np.bincount(labels, minlength=classes), duplicates), *_untaught(seen, counts)),
    )


def _untaught(seen: Scan, counts: dict[str, np.ndarray]) -> list[str]:
    untaught = [name for name, count in zip(seen.class_names, counts.get("train", ()), strict=False) if not count]
    return [f"In no image of train, so that no network can learn it: {listed(untaught)}."] if untaught else []


def _duplicate(seen: Scan, labels: np.ndarray, group: list[int]) -> Duplicate:
    placed = [seen.pictures[number].placed for number in group]
    return Duplicate(
        files=tuple(each.file.name for each in placed),
        class_names=tuple(seen.class_names[label] for label in sorted({int(labels[number]) for number in group})),
        parts=tuple(part for part in PARTS if part in {each.part for each in placed}),
    )


def _warnings(seen: Scan, counts: np.ndarray, duplicates: tuple[Duplicate, ...]) -> list[str]:
    told = []
    if seen.unreadable:
        told.append(f"{_files(len(seen.unreadable))} cannot be read and will be left out.")
    if seen.empty:
        told.append(f"Without an image that can be read, and left out: {listed(seen.empty)}.")
    few = [name for name, count in zip(seen.class_names, counts, strict=True) if count < FEW]
    if few:
        told.append(f"Fewer than {FEW} images are too few to learn from and to test on: {listed(few)}.")
    if counts.max() > _UNEVEN * counts.min():
        told.append(f"The largest class has {counts.max():,} images, the smallest {counts.min():,}.")
    where = Counter(each.where for each in duplicates)
    if where["across parts"]:
        text = "Pictures that are in several parts will be kept in one only, in test rather than in validation or train"
        told.append(f"{text}: {where['across parts']:,}.")
    if where["across classes"]:
        told.append(f"Pictures that are in several classes, so that one label is wrong: {where['across classes']:,}.")
    if where["within a class"]:
        told.append(f"Pictures that a class holds more than once, put into one part: {where['within a class']:,}.")
    alike = Counter(name.casefold() for name in seen.class_names)
    same = [name for name in seen.class_names if alike[name.casefold()] > 1]
    if same:
        told.append(f"Classes whose names differ in capitals only: {listed(same)}.")
    return told


def _files(number: int) -> str:
    return f"{number:,} file{'s' * (number != 1)}"
