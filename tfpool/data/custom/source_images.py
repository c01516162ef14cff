"""The images of a folder or zip, resized into one file, with what tells which of them are equal or nearly so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from PIL import Image

from tfpool.data.custom import part_files
from tfpool.data.custom.near_duplicates import Sketch, is_available, sketch
from tfpool.data.custom.scan import Progress, Scan, Source, scan
from tfpool.data.images import crop_and_resize
from tfpool.data.tiff import FIRST_PAGE, TiffChoice


@dataclass(frozen=True)
class SourceImages:
    """Images that were read: `pixels` are uint8 (N, H, W, C), mapped from a file, `digests` those of the pixels.

    `sketches` are of the images before they were resized; None if imagehash is not installed.
    """

    contents: Scan
    pixels: np.ndarray
    digests: list[bytes]
    sketches: list[Sketch] | None


def read_source(
    source: Source,
    shape: Sequence[int],
    file: Path,
    on_progress: Progress | None = None,
    pad: bool = False,
    reading: str | None = None,
    encoding: str | None = None,
    depth: int = 0,
    tiff: TiffChoice = FIRST_PAGE,
) -> SourceImages:
    """Read every image of a folder or zip into a file, cropped or padded to a shape (height, width, channels).

    `reading`, `encoding`, `depth` and `tiff` are those of `scan`.
    """
    height, width, channels = shape
    digests: list[bytes] = []
    sketches: list[Sketch] | None = [] if is_available() else None
    with file.open("wb") as opened:

        def examine(image: Image.Image) -> tuple[np.ndarray, Sketch | None]:
            pixels = np.ascontiguousarray(crop_and_resize(image, (height, width, channels), pad))
            return pixels, None if sketches is None else sketch(image)

        def store(seen: tuple[np.ndarray, Sketch | None]) -> None:
            pixels, sketched = seen
            digests.append(sha256(pixels.data).digest())
            part_files.append(opened, pixels)
            if sketches is not None and sketched is not None:
                sketches.append(sketched)

        contents = scan(source, on_progress, examine, store, reading, True, encoding, depth, tiff)
    pixels = np.memmap(file, np.uint8, "r", shape=(len(digests), height, width, channels))
    return SourceImages(contents, pixels, digests, sketches)
