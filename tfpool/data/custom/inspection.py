"""A report on a folder or zip of images, before anything is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from tfpool.data.custom.file_groups import name_groups, summary
from tfpool.data.custom.near_duplicates import Sketch, is_available, near_groups, sketch
from tfpool.data.custom.picture_facts import FAULTS
from tfpool.data.custom.readings.choice import FOLDERS
from tfpool.data.custom.related_files import Duplicate, duplicate, group_warnings, near_warnings
from tfpool.data.custom.scan import Progress, Scan, Source, scan
from tfpool.data.custom.source_warnings import source_warnings
from tfpool.data.dataset import PARTS
from tfpool.data.tiff import tiff_choice

_EXAMPLES, _SHOWN, _SHOWN_GROUPS = 6, 4, 3
EQUAL_AFTER_RESIZING = "equal after resizing"


@dataclass(frozen=True)
class Report:
    """What a source holds. All names are safe to show, but never markup.

    Attributes:
        source: name of the folder or zip.
        images: number of images that can be read.
        class_names: sorted by the names of their folders, with numbers in order.
        counts: images per class, in the order of the names, by part: "train", "validation" and "test" where the source
            has such folders, else only "all".
        sizes: (height, width) of the images, with the number of images, most frequent first.
        duplicates: groups of files with equal pixels.
        unreadable: name and reason of image files that cannot be read.
        skipped: name and reason of other files.
        warnings: sentences on what may be wrong.
        layout: how the source was understood, such as "3 classes, parts given, 24 images left out: not in any class".
        reading: the key of that way, for `reading` of `add`, such as "folders" or "table:labels.csv:breed".
        readings: keys and descriptions of all ways in which the source can be understood, the likeliest first.
        is_certain: whether `add` takes the likeliest way if none is chosen.
        examples: names of image files of different classes, with their classes; none for a class per folder.
        encodings: those that names in a zip may be in which do not say their own, with what some of the names are then:
            first the one that they are read in, then the likeliest. Empty for most sources.
        near_duplicates: groups of files with pictures that are nearly equal.
        groups: names of the groups that a pattern makes of the files, with the number of files, largest first.
        faults: what is odd about pictures, such as "of one color", with the names of some of them to look at.
        depth: number of bits that images with more than 8 bits are scaled from, 0 without such images.
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
    layout: str
    reading: str = FOLDERS
    readings: tuple[tuple[str, str], ...] = ()
    is_certain: bool = True
    examples: tuple[tuple[str, str], ...] = ()
    encodings: tuple[tuple[str, str], ...] = ()
    near_duplicates: tuple[Duplicate, ...] = ()
    groups: tuple[tuple[str, int], ...] = ()
    faults: tuple[tuple[str, tuple[str, ...]], ...] = ()
    depth: int = 0

    def record(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def inspect(
    source: Source,
    progress: Progress | None = None,
    reading: str | None = None,
    encoding: str | None = None,
    group_by: str | None = None,
    page: int | str = 1,
    bands: Sequence[int] | None = None,
) -> Report:
    """Read every image of a folder or zip, report on them and store nothing.

    Args:
        source: a folder, a zip file, or an open zip file, with one sub-folder per class. A single folder around them is
            ignored; folders called like train, validation and test, around the classes or inside each, are parts.
        progress: called with images done and images in all. An exception that it raises ends the work.
        reading: how to understand the source: a key of `Report.readings` or its beginning, such as "folders", "inner",
            "table", "names" or "boxes". Default: the likeliest.
        encoding: of names in a zip that do not say their own, and of tables that are not in Unicode, such as "gbk",
            "shift_jis" or "cp1250". Default: a guess, which the report names.
        group_by: pattern of the file names, as for `add`.
        page: which page of TIFF files is read, from 1; or "all", each as a picture, those of a file in one part.
        bands: which three bands of TIFF files are red, green and blue, from 1, such as (4, 3, 2). Default: as the
            file says.

    Returns:
        Classes, sizes, duplicates, and the files that cannot be used.

    Raises:
        ValueError: if the source cannot be read, or holds images of fewer than two classes.

    Example:
        >>> from pathlib import Path
        >>> from PIL import Image
        >>> from tfpool import data
        >>> for gray in range(0, 240, 20):
        ...     folder = Path("photos", "dark" if gray < 120 else "bright")
        ...     folder.mkdir(parents=True, exist_ok=True)
        ...     Image.new("L", (20, 20), gray).save(folder / f"{gray}.png")
        >>> report = data.inspect("photos")
        >>> report.images, report.class_names, report.counts
        (12, ('bright', 'dark'), {'all': (6, 6)})
    """
    sketches: list[Sketch] | None = [] if is_available() else None
    examine, store = (None, None) if sketches is None else (sketch, sketches.append)
    contents = scan(source, progress, examine, store, reading, encoding=encoding, tiff=tiff_choice(page, bands))
    files = [picture.class_file.file for picture in contents.pictures]
    groups = None if group_by is None else name_groups(files, group_by)
    return summarize(contents, None if sketches is None else near_groups(sketches, progress), groups)


def summarize(
    contents: Scan,
    near_pictures: Sequence[Sequence[int]] | None,
    groups: Sequence[str] | None = None,
    is_kept: bool = True,
) -> Report:
    """The report on a scan.

    `near_pictures` are groups of near duplicates, which are kept in one part if `is_kept`; None if they were not looked
    for. `groups` are the names of the images' groups, if any.
    """
    labels, classes = np.array(contents.labels, np.int64), len(contents.class_names)
    parts = np.array([picture.class_file.part for picture in contents.pictures])
    counts = {part: np.bincount(labels[parts == part], minlength=classes) for part in PARTS if part in parts}
    counts = counts or {"all": np.bincount(labels, minlength=classes)}
    duplicates = tuple(duplicate(contents, labels, group) for group in contents.groups.values() if len(group) > 1)
    near = tuple(
        duplicate(contents, labels, group)
        for group in near_pictures or ()
        if len({contents.pictures[index].digest for index in group}) > 1
    )
    of_relations = [*near_warnings(near, near_pictures is not None, is_kept), *group_warnings(contents, groups)]
    return Report(
        source=contents.name,
        images=len(labels),
        class_names=tuple(contents.class_names),
        counts={part: tuple(map(int, numbers)) for part, numbers in counts.items()},
        sizes=tuple(Counter(picture.size for picture in contents.pictures).most_common()),
        duplicates=duplicates,
        unreadable=tuple(contents.unreadable),
        skipped=tuple(contents.skipped),
        warnings=(*contents.notes, *source_warnings(contents, counts, duplicates), *of_relations),
        layout=_layout(contents),
        reading=contents.reading,
        readings=contents.readings,
        is_certain=contents.is_certain,
        examples=_examples(contents, labels) if contents.layout.how else (),
        encodings=contents.encodings,
        near_duplicates=near,
        groups=tuple(summary(groups or ())),
        faults=tuple(_faults(contents, near)),
        depth=contents.depth,
    )


def _layout(contents: Scan) -> str:
    layout = contents.layout
    texts = [f"{len(contents.class_names):,} classes", *filter(None, [layout.how]), layout.parts]
    if left_out := len(layout.left_out):
        texts.append(f"{left_out:,} image{'s' * (left_out != 1)} left out: {layout.why}")
    return ", ".join(texts)


def _examples(contents: Scan, labels: np.ndarray) -> tuple[tuple[str, str], ...]:
    """The first image of each of the first classes."""
    firsts = np.unique(labels, return_index=True)[1][:_EXAMPLES]
    return tuple(
        (contents.pictures[first].class_file.file.name, contents.class_names[labels[first]]) for first in firsts
    )


def _faults(contents: Scan, near: Sequence[Duplicate]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for fault in FAULTS:
        names = [picture.class_file.file.name for picture in contents.pictures if picture.fault == fault]
        if names:
            yield fault, tuple(names[:_SHOWN])
    yield from (("nearly equal", group.files[:_SHOWN]) for group in near[:_SHOWN_GROUPS])


def with_equal_after_resizing(report: Report, contents: Scan, groups: Iterable[Sequence[int]]) -> Report:
    """The report with what is said of pictures that differ in their files and are equal in the data set.

    `groups` are the equal ones.
    """
    pictures = [[contents.pictures[index] for index in group] for group in groups]
    merged = [group for group in pictures if len({picture.digest for picture in group}) > 1]
    if not merged:
        return report
    first, other = merged[0][0], next(picture for picture in merged[0] if picture.digest != merged[0][0].digest)
    examples = first.class_file.file.name, other.class_file.file.name
    text = "Different pictures that are equal after resizing, kept in one part"
    warning = f"{text}: {sum(map(len, merged)):,}, such as {' and '.join(examples)}."
    faults = (*report.faults, (EQUAL_AFTER_RESIZING, examples))
    return replace(report, warnings=(*report.warnings, warning), faults=faults)
