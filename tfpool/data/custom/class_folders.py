"""Class and part of an image file, read off the folders that contain it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tfpool.data.custom.image_files import File, Listing
from tfpool.data.dataset import PARTS

_PART_FOLDERS = {"train": "train", "training": "train", "val": "validation", "valid": "validation"}
_PART_FOLDERS |= {"validation": "validation", "test": "test", "testing": "test"}


@dataclass(frozen=True)
class ClassFile:
    """An image file, the folder that names its class, and the part that its owner put it into, "" for none."""

    file: File
    folder: str
    part: str = ""


def assign_classes(listing: Listing) -> list[ClassFile]:
    """Class and part of each file. Files outside all class folders are added to `listing.skipped`.

    A sub-folder is a class, and so is everything inside it at any depth. A single folder around everything is ignored.
    Folders named train, validation and test (also training, val, valid, testing) around the class folders are parts.
    """
    paths = _unwrap(listing.files)
    with_subfolders = {path[0] for _, path in paths if len(path) > 2}
    named_parts = {
        name: _PART_FOLDERS[name.lower()] for name in {path[0] for _, path in paths} if name.lower() in _PART_FOLDERS
    }
    parts = {part for name, part in named_parts.items() if name in with_subfolders}
    others = {path[0] for _, path in paths if len(path) > 1} - set(named_parts)
    has_parts = "train" in parts and (not others or len(parts) > 1)
    class_files = []
    for file, path in paths:
        part, rest = (named_parts.get(path[0], ""), path[1:]) if has_parts else ("", path)
        if len(rest) < 2 or (has_parts and not part):
            listing.skipped.append((file.name, "in no class's folder"))
        else:
            class_files.append(ClassFile(file, rest[0], part))
    order = {part: number for number, part in enumerate(("", *PARTS))}
    return sorted(class_files, key=lambda class_file: (order[class_file.part], class_file.folder))


def _unwrap(files: Sequence[File]) -> list[tuple[File, tuple[str, ...]]]:
    """Files with their paths inside the single folder around everything, if there is one."""
    paths = [(file, file.path) for file in files]
    while len({path[0] for _, path in paths if len(path) > 1}) == 1 and any(len(path) > 2 for _, path in paths):
        paths = [(file, path[1:] if len(path) > 1 else path) for file, path in paths]
    return paths
