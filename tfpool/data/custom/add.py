"""One's own images as a data set: made from a folder or zip, kept in a folder of our own, loaded without reading it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import numpy as np

from tfpool.data.custom.inspection import Report, report
from tfpool.data.custom.partition import checked_shares, stratified
from tfpool.data.custom.safe_names import clean
from tfpool.data.custom.scan import Progress, Scan, Source, scan
from tfpool.data.custom.storage import FACTS, facts, home, load, making, placed, read_part, slugs, writing
from tfpool.data.dataset import PARTS, DataSet, fingerprint
from tfpool.data.images import fitted

SMALLEST, LARGEST = 8, 1024
_FORMAT = 1


def checked_size(size: int | Sequence[int]) -> tuple[int, int]:
    """(height, width) of a size that may be one number.

    Raises:
        ValueError: if it is none, or out of bounds.
    """
    sides = [size, size] if isinstance(size, int) else list(size) if isinstance(size, list | tuple) else []
    if len(sides) != 2 or not all(isinstance(side, int) and SMALLEST <= side <= LARGEST for side in sides):
        raise ValueError(
            f"The size is one whole number or (height, width), from {SMALLEST} to {LARGEST} pixels, got {size!r}."
        )
    return sides[0], sides[1]


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
) -> DataSet:
    """Make a data set of a folder or zip of images, one sub-folder a class, and keep it.

    Images are turned upright, cut to the size's proportions and resized. Files that cannot be read are left out:
    `inspect` names them. Equal pictures never stand in two parts.

    Args:
        source: a folder, a zip file, or an open zip file, as `inspect` takes it.
        name: what to call the data set, in any words.
        size: side of the images in pixels, or (height, width).
        channels: 3 for colour, 1 for grey.
        split: shares of train, validation and test; those that the source has folders for are kept as they are.
        seed: another one splits otherwise.
        folder: where to keep data sets. Default: TFPOOL_DATASETS, or `datasets` here.
        progress: called with images done and images in all. What it raises ends the work, and nothing is kept.
        told: given what `inspect` would have returned, before anything is kept.

    Returns:
        The data set, its images mapped from its files.

    Raises:
        ValueError: if a setting or the source cannot be used, there are too few images, or the disk is full.
    """
    height, width = checked_size(size)
    if channels not in (1, 3):
        raise ValueError(f"Images have 3 channels for colour or 1 for grey, got channels={channels!r}.")
    shares = checked_shares(split)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"The seed is a whole number from 0, got {seed!r}.")
    title = clean(name) if isinstance(name, str) else ""
    if not title:
        raise ValueError("A data set needs a name, in any words, such as 'My photos'.")
    kept = home() if folder is None else Path(folder).absolute()
    taken = {each: facts(kept / each).get("name") for each in slugs(kept)}
    if title in taken.values():
        raise ValueError(f"There is a data set {title!r} already. Use another name, or remove it first.")

    with writing(kept), making(kept) as made:
        shape = (height, width, channels)
        with (made / "pixels").open("wb") as pixels:
            seen = scan(source, progress, lambda image: _append(pixels, fitted(image, shape)))
        summary = report(seen)
        if told:
            told(summary)
        parts = _parts(seen, shares, seed)
        random = np.random.default_rng([seed, 1])
        pictures = np.memmap(made / "pixels", np.uint8, "r", shape=(len(parts), *shape))
        labels = np.array(seen.labels, np.int64)
        for number, part in enumerate(PARTS):
            # Runs on the first so many images should see all classes.
            chosen = random.permutation(np.flatnonzero(parts == number))
            _write(made / f"{part}_images.npy", pictures, chosen)
            np.save(made / f"{part}_labels.npy", labels[chosen])
        del pictures
        (made / "pixels").unlink()
        described = {
            "format": _FORMAT,
            "name": title,
            "class_names": seen.class_names,
            "source": summary.source,
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "image_shape": shape,
            "split": shares,
            "seed": seed,
            "images": {part: int((parts == number).sum()) for number, part in enumerate(PARTS)},
            "fingerprint": fingerprint(read_part(made, part) for part in PARTS),
            "report": _summary(summary, int((parts < 0).sum())),
        }
        text = json.dumps(described, indent=2, ensure_ascii=False)
        (made / FACTS).write_text(text, encoding="utf-8")
        final = placed(made, kept, title, taken)
    return load(final)


def _parts(seen: Scan, shares: tuple[float, float, float], seed: int) -> np.ndarray:
    given = [picture.placed.part for picture in seen.pictures]
    labels = np.array(seen.labels, np.int64)
    parts = stratified(labels, list(seen.groups.values()), shares, seed, given)
    for number, part in enumerate(PARTS):
        if not (parts == number).any():
            raise ValueError(
                f"{seen.name} has too few different images: none is left for {part}. Three or more a class are needed."
            )
    return parts


def _append(file: IO[bytes], pixels: np.ndarray) -> None:
    file.write(np.ascontiguousarray(pixels).data)


def _write(path: Path, pictures: np.ndarray, chosen: np.ndarray) -> None:
    """Rows as a .npy file; by writing, since a full disk kills a process that fills a mapped file."""
    with path.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (len(chosen), *pictures.shape[1:])}
        np.lib.format.write_array_header_1_0(file, header)
        for number in chosen:
            _append(file, pictures[number])
        file.flush()
        os.fsync(file.fileno())


def _summary(told: Report, left_out: int) -> dict[str, Any]:
    return {
        "images": told.images,
        "unreadable": [list(each) for each in told.unreadable[:1000]],
        "skipped": len(told.skipped),
        "duplicates": len(told.duplicates),
        "left_out": left_out,
        "warnings": list(told.warnings),
    }
