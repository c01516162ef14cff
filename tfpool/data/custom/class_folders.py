"""Class and part of an image file, read off the folders that contain it."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tfpool.data.custom.layout import NOT_IN_PART, ClassFile, Layout, in_order
from tfpool.data.custom.listing import File, Listing
from tfpool.data.custom.part_names import is_clear, is_one_word, is_plain, part_folders
from tfpool.data.custom.safe_names import clean, natural_order, short_list

IN_NO_CLASS = "not in any class"

_Paths = list[tuple[File, tuple[str, ...]]]


@dataclass(frozen=True)
class Arrangement:
    """Image files with their class folders, those inside them, and their parts; what is told of them as in `Layout`.

    `is_repeated` where all class folders hold the same folders, which may be the classes.
    """

    paths: list[tuple[File, tuple[str, ...], str]]
    parts: str
    left_out: list[tuple[str, str]]
    notes: tuple[str, ...] = ()
    is_repeated: bool = False
    has_parts: bool = False

    @property
    def inner(self) -> dict[str, set[str]]:
        """The folders inside each class folder that has some."""
        folders: dict[str, set[str]] = {}
        for _, path, _ in self.paths:
            if len(path) > 2:
                folders.setdefault(path[0], set()).add(path[1])
        return folders


def arrange(listing: Listing) -> Arrangement:
    """The class folder and the part of each image file.

    A sub-folder is a class, and so is everything inside it at any depth. A single folder around everything is ignored.
    Folders called like train, validation and test are parts, around the class folders or inside each of them. Without
    class folders they are left out.

    Raises ValueError if the folders are parts without classes.
    """
    paths = _unwrap([(file, _composed(file.path)) for file in listing.files])
    tops = {path[0] for _, path in paths if len(path) > 1}
    part_of = part_folders(tops)
    has_parts = bool(part_of)
    paths = [path for name in sorted(part_of) for path in _look_through(name, part_of, paths)] + [
        (file, path) for file, path in paths if len(path) < 2 or path[0] not in part_of
    ]
    nested = {path[0] for _, path in paths if len(path) > 2}
    others = tops - set(part_of)
    given = {part for name, part in part_of.items() if name in nested}
    notes: tuple[str, ...] = ()
    parts, depth, is_repeated = "no parts given", None, False
    if "train" in given and (not others or len(given) > 1):
        parts, depth = "parts given", 0
    else:
        _check_parts(listing.name, part_of, nested, others)
        flat = {name for name in part_of if others and name not in nested and is_clear(name)}
        notes = tuple(_note_of_flat(flat, paths))
        paths = [(file, path if path[0] not in flat else path[-1:]) for file, path in paths]
        if part_of := _parts_inside(paths):
            parts, depth = "parts given inside each class", 1
        else:
            paths, notes_of_repeated, is_repeated = _merge_repeated(paths)
            notes += tuple(notes_of_repeated)
    arranged, left_out = [], []
    for file, path in sorted(paths, key=lambda file_path: file_path[0].path):
        rest = path if depth is None else path[:depth] + path[depth + 1 :]
        part = "" if depth is None or len(path) < depth + 2 else part_of.get(path[depth], "")
        if len(rest) < 2 or (depth is not None and not part):
            left_out.append((file.name, IN_NO_CLASS if len(path) < 2 or depth != 1 else NOT_IN_PART))
        else:
            arranged.append((file, rest, part))
    return Arrangement(arranged, parts, left_out, notes, is_repeated, has_parts)


def assign_classes(arrangement: Arrangement) -> Layout:
    """A class per folder."""
    class_files = [ClassFile(file, path[0], part) for file, path, part in arrangement.paths]
    return Layout(in_order(class_files), arrangement.parts, tuple(arrangement.left_out), arrangement.notes)


def assign_inner(arrangement: Arrangement, only: str = "") -> Layout:
    """A class per folder inside the class folders, or inside `only` one of them."""
    left_out = list(arrangement.left_out)
    class_files = []
    for file, path, part in arrangement.paths:
        if len(path) > 2 and only in ("", path[0]):
            # Files of one name may be versions of one picture.
            class_files.append(ClassFile(file, path[1], part, together=(path[1], *path[2:])))
        else:
            left_out.append((file.name, f"not in {clean(only)}" if only else "not in an inner folder"))
    how = f"the folders inside {clean(only)}" if only else "the inner folders"
    notes: tuple[str, ...] = ()
    if not only and arrangement.is_repeated:
        text = "Files of one name are kept in one part. If the same pictures have other names there, use one of them."
        notes = (f"The folders {_shown(arrangement.inner)} are put together. {text}",)
    return Layout(in_order(class_files), arrangement.parts, tuple(sorted(left_out)), notes, how)


def assign_outer(listing: Listing) -> Layout:
    """A class per outermost folder, also where it is called like a part."""
    paths = _unwrap([(file, _composed(file.path)) for file in listing.files])
    class_files = [ClassFile(file, path[0]) for file, path in paths if len(path) > 1]
    left_out = tuple((file.name, IN_NO_CLASS) for file, path in paths if len(path) < 2)
    return Layout(in_order(class_files), "no parts given", left_out, how="the outer folders, whatever they are called")


def _composed(path: tuple[str, ...]) -> tuple[str, ...]:
    """A path whose letters with accents are one character each, as a Mac's are not."""
    return tuple(unicodedata.normalize("NFC", name) for name in path)


