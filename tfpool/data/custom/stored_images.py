"""The images of data sets that exist, side by side: what new data sets are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tfpool.data.custom import storage
from tfpool.data.custom.near_duplicates import Sketch, is_available, sketch
from tfpool.data.custom.part_files import read_groups
from tfpool.data.custom.scan import Progress
from tfpool.data.dataset import PARTS, DataSet

_DEFAULT_SPLIT = (0.7, 0.15, 0.15)


@dataclass(frozen=True)
class StoredImages:
    """Images of one data set after the other, each in the order of its parts.

    `row` gives the image with an index, uint8 (H, W, C). `labels` are int64 (N,), indices into `class_names`; `parts`
    0, 1 and 2 and `sets` the number of the data set, int (N,). `groups` are ids, int64 (N,), None if some have none.
    """

    row: Callable[[int], np.ndarray]
    labels: np.ndarray
    parts: np.ndarray
    sets: np.ndarray
    groups: np.ndarray | None
    class_names: list[str]


def stored_images(data_sets: Sequence[DataSet]) -> StoredImages:
    """The images of data sets. Classes of one name are one; those of the first data set keep their numbers."""
    names = list(dict.fromkeys(name for data_set in data_sets for name in data_set.class_names))
    parts = [(number, data_set, part) for data_set in data_sets for number, part in enumerate(PARTS)]
    arrays = [data_set.parts[part].images for _, data_set, part in parts]
    lengths = [len(array) for array in arrays]
    starts = np.cumsum([0, *lengths])

    def row(index: int) -> np.ndarray:
        place = int(np.searchsorted(starts, index, "right")) - 1
        return arrays[place][index - starts[place]]

    numbers = {name: number for number, name in enumerate(names)}
    labels = [
        np.array([numbers[name] for name in data_set.class_names])[data_set.parts[part].labels]
        for _, data_set, part in parts
    ]
    patterns = {facts_of(data_set).get("group_by") for data_set in data_sets}
    groups = [read_groups(Path(data_set.location), part) for _, data_set, part in parts if data_set.location]
    have_groups = len(patterns) == 1 and None not in patterns and len(groups) == len(parts)
    found = [group for group in groups if group is not None]
    return StoredImages(
        row,
        np.concatenate(labels),
        np.repeat([number for number, _, _ in parts], lengths),
        np.repeat([place for place, _ in enumerate(data_sets) for _ in PARTS], lengths),
        np.concatenate(found) if have_groups and len(found) == len(parts) else None,
        names,
    )


def facts_of(data_set: DataSet) -> dict[str, Any]:
    """What `dataset.json` says of a data set; empty for a built-in one."""
    return storage.facts(Path(data_set.location)) if data_set.location else {}


def inherited(data_sets: Sequence[DataSet]) -> dict[str, Any]:
    """What a new data set has of those that it is made of: how files are read, the split, and where it comes from.

    Raises:
        ValueError: if their images do not fit together.
    """
    first = facts_of(data_sets[0])
    shapes = {" × ".join(map(str, data_set.image_shape)) for data_set in data_sets}
    if len(shapes) > 1:
        raise ValueError(
            f"Images of one size and kind are needed, got {' and '.join(sorted(shapes))}. Add some of them again in "
            "the size of the others."
        )
    readings = [storage.reading(Path(data_set.location)) for data_set in data_sets if data_set.location]
    readings += [{} for data_set in data_sets if not data_set.location]
    depths = {reading.pop("depth") for reading in readings if "depth" in reading}
    if any(reading != readings[0] for reading in readings):
        raise ValueError(
            "Image files of these data sets were read in different ways: padded or cropped, or other pages or bands of "
            "TIFF files. Add some of them again."
        )
    if len(depths) > 1:
        bits = " and ".join(map(str, sorted(depths)))
        raise ValueError(f"Images of these data sets were scaled from {bits} bits. Add their files as one folder.")
    return {
        "source": ", ".join(data_set.title or data_set.name for data_set in data_sets),
        "image_shape": data_sets[0].image_shape,
        "depth": next(iter(depths), 0),
        **readings[0],
        "split": first.get("split", _DEFAULT_SPLIT),
        "seed": first.get("seed", 0),
        "near_duplicates": first.get("near_duplicates", True),
        "group_by": first.get("group_by"),
        "made_from": [
            {"name": data_set.title or data_set.name, "fingerprint": data_set.fingerprint} for data_set in data_sets
        ],
    }


def digests_and_sketches(
    row: Callable[[int], np.ndarray], number: int, on_progress: Progress | None
) -> tuple[list[bytes], list[Sketch] | None]:
    """What tells which images are equal, and which nearly so; None for these if imagehash is not installed."""
    digests, sketches = [], []
    looks = is_available()
    for index in range(number):
        if on_progress and index % 100 == 0:
            on_progress(index, number)
        pixels = np.ascontiguousarray(row(index))
        digests.append(sha256(pixels.data).digest())
        if looks:
            sketches.append(sketch(Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)))
    if on_progress:
        on_progress(number, number)
    return digests, sketches if looks else None
