"""A data set while it is being made: its name is claimed, its files are written aside, and it appears in one step."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from tfpool.data.custom import storage
from tfpool.data.custom.part_files import write_parts
from tfpool.data.custom.safe_names import clean
from tfpool.data.dataset import PARTS, DataSet, fingerprint

_FORMAT = 1


@dataclass(frozen=True)
class NewSet:
    """A data set that is not there yet: its title, where it will be, and a folder for its files until then."""

    title: str
    root: Path
    files: Path

    def save(
        self,
        row: Callable[[int], np.ndarray],
        labels: np.ndarray,
        parts: np.ndarray,
        facts: Mapping[str, Any],
        groups: np.ndarray | None = None,
    ) -> DataSet:
        """Write the images, of which `row` is the one with an index, and let the data set appear.

        `labels` are int (N,), `parts` 0, 1 and 2, or -1 for images that are left out, `groups` ids or None. `facts` is
        what `dataset.json` says beside name, date, number of images and fingerprint; it has class names and a seed.
        """
        numbers = write_parts(self.files, row, labels, parts, facts["seed"], groups)
        record = {
            "format": _FORMAT,
            "name": self.title,
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "images": numbers,
            "fingerprint": fingerprint(storage.read_part(self.files, part) for part in PARTS),
            **facts,
        }
        text = json.dumps(record, indent=2, ensure_ascii=False)
        (self.files / storage.FACTS).write_text(text, encoding="utf-8")
        return storage.load(storage.move_to_free_name(self.files, self.root, self.title))


@contextmanager
def new_set(name: str, folder: str | Path | None = None) -> Iterator[NewSet]:
    """A data set to be made, by any name; nothing is left of it if the block fails or does not save it."""
    title = clean(name) if isinstance(name, str) else ""
    if not title:
        raise ValueError("A data set needs a name, in any words, such as 'My photos'.")
    root = storage.home() if folder is None else Path(folder).absolute()
    with storage.disk_errors(root), storage.claimed_title(root, title), storage.temporary_folder(root) as files:
        yield NewSet(title, root, files)


def check_parts(source: str, parts: Sequence[int] | np.ndarray, remedy: str) -> None:
    """Raise a ValueError if a part has no image."""
    for number, part in enumerate(PARTS):
        if number not in parts:
            raise ValueError(f"{source} has too few different images: none is left for {part}. {remedy}")
