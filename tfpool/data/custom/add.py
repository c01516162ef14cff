"""Making a data set of a folder or zip of images: resized, split and stored, so that loading it reads no image file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tfpool.data.custom.file_groups import name_groups, same_group
from tfpool.data.custom.inspection import Report, summarize, with_equal_after_resizing
from tfpool.data.custom.near_duplicates import near_groups
from tfpool.data.custom.new_set import check_parts, new_set
from tfpool.data.custom.part_files import group_ids
from tfpool.data.custom.partition import LEFT_OUT, TEST, assign_parts, check_split
from tfpool.data.custom.readings.choice import FOLDERS
from tfpool.data.custom.scan import Progress, Source, group_equal
from tfpool.data.custom.source_images import SourceImages, read_source
from tfpool.data.custom.source_warnings import untested_classes
from tfpool.data.dataset import DataSet
from tfpool.data.tiff import tiff_choice

MIN_SIDE, MAX_SIDE = 8, 1024
_MAX_UNREADABLE = 1000


def add(
    source: Source,
    name: str,
    size: int | tuple[int, int] = 64,
    channels: int = 3,
    split: Sequence[float] = (0.7, 0.15, 0.15),
    seed: int = 0,
    folder: str | Path | None = None,
    progress: Progress | None = None,
    told: Callable[[Report], None] | None = None,
    pad_to_aspect_ratio: bool = False,
    reading: str | None = None,
    encoding: str | None = None,
    near_duplicates: bool = True,
    group_by: str | None = None,
    page: int | str = 1,
    bands: Sequence[int] | None = None,
) -> DataSet:
    """Make a data set of a folder or zip of images with one sub-folder per class, and store it.

    Images are turned upright, cropped or padded to the proportions of `size` and resized. Files that cannot be read are
    left out: `inspect` names them. Pictures that are equal, also after resizing only, are always in the same part.

    Args:
        source: a folder, a zip file, or an open zip file, as for `inspect`.
        name: title of the data set, in any words.
        size: side of the images in pixels, or (height, width).
        channels: 3 for color, 1 for gray.
        split: fractions of train, validation and test; parts that the source has folders for are kept as they are.
        seed: random seed of the split.
        folder: where to store data sets. Default: TFPOOL_DATASETS, or `datasets` in the current folder.
        progress: called with images done and images in all. An exception that it raises ends the work, and nothing is
            stored.
        told: called with the report of `inspect`, before anything is stored.
        pad_to_aspect_ratio: add black on two sides of an image instead of cropping the other two. Files that a model
            trained on the data set is later used on are padded, too.
        reading: how to understand the source, as for `inspect`. Where its folders do not say what the classes are, it
            has to be given: look at the report of `inspect` first.
        encoding: of names in a zip that do not say their own, and of tables, as for `inspect`.
        near_duplicates: keep pictures that are nearly equal, such as frames of a film, in one part. The package
            imagehash finds them; without it, the report says that nothing was looked for.
        group_by: pattern of the file names, such as "{group}_*" or the regular expression "patient([0-9]+)", by which
            images of one patient or film are kept in one part. The report names the groups.
        page, bands: of TIFF files, as for `inspect`. Files that a model trained on the data set is later used on are
            read alike, or at their first page where all pages were.

    Returns:
        The data set, its images mapped from its files.

    Raises:
        ValueError: if a setting or the source cannot be used, there are too few images, or the disk is full.

    Example:
        >>> from pathlib import Path
        >>> from PIL import Image
        >>> from tfpool import data
        >>> for gray in range(0, 240, 20):
        ...     folder = Path("photos", "dark" if gray < 120 else "bright")
        ...     folder.mkdir(parents=True, exist_ok=True)
        ...     Image.new("L", (20, 20), gray).save(folder / f"{gray}.png")
        >>> photos = data.add("photos", "My photos", size=16, folder="sets")
        >>> photos.name, photos.image_shape, {name: len(part) for name, part in photos.parts.items()}
        ('my-photos', (16, 16, 3), {'train': 8, 'validation': 2, 'test': 2})
    """
    height, width = check_size(size)
    if channels not in (1, 3):
        raise ValueError(f"Expected 3 channels for color or 1 for gray, got channels={channels!r}.")
    fractions = check_split(split)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"Expected a whole number from 0 as seed, got {seed!r}.")
    tiff = tiff_choice(page, bands)
    with new_set(name, folder) as new:
        shape = (height, width, channels)
        images = read_source(
            source, shape, new.files / "pixels", progress, pad_to_aspect_ratio, reading, encoding, tiff=tiff
        )
        contents = images.contents
        files = [picture.class_file for picture in contents.pictures]
        groups = None if group_by is None else name_groups([file.file for file in files], group_by)
        near = None if images.sketches is None else near_groups(images.sketches, progress)
        together = [*same_group(file.together for file in files), *same_group(groups or ())]
        together += near or () if near_duplicates else ()
        parts = _split(images, together, fractions, seed)
        report = summarize(contents, near, groups, near_duplicates)
        report = with_equal_after_resizing(report, contents, group_equal(images.digests).values())
        labels = np.array(contents.labels)
        tested = np.bincount(labels[parts == TEST], minlength=len(contents.class_names))
        warnings = dict.fromkeys((*report.warnings, *untested_classes(contents.class_names, tested)))
        report = replace(report, warnings=tuple(warnings))
        if told:
            told(report)
        facts = {
            "class_names": contents.class_names,
            "source": report.source,
            "image_shape": shape,
            "depth": contents.depth,
            **({"page": tiff.page or 1} if tiff.page != 1 else {}),
            **({"bands": tiff.bands} if tiff.bands else {}),
            "pad_to_aspect_ratio": pad_to_aspect_ratio,
            "split": fractions,
            "seed": seed,
            **({} if contents.reading == FOLDERS else {"reading": contents.reading}),
            "near_duplicates": near_duplicates,
            "group_by": group_by,
            "report": _summary(report, int((parts == LEFT_OUT).sum())),
        }
        ids = None if groups is None else group_ids(groups)
        pixels = images.pixels
        (new.files / "pixels").unlink()
        return new.save(pixels.__getitem__, labels, parts, facts, ids)


def check_size(size: int | Sequence[int]) -> tuple[int, int]:
    """(height, width) in pixels, of a size that may be one number."""
    sides = [size, size] if isinstance(size, int) else list(size) if isinstance(size, list | tuple) else []
    if len(sides) != 2 or not all(isinstance(side, int) and MIN_SIDE <= side <= MAX_SIDE for side in sides):
        raise ValueError(
            f"Expected a size as a whole number or (height, width), from {MIN_SIDE} to {MAX_SIDE} pixels, got {size!r}."
        )
    return sides[0], sides[1]


def _split(
    images: SourceImages, together: Sequence[Sequence[int]], fractions: Sequence[float], seed: int
) -> np.ndarray:
    equal = list(group_equal(images.digests).values())
    parts = assign_parts(np.array(images.contents.labels), equal, fractions, seed, images.contents.parts, together)
    remedy = "Use three or more images per class."
    if together:
        remedy += (
            " Near duplicates, and images of one group, count as one: to split near duplicates all the same, turn off "
            "that they are kept together (--no-near-duplicates)."
        )
    check_parts(images.contents.name, parts, remedy)
    return parts


def _summary(report: Report, left_out: int) -> dict[str, Any]:
    return {
        "images": report.images,
        "unreadable": [list(file) for file in report.unreadable[:_MAX_UNREADABLE]],
        "skipped": len(report.skipped),
        "duplicates": len(report.duplicates),
        "left_out": left_out,
        "warnings": list(report.warnings),
    }
