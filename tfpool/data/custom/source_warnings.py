"""What may be wrong with the images of a source, as sentences of a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from tfpool.data.custom.frequent_reasons import frequent_reasons
from tfpool.data.custom.picture_facts import FAULTS
from tfpool.data.custom.related_files import Duplicate
from tfpool.data.custom.safe_names import short_list
from tfpool.data.custom.scan import Scan
from tfpool.data.large_images import MAX_PIXELS

FEW = 20
"""Images of a class below which a report warns: three parts of fewer say little."""
_UNEVEN = 10


def source_warnings(contents: Scan, counts: dict[str, np.ndarray], duplicates: tuple[Duplicate, ...]) -> list[str]:
    """Warnings of a scan, given the images per class, int (K,), by part."""
    warnings = []
    if unreadable := len(contents.unreadable):
        reasons = frequent_reasons(contents.unreadable)
        warnings.append(f"{unreadable:,} file{'s' * (unreadable != 1)} cannot be read and will be left out: {reasons}.")
    warnings += _warnings_of_pictures(contents)
    if contents.empty:
        warnings.append(f"Classes without an image that can be read, left out: {short_list(contents.empty)}.")
    totals = np.sum(list(counts.values()), axis=0)
    if few := [name for name, total in zip(contents.class_names, totals, strict=True) if total < FEW]:
        warnings.append(
            f"Classes with fewer than {FEW} images, too few to learn from and to test on: {short_list(few)}."
        )
    if totals.max() > _UNEVEN * totals.min():
        warnings.append(f"The largest class has {totals.max():,} images, the smallest {totals.min():,}.")
    number = Counter(duplicate.where for duplicate in duplicates)
    if copies := number["across parts"]:
        text = "Pictures in several parts, kept only in the last of train, validation and test"
        warnings.append(f"{text}: {copies:,}.")
    if copies := number["across classes"]:
        warnings.append(f"Pictures in several classes, so one of their labels is wrong: {copies:,}.")
    if copies := number["within a class"]:
        warnings.append(f"Pictures that a class holds more than once, all put into one part: {copies:,}.")
    same = Counter(name.casefold() for name in contents.class_names)
    if alike := [name for name in contents.class_names if same[name.casefold()] > 1]:
        warnings.append(f"Classes whose names differ in capitals only: {short_list(alike)}.")
    missing = [name for name, count in zip(contents.class_names, counts.get("train", ()), strict=False) if not count]
    if missing:
        warnings.append(f"Classes without training images, which no network can learn: {short_list(missing)}.")
    if "test" in counts:
        warnings += untested_classes(contents.class_names, counts["test"])
    return warnings


def _warnings_of_pictures(contents: Scan) -> list[str]:
    warnings = []
    for fault in FAULTS:
        if names := [picture.class_file.file.name for picture in contents.pictures if picture.fault == fault]:
            warnings.append(f"Pictures that are {fault}: {len(names):,}, such as {', '.join(names[:3])}.")
    if deep := [picture.maximum for picture in contents.pictures if picture.maximum]:
        warnings.append(
            f"Images with more than 8 bits: {len(deep):,}. Their greatest value is {max(deep):,}, so all are read "
            f"as values of {contents.depth} bits."
        )
    warnings += _said_of_tiff(contents)
    if paged := [picture.class_file.file.name for picture in contents.pictures if picture.has_further_page]:
        text = "TIFF files of several pages, of which only the first is read"
        warnings.append(f"{text}: {len(paged):,}, such as {paged[0]}. Choose another page, or all of them.")
    if reduced := [picture.class_file.file.name for picture in contents.pictures if picture.is_reduced]:
        text = f"Images above {MAX_PIXELS:,} pixels, read at a half of their sides or less"
        warnings.append(f"{text}: {len(reduced):,}, such as {reduced[0]}.")
    return warnings


def _said_of_tiff(contents: Scan) -> list[str]:
    """What was chosen of TIFF files, where there are any."""
    tiff, pages = contents.tiff, [picture.page for picture in contents.pictures if picture.page]
    if not pages:
        return []
    said = []
    if tiff.page is None:
        said.append(f"Pages of TIFF files, each read as an image: {len(pages):,}.")
    elif tiff.page > 1:
        said.append(f"Of each TIFF file, page {tiff.page} is read.")
    if tiff.bands:
        said.append(f"Of TIFF files, bands {', '.join(map(str, tiff.bands))} are read as red, green and blue.")
    return said


def untested_classes(class_names: Sequence[str], counts: np.ndarray) -> list[str]:
    """A warning of classes without a test image, given the number of test images per class, int (K,)."""
    names = [name for name, count in zip(class_names, counts, strict=True) if not count]
    return [f"Classes without a test image, of which nothing is measured: {short_list(names)}."] if names else []
