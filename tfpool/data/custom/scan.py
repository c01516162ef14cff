"""Looking at every image of a source once: what it shows, which ones are alike, which ones cannot be read."""

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

from tfpool.data.custom.class_folders import Placed, arrange
from tfpool.data.custom.image_files import opened
from tfpool.data.custom.safe_names import distinct
from tfpool.data.images import BadImage, decoded

Source = str | Path | IO[bytes]
Progress = Callable[[int, int], None]
"""Called with the number of images done and of all, some ten times a second. What it raises ends the work, and nothing
is kept."""
MOST_CLASSES = 2_000
_PAUSE = 0.1


@dataclass(frozen=True)
class Picture:
    """An image that can be read.

    Attributes:
        placed: its file, its class's folder, and its part if given.
        size: (height, width) as it stands upright.
        digest: the same for two files exactly if their pixels are the same.
    """

    placed: Placed
    size: tuple[int, int]
    digest: bytes


@dataclass
class Scan:
    """All of a source.

    Attributes:
        folders: the classes' folders as they came, sorted: a class's number is its place here.
        class_names: one a folder, fit to be shown.
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
        number = {folder: label for label, folder in enumerate(self.folders)}
        return [number[picture.placed.folder] for picture in self.pictures]

    @property
    def groups(self) -> dict[bytes, list[int]]:
        """Numbers of the pictures with the same pixels, by their digest."""
        groups: dict[bytes, list[int]] = {}
        for number, picture in enumerate(self.pictures):
            groups.setdefault(picture.digest, []).append(number)
        return groups


def scan(source: Source, progress: Progress | None = None, keep: Callable[[Image.Image], None] | None = None) -> Scan:
    """Read every image of a folder or zip with one sub-folder a class.

    Args:
        source: a folder, a zip file, or an open zip file.
        progress: told how far it is.
        keep: given each image that can be read, as upright RGB, in the order of `Scan.pictures`.

    Raises:
        ValueError: if the source cannot be read, or holds images of fewer than two classes.
    """
    with opened(source) as found:
        placed = arrange(found)
        result = Scan(found.name, skipped=found.skipped)
        _several(found.name, {each.folder for each in placed})
        told = 0.0
        for number, each in enumerate(placed):
            if progress and time.monotonic() - told > _PAUSE:
                progress(number, len(placed))
                told = time.monotonic()
            try:
                image = decoded(io.BytesIO(each.file.read()), each.file.name)
            except BadImage as error:
                result.unreadable.append((each.file.name, error.reason))
                continue
            digest = sha256(f"{image.size}".encode())
            digest.update(image.tobytes())
            result.pictures.append(Picture(each, (image.height, image.width), digest.digest()))
            if keep:
                keep(image)
        found.check()
        if progress:
            progress(len(placed), len(placed))
    readable = Counter(picture.placed.folder for picture in result.pictures)
    result.empty = distinct(sorted({each.folder for each in placed} - set(readable)), "unnamed")
    _several(found.name, set(readable))
    result.folders = sorted(readable)
    result.class_names = distinct(result.folders, "unnamed")
    return result


def _several(name: str, folders: set[str]) -> None:
    remedy = "Make a sub-folder for each class, two or more, and put its images there."
    if not folders:
        raise ValueError(f"{name} holds no image that can be read in a sub-folder. {remedy}")
    if len(folders) == 1:
        raise ValueError(f"{name} holds images of one class only, {distinct(list(folders), 'unnamed')[0]!r}. {remedy}")
    if len(folders) > MOST_CLASSES:
        raise ValueError(
            f"{name} has {len(folders):,} sub-folders, and {MOST_CLASSES:,} classes are the most. {remedy}"
        )
