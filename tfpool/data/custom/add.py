"""Making a data set of a folder or zip of images: resized, split and stored, so that loading it reads no image file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image

from tfpool.data.custom import storage
from tfpool.data.custom.inspection import Report, equal_after_resizing, summarize
from tfpool.data.custom.partition import assign_parts, check_split
from tfpool.data.custom.readings.choice import FOLDERS
from tfpool.data.custom.safe_names import clean
from tfpool.data.custom.scan import Progress, Scan, Source, group_equal, join_related, scan
from tfpool.data.dataset import PARTS, DataSet, fingerprint
from tfpool.data.images import crop_and_resize

MIN_SIDE, MAX_SIDE = 8, 1024
_FORMAT = 1
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
        encoding: of names in a zip that do not say their own, as for `inspect`.

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
    title = clean(name) if isinstance(name, str) else ""
    if not title:
        raise ValueError("A data set needs a name, in any words, such as 'My photos'.")
    root = storage.home() if folder is None else Path(folder).absolute()

    with storage.disk_errors(root), storage.claimed_title(root, title), storage.temporary_folder(root) as temporary:
        shape = (height, width, channels)
        digests: list[bytes] = []
        with (temporary / "pixels").open("wb") as file:

            def store(image: Image.Image) -> None:
                pixels = np.ascontiguousarray(crop_and_resize(image, shape, pad_to_aspect_ratio))
                digests.append(sha256(pixels.data).digest())
                _append(file, pixels)

            contents = scan(source, progress, store, reading, must_be_certain=True, encoding=encoding)
        groups = list(group_equal(digests).values())
        together = join_related(contents, groups)
        report = summarize(contents)
        report = replace(report, warnings=(*report.warnings, *equal_after_resizing(contents, groups)))
        if told:
            told(report)
        parts = _split(contents, together, fractions, seed)
        random = np.random.default_rng([seed, 1])
        pictures = np.memmap(temporary / "pixels", np.uint8, "r", shape=(len(parts), *shape))
        labels = np.array(contents.labels, np.int64)
        for number, part in enumerate(PARTS):
            # Shuffled, so that a run on the first images sees all classes.
            positions = random.permutation(np.flatnonzero(parts == number))
            _write(temporary / f"{part}_images.npy", pictures, positions)
            np.save(temporary / f"{part}_labels.npy", labels[positions])
        del pictures
        (temporary / "pixels").unlink()
        record = {
            "format": _FORMAT,
            "name": title,
            "class_names": contents.class_names,
            "source": report.source,
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "image_shape": shape,
            "depth": contents.depth,
            "pad_to_aspect_ratio": pad_to_aspect_ratio,
            "split": fractions,
            "seed": seed,
            **({} if contents.reading == FOLDERS else {"reading": contents.reading}),
            "images": {part: int((parts == number).sum()) for number, part in enumerate(PARTS)},
            "fingerprint": fingerprint(storage.read_part(temporary, part) for part in PARTS),
            "report": _summary(report, int((parts < 0).sum())),
        }
        text = json.dumps(record, indent=2, ensure_ascii=False)
        (temporary / storage.FACTS).write_text(text, encoding="utf-8")
        final = storage.move_to_free_name(temporary, root, title)
    return storage.load(final)


def check_size(size: int | Sequence[int]) -> tuple[int, int]:
    """(height, width) in pixels, of a size that may be one number."""
    sides = [size, size] if isinstance(size, int) else list(size) if isinstance(size, list | tuple) else []
    if len(sides) != 2 or not all(isinstance(side, int) and MIN_SIDE <= side <= MAX_SIDE for side in sides):
        raise ValueError(
            f"Expected a size as a whole number or (height, width), from {MIN_SIDE} to {MAX_SIDE} pixels, got {size!r}."
        )
    return sides[0], sides[1]


def _split(contents: Scan, groups: Sequence[Sequence[int]], fractions: Sequence[float], seed: int) -> np.ndarray:
    fixed = [picture.class_file.part for picture in contents.pictures]
    parts = assign_parts(np.array(contents.labels), groups, fractions, seed, fixed)
    for number, part in enumerate(PARTS):
        if not (parts == number).any():
            raise ValueError(
                f"{contents.name} has too few different images: none is left for {part}. "
                "Use three or more images per class."
            )
    return parts


def _append(file: IO[bytes], pixels: np.ndarray) -> None:
    file.write(np.ascontiguousarray(pixels).data)


def _write(path: Path, pictures: np.ndarray, positions: np.ndarray) -> None:
    """Rows as a .npy file, not mapped: on a full disk, filling a mapped file kills the process."""
    with path.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (len(positions), *pictures.shape[1:])}
        np.lib.format.write_array_header_1_0(file, header)
        for position in positions:
            _append(file, pictures[position])
        file.flush()
        os.fsync(file.fileno())


def _summary(report: Report, left_out: int) -> dict[str, Any]:
    return {
        "images": report.images,
        "unreadable": [list(file) for file in report.unreadable[:_MAX_UNREADABLE]],
        "skipped": len(report.skipped),
        "duplicates": len(report.duplicates),
        "left_out": left_out,
        "warnings": list(report.warnings),
    }
