"""Boxes of data sets for detection, as YOLO, Pascal VOC and COCO write them: each box is an image of its class."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from tfpool.data.custom.image_files import MAX_FILES, File, Listing, TextFile
from tfpool.data.custom.layout import Box, ClassFile, Layout, with_given_parts
from tfpool.data.custom.part_names import part_folders
from tfpool.data.custom.readings.image_matching import ImageIndex, stem
from tfpool.data.custom.readings.label_table import NoTable, decode_text
from tfpool.data.images import BadImage
from tfpool.system.format import memory

MAX_JSON_BYTES = 50_000_000
_MAX_TEXT_BYTES = 1_000_000
_QUOTED = r"""'[^']*'|"[^"]*"|[^,\[\]{}'"]+"""
_ENTRY = re.compile(_QUOTED)
_PAIR = re.compile(rf"(\d{{1,6}})\s*:\s*({_QUOTED})")
_NAMES_FILES = ("classes.txt", "obj.names", "labels.txt", "_darknet.labels", "predefined_classes.txt")


@dataclass(frozen=True)
class Boxed:
    """A box of an image, by the image's index, with its class; `size` as in `ClassFile`."""

    image: int
    class_name: str
    box: Box
    size: tuple[int, int] | None = None


def layout_of_boxes(listing: Listing, index: ImageIndex, kind: str) -> Layout:
    """Each box as an image of its class; `kind` is "YOLO", "Pascal VOC" or "COCO".

    Raises ValueError if there are too many boxes.
    """
    used: set[str] = set()
    # One box may be in two files, such as those of COCO for instances and for keypoints.
    boxed: dict[Boxed, None] = {}
    for found in _READERS[kind](listing, index, used):
        boxed[found] = None
        if len(boxed) > MAX_FILES:
            raise ValueError(
                f"{listing.name} has more than {MAX_FILES:,} boxes. Use fewer images, or several data sets."
            )
    number: dict[int, int] = {}
    class_files = []
    for found in boxed:
        file = listing.files[found.image]
        number[found.image] = number.get(found.image, 0) + 1
        path = (*file.path[:-1], f"{file.path[-1]} (box {number[found.image]})")
        part = index.parts[found.image]
        class_files.append(ClassFile(File(path, file.read), found.class_name, part, found.box, file.path, found.size))
    class_files, parts, in_none = with_given_parts(class_files)
    without = [(file.name, "without a box") for image, file in enumerate(listing.files) if image not in number]
    text = f"Each box of {kind} is cut out, an image of its class. The boxes of one image stay in one part."
    left_out = tuple(sorted(without + in_none))
    return Layout(class_files, parts, left_out, (text,), f"each box of {kind} cut out", frozenset(used))


def _yolo(listing: Listing, index: ImageIndex, used: set[str]) -> Iterator[Boxed]:
    names = _class_names(listing, used)
    for file in listing.labels:
        if not file.path[-1].lower().endswith(".txt") or not isinstance(image := _image_of(file, index), int):
            continue
        for line in _text(file, _MAX_TEXT_BYTES).splitlines():
            numbers = _numbers(line.split())
            if len(numbers) < 5 or not numbers[0].is_integer():
                continue
            used.add(file.name)
            if box := _box_of_yolo(numbers[1:]):
                label = int(numbers[0])
                yield Boxed(image, names.get(label, f"class {label}"), box)