def _unwrap(paths: _Paths) -> _Paths:
    """Files with their paths inside the single folder around everything, if there is one."""
    while len({path[0] for _, path in paths if len(path) > 1}) == 1 and any(len(path) > 2 for _, path in paths):
        paths = [(file, path[1:] if len(path) > 1 else path) for file, path in paths]
    return paths


def _look_through(name: str, part_of: dict[str, str], paths: _Paths) -> _Paths:
    """A part's files, without folders that only repeat its name or are called images or the like."""
    inside = [(file, path) for file, path in paths if path[0] == name and len(path) > 1]
    while len(folders := {path[1] for _, path in inside if len(path) > 2}) == 1:
        (only,) = folders
        if not (is_plain(only) or only.casefold() == name.casefold() or part_folders([only]) == {only: part_of[name]}):
            break
        inside = [(file, (name, *path[2:]) if len(path) > 2 else path) for file, path in inside]
    return inside


def _check_parts(source: str, part_of: dict[str, str], nested: set[str], others: set[str]) -> None:
    """Refuse folders that are all parts, and cannot be classes."""
    if others or is_one_word(part_of):
        return
    names = _shown(part_of)
    if not any(map(is_clear, part_of)) and not nested:
        return
    if nested:
        raise ValueError(
            f"{source} has folders that are called like parts ({names}), and none of them holds classes to train on. "
            "Call the folder with the images to train on train, and put one sub-folder per class into it."
        )
    raise ValueError(
        f"{source} has folders that are called like parts ({names}), and no class inside them. "
        "Put one sub-folder per class into each, or a table of labels beside them."
    )


def _note_of_flat(flat: set[str], paths: Sequence[tuple[File, tuple[str, ...]]]) -> list[str]:
    if not flat:
        return []
    number = Counter(path[0] for _, path in paths if len(path) > 1)
    names = [f"{clean(name)} ({number[name]:,})" for name in sorted(flat, key=natural_order)]
    return [f"Folders called like parts that have no class inside, so their images are left out: {short_list(names)}."]


def _parts_inside(paths: _Paths) -> dict[str, str]:
    """The folders inside classes that are parts: train and another one, with some in every class."""
    part_of = part_folders({path[1] for _, path in paths if len(path) > 2})
    classes = {path[0] for _, path in paths if len(path) > 1}
    divided = {path[0] for _, path in paths if len(path) > 2 and path[1] in part_of}
    parts = set(part_of.values())
    return part_of if len(classes) > 1 and classes == divided and "train" in parts and len(parts) > 1 else {}


def _merge_repeated(paths: _Paths) -> tuple[_Paths, list[str], bool]:
    """Files with their paths, where a folder beside the classes holds them once more; sentences on repeated folders.

    Also whether all classes hold the same folders.
    """
    inside: dict[str, set[str]] = {path[0]: set() for _, path in paths if len(path) > 1}
    for _, path in paths:
        if len(path) > 2:
            inside[path[0]].add(path[1])
    classes = {name for name in inside if not part_folders([name])}
    again = {name for name, folders in inside.items() if len(folders) > 1 and folders <= classes - {name}}
    if again:
        paths = [(file, path[1:] if path[0] in again else path) for file, path in paths]
        text = "Folders that hold folders called like the classes, so their images are taken into these"
        return paths, [f"{text}: {_shown(again)}."], False
    repeated = set.intersection(*inside.values()) if len(inside) > 1 else set()
    if len(repeated) < 2:
        return paths, [], False
    text = f"The classes {_shown(inside)} have the same folders inside, {_shown(repeated)}."
    return paths, [f"{text} If those are the classes, choose the reading inner, or inner with one outer folder."], True


def _shown(names: Iterable[str]) -> str:
    return short_list([clean(name) for name in sorted(names, key=natural_order)])
