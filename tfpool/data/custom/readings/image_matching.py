"""Which image a cell of a table means: a file name with or without its ending, or a path of any system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from enum import Enum
from functools import cached_property

from tfpool.data.custom.listing import File
from tfpool.data.custom.part_names import part_folders

_MAX_LENGTH = 1000
_IMAGES = {"labels": "images", "annotations": "JPEGImages"}
"""Folders of boxes and of their images, as YOLO and Pascal VOC call them."""


class Unmatched(Enum):
    """Why a cell means no image."""

    NONE = "names no image here"
    SEVERAL = "names several images"


class ImageIndex:
    """Image files by their names. `parts` are those that the folders of each are called like, "" for none."""

    def __init__(self, files: Sequence[File]) -> None:
        self.files = files

    @cached_property
    def parts(self) -> list[str]:
        """One for each image."""
        part_of = part_folders({name for file in self.files for name in file.path[:-1]})
        return [next((part_of[name] for name in file.path[:-1] if name in part_of), "") for file in self.files]

    @cached_property
    def _paths(self) -> list[tuple[str, ...]]:
        return [tuple(map(_plain, file.path)) for file in self.files]

    @cached_property
    def _by_name(self) -> dict[str, list[int]]:
        return _positions(path[-1] for path in self._paths)

    @cached_property
    def _by_stem(self) -> dict[str, list[int]]:
        return _positions(stem(path[-1]) for path in self._paths)

    @cached_property
    def _by_number(self) -> dict[str, list[int]]:
        """By numbers without their zeros, which Excel leaves out: 1 for 0001.jpg."""
        stems = (stem(path[-1]) for path in self._paths)
        return _positions((name.lstrip("0") or "0") if name.isdecimal() else "" for name in stems)

    def has(self, name: str) -> bool:
        """Whether an image is called so, but for its ending."""
        return stem(_plain(name)) in self._by_stem

    def image_of(self, path: Sequence[str]) -> int | Unmatched:
        """The index of the image that a text file is called like, labels/train/1.txt like images/train/1.jpg."""
        folders = [_IMAGES.get(name.lower(), name) for name in path[:-1]]
        return self.find("/".join([*folders, stem(path[-1])]), path[:-1])

    def find(self, cell: str, folder: Sequence[str] = (), part: str = "") -> int | Unmatched:
        """The index of the image that a cell of a table in `folder` means, whose row belongs to `part`."""
        path = [piece for piece in re.split(r"[\\/]+", _plain(cell)) if piece not in ("", ".")]
        if not path or len(cell) > _MAX_LENGTH:
            return Unmatched.NONE
        name = path[-1]
        found = self._by_name.get(name) or self._by_stem.get(name)
        # The table may name files of another format. What is after the point of 0.5 is no ending.
        if not found and name.rpartition(".")[2][:1].isalpha():
            found = self._by_stem.get(stem(name))
        if not found and name.isdecimal():
            found = self._by_number.get(name.lstrip("0") or "0")
        if not found:
            return Unmatched.NONE
        if len(found) == 1:
            return found[0]
        inside = [_plain(name) for name in folder]
        ranks = [(self._common(index, path), self._is_in(index, inside, part)) for index in found]
        best = max(ranks)
        return found[ranks.index(best)] if ranks.count(best) == 1 else Unmatched.SEVERAL

    def _common(self, index: int, path: list[str]) -> int:
        """The number of folders that the end of an image's path has in common with a cell."""
        number = 0
        for own, other in zip(self._paths[index][-2::-1], path[-2::-1], strict=False):
            if own != other:
                break
            number += 1
        return number

    def _is_in(self, index: int, folder: list[str], part: str) -> int:
        """The more, the nearer an image is to its table: 2 for the part of the row, 1 for the folder of the table."""
        return 2 * (bool(part) and self.parts[index] == part) + (list(self._paths[index][: len(folder)]) == folder)


def _positions(names: Iterable[str]) -> dict[str, list[int]]:
    positions: dict[str, list[int]] = {}
    for position, name in enumerate(names):
        positions.setdefault(name, []).append(position)
    return positions


def stem(name: str) -> str:
    """A file's name without its ending."""
    return name.rpartition(".")[0] or name


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip()).casefold()