def _box_of_yolo(numbers: list[float]) -> Box | None:
    """Center, width and height, perhaps with a confidence; or the corners of a polygon, six numbers or more."""
    if len(numbers) < 6:
        x, y, width, height = numbers[:4]
        return _checked(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    xs, ys = numbers[::2], numbers[1::2]
    return _checked(min(xs), min(ys), max(xs), max(ys))


def _class_names(listing: Listing, used: set[str]) -> dict[int, str]:
    """The names of YOLO's classes: of a text file with one per line, or of `names` in a YAML file."""
    for file in sorted(listing.labels, key=lambda file: (len(file.path), file.path)):
        name = file.path[-1].lower()
        names: dict[int, str] = {}
        if name in _NAMES_FILES or name.endswith(".names"):
            names = dict(enumerate(line.strip() for line in _text(file, _MAX_TEXT_BYTES).splitlines()))
        elif name.endswith((".yaml", ".yml")):
            names = _names_in_yaml(_text(file, _MAX_TEXT_BYTES))
        if names := {number: name for number, name in names.items() if name}:
            used.add(file.name)
            return names
    return {}


def _names_in_yaml(text: str) -> dict[int, str]:
    """The list or mapping `names` of a YAML file, whose other entries are not read."""
    found = re.search(r"^names[ \t]*:[ \t]*(.*(?:\n(?:[ \t]+|[ \t]*-|[ \t]*[\]}]).*)*)", text, re.MULTILINE)
    block = re.sub(r"(^|\s)#.*", "", found[1]) if found else ""
    if block.lstrip().startswith("["):
        return dict(enumerate(_unquoted(name) for name in _ENTRY.findall(block) if name.strip()))
    if block.lstrip().startswith("{"):
        return {int(number): _unquoted(name) for number, name in _PAIR.findall(block)}
    lines = [line.strip() for line in block.splitlines() if line.strip()]
    if lines and all(line.startswith("-") for line in lines):
        return {number: _unquoted(line[1:]) for number, line in enumerate(lines)}
    matches = [re.fullmatch(r"(\d{1,6})\s*:\s*(.+)", line) for line in lines]
    return {int(match[1]): _unquoted(match[2]) for match in matches if match}


def _unquoted(text: str) -> str:
    return text.strip().strip("'\"")


def _voc(listing: Listing, index: ImageIndex, used: set[str]) -> Iterator[Boxed]:
    for file in listing.labels:
        if not file.path[-1].lower().endswith(".xml") or not isinstance(image := _image_of(file, index), int):
            continue
        text = _text(file, _MAX_TEXT_BYTES)
        # Entities of its own can make a small file unpack to a large one.
        if "<!ENTITY" in text or "<!DOCTYPE" in text:
            continue
        try:
            root = ElementTree.fromstring(text)
        except (ElementTree.ParseError, ValueError):
            continue
        width, height = _numbers(root.findtext(f"size/{side}") for side in ("width", "height")) or (0.0, 0.0)
        for thing in root.iter("object"):
            corners = _numbers(thing.findtext(f"bndbox/{name}") for name in ("xmin", "ymin", "xmax", "ymax"))
            name = (thing.findtext("name") or "").strip()
            if name and corners and width > 0 and height > 0:
                left, top, right, bottom = corners
                used.add(file.name)
                # The first pixel is number 1, and the last one belongs to the box.
                if box := _checked((left - 1) / width, (top - 1) / height, right / width, bottom / height):
                    yield Boxed(image, name, box, (int(height), int(width)))


def _coco(listing: Listing, index: ImageIndex, used: set[str]) -> Iterator[Boxed]:
    for file in listing.labels:
        if not file.path[-1].lower().endswith(".json"):
            continue
        try:
            record = json.loads(_text(file, MAX_JSON_BYTES))
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            yield from _of_record(record, file, index, used)


def _of_record(record: dict[str, Any], file: TextFile, index: ImageIndex, used: set[str]) -> Iterator[Boxed]:
    names = {_key(entry): str(entry.get("name", "")).strip() for entry in _entries(record, "categories")}
    images: dict[Any, tuple[int, tuple[int, int]]] = {}
    for entry in _entries(record, "images"):
        image = index.find(str(entry.get("file_name", "")), file.path[:-1], _part_of(file, index))
        size = _numbers(str(entry.get(side)) for side in ("height", "width"))
        if isinstance(image, int) and size and min(size) > 0:
            images[_key(entry)] = (image, (int(size[0]), int(size[1])))
    for entry in _entries(record, "annotations"):
        found, name = images.get(_key(entry, "image_id")), names.get(_key(entry, "category_id"))
        corners = entry.get("bbox")
        numbers = _numbers(map(str, corners)) if isinstance(corners, list) else []
        # A box around a crowd is of no single thing.
        if not found or not name or len(numbers) != 4 or entry.get("iscrowd"):
            continue
        image, (height, width) = found
        left, top, box_width, box_height = numbers
        used.add(file.name)
        box = _checked(left / width, top / height, (left + box_width) / width, (top + box_height) / height)
        if box:
            yield Boxed(image, name, box, (height, width))


def _entries(record: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = record.get(key)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _key(entry: dict[str, Any], key: str = "id") -> str:
    return str(entry.get(key))


def _part_of(file: TextFile, index: ImageIndex) -> str:
    """The part whose images a JSON file is about: instances_val2017.json those of val2017."""
    parts = part_folders(re.findall(r"[a-z]+", file.path[-1].lower()))
    return next(iter(parts.values()), "")


def _image_of(file: TextFile, index: ImageIndex) -> object:
    """The image that a text file is called like, labels/train/1.txt like images/train/1.jpg."""
    folders = [_SAME.get(name.lower(), name) for name in file.path[:-1]]
    return index.find("/".join([*folders, stem(file.path[-1])]), file.path[:-1])


_SAME = {"labels": "images", "annotations": "JPEGImages"}


def _checked(left: float, top: float, right: float, bottom: float) -> Box | None:
    """A box within the image; None if nothing of it is."""
    box = (max(left, 0.0), max(top, 0.0), min(right, 1.0), min(bottom, 1.0))
    return box if box[0] < box[2] and box[1] < box[3] else None


def _numbers(texts: Iterable[str | None]) -> list[float]:
    """Finite numbers; an empty list if one of the texts is none."""
    try:
        numbers = [float(text or "") for text in texts]
    except ValueError:
        return []
    return numbers if all(abs(number) < 1e9 for number in numbers) else []


def _text(file: TextFile, most: int) -> str:
    """A file's text; "" if it cannot be read. Raises ValueError if it is larger."""
    try:
        content = file.read_first(most + 1)
        if len(content) <= most:
            return decode_text(content)[0]
    except (BadImage, NoTable):
        return ""
    raise ValueError(f"{file.name} has more than {memory(most)}. Use a part of the images, and only their boxes.")


_READERS: dict[str, Callable[[Listing, ImageIndex, set[str]], Iterator[Boxed]]] = {
    "YOLO": _yolo,
    "Pascal VOC": _voc,
    "COCO": _coco,
}


def cut(size: tuple[int, int], box: Box) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a box in pixels of an image of (height, width)."""
    height, width = size
    left, top, right, bottom = box
    return round(left * width), round(top * height), round(right * width), round(bottom * height)
