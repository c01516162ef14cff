"""One pass over all images of a source: size and digest of each, and those that cannot be read."""

from __future__ import annotations

import io
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO

from PIL import Image

from tfpool.data.custom.class_folders import ClassFile, assign_classes
from tfpool.data.custom.image_files import open_source
from tfpool.data.custom.safe_names import distinct_names
from tfpool.data.images import BadImage, decode

Source = str | Path | IO[bytes]
"""A folder, a zip file, or an open zip file."""
Progress = Callable[[int, int], None]
"""`on_progress(done, total)`, called some ten times per second. An exception that it raises ends the work."""
MAX_CLASSES = 2_000
_REPORT_SECONDS = 0.1


@dataclass(frozen=True)
class Picture:
    """An image that can be read: (height, width) when turned upright, and a digest of its pixels alone."""

    class_file: ClassFile
    size: tuple[int, int]
    digest: bytes


@dataclass
class Scan:
    """What a source holds: pictures that can be read, and names and reasons of the other files.

    `folders` are the class folders as they came, sorted: a label is an index into them. `class_names` has one for
    each, safe to show, and `empty` those of class folders without an image that can be read.
    """

    name: str
    pictures: list[Picture] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    class_names: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)

    @property
    def labels(self) -> list[int]:
        """One per picture."""
        label_of = {folder: label for label, folder in enumerate(self.folders)}
        return [label_of[picture.class_file.folder] for picture in self.pictures]

    @property
    def groups(self) -> dict[bytes, list[int]]:
        """Indices of the pictures with equal pixels, by their digest."""
        groups: dict[bytes, list[int]] = {}
        for index, picture in enumerate(self.pictures):
            groups.setdefault(picture.digest, []).append(index)
        return groups


def scan(
    source: Source, on_progress: Progress | None = None, on_image: Callable[[Image.Image], None] | None = None
) -> Scan:
    """Read every image of a folder or zip with one sub-folder per class.

    `on_progress` gets images done and images in all. `on_image` gets each image that can be read, as upright RGB, in
    the order of `Scan.pictures`.
    """
    with open_source(source) as listing:
        class_files = assign_classes(listing)
        folders = {class_file.folder for class_file in class_files}
        _check_classes(listing.name, folders)
        result = Scan(listing.name, skipped=listing.skipped)
        last_report = 0.0
        for number, class_file in enumerate(class_files):
            if on_progress and time.monotonic() - last_report > _REPORT_SECONDS:
                on_progress(number, len(class_files))
                last_report = time.monotonic()
            try:
                image = decode(io.BytesIO(class_file.file.read()), class_file.file.name)
            except BadImage as error:
                result.unreadable.append((class_file.file.name, error.reason))
                continue
            digest = sha256(f"{image.size}".encode())
            digest.update(image.tobytes())
            result.pictures.append(Picture(class_file, (image.height, image.width), digest.digest()))
            if on_image:
                on_image(image)
        listing.check()
        if on_progress:
            on_progress(len(class_files), len(class_files))
    readable = Counter(picture.class_file.folder for picture in result.pictures)
    _check_classes(listing.name, set(readable))
    result.empty = distinct_names(sorted(folders - set(readable)), "unnamed")
    result.folders = sorted(readable)
    result.class_names = distinct_names(result.folders, "unnamed")
    return result


def _check_classes(name: str, folders: set[str]) -> None:
    remedy = "Put the images of each class into a sub-folder of their own, with two classes or more."
    if not folders:
        raise ValueError(f"{name} holds no image that can be read in a sub-folder. {remedy}")
    if len(folders) == 1:
        (only,) = distinct_names(list(folders), "unnamed")
        raise ValueError(f"{name} holds images of one class only, {only!r}. {remedy}")
    if len(folders) > MAX_CLASSES:
        raise ValueError(
            f"{name} has {len(folders):,} sub-folders, one per class, and at most {MAX_CLASSES:,} are read. {remedy}"
        )
