"""Which class and which part an image file belongs to, told from the folders that it lies in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tfpool.data.custom.image_files import File, Found
from tfpool.data.dataset import PARTS

_GIVEN = {"train": "train", "training": "train", "val": "validation", "valid": "validation"}
_GIVEN |= {"validation": "validation", "test": "test", "testing": "test"}


@dataclass(frozen=True)
class Placed:
    """An image file with the folder that names its class, and the part that it was put into, if any."""

    file: File
    folder: str
    part: str = ""


def arrange(found: Found) -> list[Placed]:
    """Class and part of each file; files in no class's folder are added to those skipped.

    One sub-folder is one class, with all that lies in it however deep. A single folder around everything is looked
    through. Folders called train, validation and test (also training, val, valid, testing) around the classes' folders
    are the parts.
    """
    level = _unwrapped(found.files)
    inner = {path[0] for _, path in level if len(path) > 2}
    given = {name: _GIVEN[name.lower()] for name in {path[0] for _, path in level} if name.lower() in _GIVEN}
    deep = {part for name, part in given.items() if name in inner}
    others = {path[0] for _, path in level if len(path) > 1} - set(given)
    has_parts = "train" in deep and (not others or len(deep) > 1)
    placed = []
    for file, path in level:
        part, rest = (given.get(path[0], ""), path[1:]) if has_parts else ("", path)
        if len(rest) < 2 or (has_parts and not part):
            found.skipped.append((file.name, "in no class's folder"))
        else:
            placed.append(Placed(file, rest[0], part))
    order = {part: number for number, part in enumerate(("", *PARTS))}
    return sorted(placed, key=lambda each: (order[each.part], each.folder))


def _unwrapped(files: Sequence[File]) -> list[tuple[File, tuple[str, ...]]]:
    """Files with their paths below the single folder around everything, if there is one."""
    level = [(file, file.path) for file in files]
    while len({path[0] for _, path in level if len(path) > 1}) == 1 and any(len(path) > 2 for _, path in level):
        level = [(file, path[1:] if len(path) > 1 else path) for file, path in level]
    return level
