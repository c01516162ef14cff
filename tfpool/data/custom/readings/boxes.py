"""Boxes of data sets for detection, as YOLO, Pascal VOC and COCO write them: each box is an image of its class."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from tfpool.data.custom.layout import Box, ClassFile, Layout, with_given_parts
from tfpool.data.custom.listing import MAX_FILES, File, Listing, TextFile
from tfpool.data.custom.part_names import part_folders
from tfpool.data.custom.readings.box_values import SLACK, numbers_of, within
from tfpool.data.custom.readings.image_matching import ImageIndex
from tfpool.data.custom.readings.label_table import NoTable, decode_text, notes_of_encodings
from tfpool.data.custom.readings.yaml_names import names_in_yaml
from tfpool.data.images import BadImage
from tfpool.system.format import memory

MAX_JSON_BYTES = 50_000_000
_MAX_TEXT_BYTES = 1_000_000
_MOST_ENCODINGS = 3
"""Files whose encodings are named."""
_NAMES_FILES = ("classes.txt", "obj.names", "labels.txt", "_darknet.labels", "predefined_classes.txt")


@dataclass(frozen=True)
class Boxed:
    """A box of an image, by the image's index, with its class; `size` as in `ClassFile`."""

    image: int
    class_name: str
    box: Box
    size: tuple[int, int] | None = None


@dataclass
class BoxLog:
    """Names of the files with boxes that were used, and the number of boxes that cannot be used.

    `encodings` are those of files that are not in Unicode, by their names.
    """

    used: set[str] = field(default_factory=set)
    lost: int = 0
    encodings: dict[str, str] = field(default_factory=dict)


def layout_of_boxes(listing: Listing, index: ImageIndex, kind: str) -> Layout:
    """Each box as an image of its class; `kind` is "YOLO", "Pascal VOC" or "COCO".

    Raises ValueError if there are too many boxes.
    """
    log = BoxLog()
    return as_layout(listing, index, _READERS[kind](listing, index, log), log, f"each box of {kind}")


def as_layout(listing: Listing, index: ImageIndex, found: Iterable[Boxed], log: BoxLog, what: str) -> Layout:
    """Boxes as images of their classes; `what` they are is said, such as "each box of YOLO".

    Raises ValueError if there are too many.
    """
    # One box may be in two files, such as those of COCO for instances and for keypoints.
    boxed: dict[Boxed, None] = {}
    for each in found:
        boxed[each] = None
        if len(boxed) > MAX_FILES:
            raise ValueError(
                f"{listing.name} has more than {MAX_FILES:,} boxes. Use fewer images, or several data sets."
            )
    number: dict[int, int] = {}
    class_files = []
    for each in boxed:
        file = listing.files[each.image]
        number[each.image] = number.get(each.image, 0) + 1
        path = (*file.path[:-1], f"{file.path[-1]} (box {number[each.image]})")
        part = index.parts[each.image]
        class_files.append(
            ClassFile(File(path, file.read, file.size), each.class_name, part, each.box, file.path, each.size)
        )
    class_files, parts, in_none = with_given_parts(class_files)
    without = [(file.name, "without a box") for image, file in enumerate(listing.files) if image not in number]
    text = f"{what[0].upper()}{what[1:]} is cut out, an image of its class. The boxes of one image stay in one part."
    left_out = tuple(sorted(without + in_none))
    notes = [text]
    if log.lost:
        notes.append(
            f"Boxes that cannot be used, since they are damaged, outside of their images, or of no class or image that "
            f"is there: {log.lost:,}."
        )
    notes += notes_of_encodings(dict(list(log.encodings.items())[:_MOST_ENCODINGS]), listing.encoding)
    return Layout(class_files, parts, left_out, tuple(notes), f"{what} cut out", frozenset(log.used))


def _yolo(listing: Listing, index: ImageIndex, log: BoxLog) -> Iterator[Boxed]:
    names = _class_names(listing, log)
    for file in listing.labels:
        if not file.path[-1].lower().endswith(".txt") or not isinstance(image := index.image_of(file.path), int):
            continue
        for line in _text(file, _MAX_TEXT_BYTES, listing, log).splitlines():
            numbers = numbers_of(line.split())
            if not line.strip():
                continue
            box = _box_of_yolo(numbers[1:]) if len(numbers) > 4 and numbers[0].is_integer() else None
            if box:
                log.used.add(file.name)
                label = int(numbers[0])
                yield Boxed(image, names.get(label, f"class {label}"), box)
            else:
                log.lost += 1


