"""What a way of understanding a folder comes to: image files with their classes and parts, and those left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tfpool.data.custom.listing import File
from tfpool.data.custom.safe_names import clean, natural_order
from tfpool.data.dataset import PARTS

MAX_CLASSES = 2_000
NOT_IN_PART = "not in any part"
Box = tuple[float, float, float, float]
"""Left, top, right and bottom, as fractions of an image's width and height."""


@dataclass(frozen=True)
class ClassFile:
    """An image file, the name of its class, such as that of its folder, and its part, "" for none.

    `box` is the rectangle of the image that is meant, None for all of it. `size` is the (height, width) that the
    box was drawn in, None where that is not known. Files with equal `together`, if any, are put into
    one part.
    """

    file: File
    folder: str
    part: str = ""
    box: Box | None = None
    together: tuple[str, ...] = ()
    size: tuple[int, int] | None = None


@dataclass(frozen=True)
class Layout:
    """How a source was understood: image files in classes, names and reasons of those in none, and the parts.

    `parts` is "parts given", "parts given inside each class" or "no parts given". `how` is where the classes come from,
    "" for folders. `notes` are sentences for the report. `used` are the names of the files with the classes.
    """

    class_files: list[ClassFile]
    parts: str
    left_out: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    how: str = ""
    used: frozenset[str] = frozenset()

    @property
    def why(self) -> str:
        """The reasons for which images are left out."""
        return " or ".join(sorted({reason for _, reason in self.left_out}))

    @property
    def classes(self) -> list[str]:
        """The names of the classes, safe to show, in order."""
        return [clean(name) for name in sorted({file.folder for file in self.class_files}, key=natural_order)]


def in_order(class_files: Iterable[ClassFile]) -> list[ClassFile]:
    """By part, then by class, then as they came."""
    files = list(class_files)
    part_order = {part: number for number, part in enumerate(("", *PARTS))}
    class_order = {name: natural_order(name) for name in {file.folder for file in files}}
    return sorted(files, key=lambda file: (part_order[file.part], class_order[file.folder]))


def with_given_parts(class_files: list[ClassFile]) -> tuple[list[ClassFile], str, list[tuple[str, str]]]:
    """Class files with their parts, if they are train and others, else with none; what to say; and those in no part."""
    found = {file.part for file in class_files} - {""}
    if "train" not in found or len(found) < 2:
        return in_order(replace(file, part="") for file in class_files), "no parts given", []
    left_out = [(file.file.name, NOT_IN_PART) for file in class_files if not file.part]
    return in_order(file for file in class_files if file.part), "parts given", left_out


def cut(size: tuple[int, int], box: Box) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a box in pixels of an image of (height, width)."""
    height, width = size
    left, top, right, bottom = box
    return round(left * width), round(top * height), round(right * width), round(bottom * height)
