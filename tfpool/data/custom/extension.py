"""A new data set made of another one and further images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tfpool.data.custom.file_groups import name_groups, same_group
from tfpool.data.custom.inspection import Report, summarize
from tfpool.data.custom.near_duplicates import near_groups
from tfpool.data.custom.new_set import check_parts, new_set
from tfpool.data.custom.part_files import group_ids
from tfpool.data.custom.partition import LEFT_OUT, TEST, TRAIN, assign_parts, check_split, connected
from tfpool.data.custom.related_files import TOO_EASY
from tfpool.data.custom.safe_names import natural_order
from tfpool.data.custom.scan import Progress, Scan, Source, group_equal
from tfpool.data.custom.source_images import SourceImages, read_source
from tfpool.data.custom.source_warnings import untested_classes
from tfpool.data.custom.stored_images import StoredImages, digests_and_sketches, inherited, stored_images
from tfpool.data.dataset import DataSet
from tfpool.data.registry import load
from tfpool.data.tiff import tiff_choice


def extend(
    name: str,
    source: Source,
    new_name: str,
    folder: str | Path | None = None,
    progress: Progress | None = None,
    told: Callable[[Report], None] | None = None,
    reading: str | None = None,
    encoding: str | None = None,
) -> DataSet:
    """Make a data set of another one and the images of a folder or zip, which are read as those of the other were.

    Images of the other data set stay in their parts. The new ones are split by its fractions, unless their folders are
    parts. What is equal to an image of the other data set is left out, and what is nearly equal, or of the same group,
    goes into that image's part.

    Args:
        name: the data set to add images to.
        source: a folder, a zip file, or an open zip file, as for `add`. Its classes may be new ones.
        new_name: title of the new data set, in any words.
        folder: where to store it. Default: TFPOOL_DATASETS, or `datasets` in the current folder.
        progress: called with images done and images in all. An exception that it raises ends the work.
        told: called with the report on the source, before anything is stored.
        reading: how to understand the source, as for `add`.
        encoding: of names in a zip that do not say their own, as for `inspect`.

    Returns:
        The new data set. The other one does not change.

    Raises:
        ValueError: if the source cannot be used, holds nothing new, or the disk is full.

    Example:
        >>> from pathlib import Path
        >>> from PIL import Image
        >>> from tfpool import data
        >>> for gray in range(0, 240, 10):
        ...     folder = Path("more" if gray % 20 else "photos", "dark" if gray < 120 else "bright")
        ...     folder.mkdir(parents=True, exist_ok=True)
        ...     Image.new("L", (20, 20), gray).save(folder / f"{gray}.png")
        >>> photos = data.add("photos", "My photos", size=16, folder="sets")
        >>> both = data.extend(photos.source, "more", "All my photos", folder="sets")
        >>> [len(part) for part in photos.parts.values()], [len(part) for part in both.parts.values()]
        ([8, 2, 2], [16, 4, 4])
    """
    data_set = load(name)
    old, facts = stored_images([data_set]), inherited([data_set])
    with new_set(new_name, folder) as new:
        shape, pads, depth = data_set.image_shape, facts.get("pad_to_aspect_ratio", False), facts["depth"]
        tiff = tiff_choice(facts.get("page", 1), facts.get("bands"))
        images = read_source(source, shape, new.files / "pixels", progress, pads, reading, encoding, depth, tiff)
        contents, count = images.contents, len(old.labels)
        if depth and max((picture.maximum for picture in contents.pictures), default=0) >= 1 << depth:
            raise ValueError(
                f"{contents.name} has gray images of more than the {depth} bits of {name}. Add them alone."
            )
        groups = _groups(contents, facts["group_by"], name)
        names = [*old.class_names, *sorted(set(contents.class_names) - set(old.class_names), key=natural_order)]
        numbers = np.array([names.index(class_name) for class_name in contents.class_names])
        labels = np.concatenate([old.labels, numbers[contents.labels]])

        def row(index: int) -> np.ndarray:
            return old.row(index) if index < count else images.pixels[index - count]

        related = _relate(old, images, groups, row, len(labels), facts["near_duplicates"], progress)
        split, seed = check_split(facts["split"]), facts["seed"]
        parts, notes = _assign(old.parts, labels, contents.parts, related, split, seed)
        if (parts[count:] == LEFT_OUT).all():
            raise ValueError(f"{contents.name} holds no image that {name} does not have already. Add other images.")
        check_parts(contents.name, parts, "Use more images.")
        tested = np.bincount(labels[parts == TEST], minlength=len(names))
        own = summarize(contents, related.near_pictures, groups)
        report = replace(own, warnings=(*own.warnings, *notes, *untested_classes(names, tested)))
        if told:
            told(report)
        facts |= {
            "class_names": names,
            "source": f"{facts['source']}, {report.source}",
            "depth": contents.depth,
            "report": {"images": int((parts != LEFT_OUT).sum()), "warnings": list(report.warnings)},
        }
        ids = None if old.groups is None else np.concatenate([old.groups, group_ids(groups or ())])
        (new.files / "pixels").unlink()
        return new.save(row, labels, parts, facts, ids)


def _groups(contents: Scan, pattern: str | None, name: str) -> list[str] | None:
    if not pattern:
        return None
    try:
        return name_groups([picture.class_file.file for picture in contents.pictures], pattern)
    except ValueError:
        raise ValueError(
            f"No file of {contents.name} is named by the pattern {pattern!r}, which keeps files of {name} together. "
            "Name the new files alike, or add them as a data set of their own and merge both."
        ) from None


@dataclass(frozen=True)
class _Related:
    """Indices of images that are equal, or that belong together; and those of the source that are nearly equal."""

    equal: list[list[int]]
    together: list[list[int]]
    near_pictures: list[list[int]] | None


def _relate(
    old: StoredImages,
    images: SourceImages,
    groups: Sequence[str] | None,
    row: Callable[[int], np.ndarray],
    number: int,
    near_duplicates: bool,
    on_progress: Progress | None,
) -> _Related:
    digests, sketches = digests_and_sketches(row, number, on_progress)
    together: list[list[int]] = []
    if near_duplicates and sketches:
        together += near_groups(sketches, on_progress)
    count = len(old.labels)
    files = [picture.class_file.together for picture in images.contents.pictures]
    together += [[count + index for index in group] for group in same_group(files)]
    if groups and old.groups is not None:
        ids = np.concatenate([old.groups, group_ids(groups)]).tolist()
        together += same_group(f"{group}" if group >= 0 else "" for group in ids)
    near = None if images.sketches is None else near_groups(images.sketches, on_progress)
    return _Related(list(group_equal(digests).values()), together, near)


def _assign(
    old_parts: np.ndarray,
    labels: np.ndarray,
    given: Sequence[str],
    related: _Related,
    fractions: Sequence[float],
    seed: int,
) -> tuple[np.ndarray, list[str]]:
    """Parts of all images, of which those of the old data set are first, and sentences on what it has already."""
    count = len(old_parts)
    parts = np.concatenate([old_parts, np.full(len(labels) - count, TRAIN)])
    copies = [index for group in related.equal if group[0] < count for index in group if index >= count]
    parts[copies] = LEFT_OUT
    contradictions = sum(
        group[0] < count and len(set(labels[group].tolist())) > 1 and group[-1] >= count for group in related.equal
    )
    followers: list[int] = []
    for unit in connected([*related.equal, *related.together]):
        new = [index for index in unit if index >= count and parts[index] != LEFT_OUT]
        if new and unit[0] < count and not any(given):
            # An image that is trained on must have no near duplicate in the test.
            parts[new] = min(parts[index] for index in unit if index < count)
            followers += new
    free = sorted(set(range(count, len(labels))) - {*copies, *followers})
    place = {index: position for position, index in enumerate(free)}
    equal, together = (
        [group for group in ([place[index] for index in unit if index in place] for unit in units) if group]
        for units in (related.equal, related.together)
    )
    fixed = [given[index - count] for index in free] if any(given) else []
    if free:
        parts[free] = assign_parts(labels[free], equal, fractions, seed, fixed, together)
    notes = [f"Images that the data set has already, left out: {len(copies):,}."] if copies else []
    if contradictions:
        notes.append(f"Images that the data set has in another class, so a label is wrong: {contradictions:,}.")
    if followers:
        notes.append(f"Images that belong to images of the data set, and go into their part: {len(followers):,}.")
    several = 0
    for unit in connected([*related.equal, *related.together]):
        in_parts = {int(parts[index]) for index in unit if parts[index] != LEFT_OUT}
        several += len(in_parts) > 1 and unit[0] < count <= unit[-1]
    if several and any(given):
        notes.append(f"Images of the data set and new ones that belong together, {TOO_EASY}: {several:,}.")
    return parts, notes