def _box_of_yolo(numbers: list[float]) -> Box | None:
    """Center, width and height, perhaps with a confidence; or the corners of a polygon, six numbers or more."""
    if min(numbers) < -SLACK or max(numbers) > 1 + SLACK:
        # Pixels, which would end as the whole image.
        return None
    if len(numbers) < 6:
        x, y, width, height = numbers[:4]
        return within(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    xs, ys = numbers[::2], numbers[1::2]
    return within(min(xs), min(ys), max(xs), max(ys))


def _class_names(listing: Listing, log: BoxLog) -> dict[int, str]:
    """The names of YOLO's classes: of a text file with one per line, or of `names` in a YAML file."""
    for file in sorted(listing.labels, key=lambda file: (len(file.path), file.path)):
        name = file.path[-1].lower()
        names: dict[int, str] = {}
        if name in _NAMES_FILES or name.endswith(".names"):
            names = dict(enumerate(line.strip() for line in _text(file, _MAX_TEXT_BYTES, listing, log).splitlines()))
        elif name.endswith((".yaml", ".yml")):
            names = names_in_yaml(_text(file, _MAX_TEXT_BYTES, listing, log))
        if names := {number: name for number, name in names.items() if name}:
            log.used.add(file.name)
            return names
    return {}


def _voc(listing: Listing, index: ImageIndex, log: BoxLog) -> Iterator[Boxed]:
    for file in listing.labels:
        if not file.path[-1].lower().endswith(".xml") or not isinstance(image := index.image_of(file.path), int):
            continue
        text = _text(file, _MAX_TEXT_BYTES, listing, log)
        # Entities of its own can make a small file unpack to a large one.
        if "<!ENTITY" in text or "<!DOCTYPE" in text:
            continue
        try:
            root = ElementTree.fromstring(text)
        except (ElementTree.ParseError, ValueError):
            continue
        width, height = numbers_of(root.findtext(f"size/{side}") for side in ("width", "height")) or (0.0, 0.0)
        for thing in root.iter("object"):
            corners = numbers_of(thing.findtext(f"bndbox/{name}") for name in ("xmin", "ymin", "xmax", "ymax"))
            name = (thing.findtext("name") or "").strip()
            box = None
            if name and corners and width > 0 and height > 0:
                left, top, right, bottom = corners
                # The first pixel is number 1, and the last one belongs to the box.
                box = within((left - 1) / width, (top - 1) / height, right / width, bottom / height)
            if box:
                log.used.add(file.name)
                yield Boxed(image, name, box, (int(height), int(width)))
            else:
                log.lost += 1


def _coco(listing: Listing, index: ImageIndex, log: BoxLog) -> Iterator[Boxed]:
    for file in listing.labels:
        if not file.path[-1].lower().endswith(".json"):
            continue
        try:
            record = json.loads(_text(file, MAX_JSON_BYTES, listing, log))
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            yield from _of_record(record, file, index, log)


def _of_record(record: dict[str, Any], file: TextFile, index: ImageIndex, log: BoxLog) -> Iterator[Boxed]:
    names = {_key(entry): str(entry.get("name", "")).strip() for entry in _entries(record, "categories")}
    images: dict[Any, tuple[int, tuple[int, int]]] = {}
    for entry in _entries(record, "images"):
        image = index.find(str(entry.get("file_name", "")), file.path[:-1], _part_of(file, index))
        size = numbers_of(str(entry.get(side)) for side in ("height", "width"))
        if isinstance(image, int) and size and min(size) > 0:
            images[_key(entry)] = (image, (int(size[0]), int(size[1])))
    for entry in _entries(record, "annotations"):
        found, name = images.get(_key(entry, "image_id")), names.get(_key(entry, "category_id"))
        corners = entry.get("bbox")
        numbers = numbers_of(map(str, corners)) if isinstance(corners, list) else []
        # A box around a crowd is of no single thing.
        if entry.get("iscrowd"):
            continue
        box = None
        if found and name and len(numbers) == 4:
            image, (height, width) = found
            left, top, box_width, box_height = numbers
            box = within(left / width, top / height, (left + box_width) / width, (top + box_height) / height)
        if found and name and box:
            log.used.add(file.name)
            yield Boxed(found[0], name, box, found[1])
        else:
            log.lost += 1


def _entries(record: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = record.get(key)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _key(entry: dict[str, Any], key: str = "id") -> str:
    return str(entry.get(key))


def _part_of(file: TextFile, index: ImageIndex) -> str:
    """The part whose images a JSON file is about: instances_val2017.json those of val2017."""
    parts = part_folders(re.findall(r"[a-z]+", file.path[-1].lower()))
    return next(iter(parts.values()), "")


def _text(file: TextFile, most: int, listing: Listing, log: BoxLog) -> str:
    """A file's text; "" if it cannot be read. Raises ValueError if it is larger."""
    try:
        content = file.read_first(most + 1)
        if len(content) <= most:
            text, encoding = decode_text(content, listing.encoding)
            if encoding:
                log.encodings[file.name] = encoding
            return text
    except (BadImage, NoTable):
        return ""
    raise ValueError(f"{file.name} has more than {memory(most)}. Use a part of the images, and only their boxes.")


_READERS: dict[str, Callable[[Listing, ImageIndex, BoxLog], Iterator[Boxed]]] = {
    "YOLO": _yolo,
    "Pascal VOC": _voc,
    "COCO": _coco,
}
