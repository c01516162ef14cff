"""Folders and zips of images that are given as training data: stored once, and found again while nothing changes."""

from __future__ import annotations

import warnings
from hashlib import sha256
from pathlib import Path

from tfpool.data.bad_image import BadImage
from tfpool.data.custom import storage
from tfpool.data.custom.add import add
from tfpool.data.custom.image_files import open_source
from tfpool.data.custom.inspection import Report
from tfpool.data.custom.listing import File
from tfpool.data.dataset import PARTS, DataSet


def from_folder(source: str | Path, size: tuple[int, int], channels: int) -> DataSet:
    """Make a data set as `add` does by default, or find the one that was made of the same files before.

    It is named by the folder and the start of a hash of all files. One line says what was made. What `inspect` warns
    of is a warning.

    Raises:
        ValueError: as `add`, and if the folders do not say what the classes are.
    """
    title = f"{Path(source).resolve().stem or 'images'} {_hash(source, (*size, channels))[:12]}"
    for name in storage.slugs():
        if storage.facts(storage.home() / name).get("name") == title:
            print(f"{source}: stored as the data set {name!r} before, and unchanged.")
            return storage.load(storage.home() / name)
    reports: list[Report] = []
    try:
        made = add(source, title, size, channels, told=reports.append)
    except ValueError as error:
        # What has to be chosen can be chosen there.
        where = (
            " Choose with tfpool.data.add, and train on the name of its data set." if "reading=" in str(error) else ""
        )
        raise ValueError(f"{error}{where}") from None
    for report in reports:
        for sentence in report.warnings:
            warnings.warn(sentence, stacklevel=2)
    images = ", ".join(f"{len(made.parts[part]):,} {part}" for part in PARTS)
    kind = "gray" if channels == 1 else "RGB"
    print(
        f"{source}: {made.classes} classes, {images} images, cropped and resized to {size[0]} × {size[1]} {kind}, "
        f"stored as the data set {made.name!r}."
    )
    return made


def _hash(source: str | Path, shape: tuple[int, ...]) -> str:
    """A hash of the names and contents of all files that a data set is made of, and the shape of its images."""
    total = sha256(repr(shape).encode())
    with open_source(source) as listing:
        for file in (*listing.files, *listing.labels):
            total.update(repr((file.path, _content_hash(file))).encode())
    return total.hexdigest()


def _content_hash(file: File) -> str:
    try:
        return sha256(file.read()).hexdigest()
    except BadImage as error:
        return error.reason
