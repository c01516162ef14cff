"""Data sets for finding objects, told by the boxes beside their images."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tfpool.data.custom.listing import HEAD_BYTES, File, Listing
from tfpool.data.custom.part_names import is_plain, part_folders
from tfpool.data.custom.readings.image_matching import ImageIndex
from tfpool.data.images import BadImage

_MAX_READ = 50
"""Files of each kind that are read: a data set has boxes for all its images or for none."""


@dataclass(frozen=True)
class Detection:
    """Boxes beside images: of "YOLO", "Pascal VOC" or "COCO", what holds them, and the name of such a file.

    `is_by_class` where the images are in folders by class all the same.
    """

    kind: str
    what: str
    example: str
    is_by_class: bool


def find_detection(listing: Listing, index: ImageIndex) -> Detection | None:
    """The boxes of the images, if they have some."""
    texts = [
        file for file in listing.labels if file.path[-1].lower().endswith((".txt", ".xml")) and index.has(file.path[-1])
    ]
    kinds = (
        ("YOLO", _first(texts, ".txt", _is_yolo), "a text file of YOLO's boxes"),
        ("Pascal VOC", _first(texts, ".xml", _is_voc), "an XML file of Pascal VOC's boxes"),
        ("COCO", _first(listing.labels, ".json", _is_coco), "a JSON file of COCO's boxes"),
    )
    for kind, found, what in kinds:
        if found:
            images = listing.files
            if kind != "COCO":
                # Others are called alike, as the masks of Pascal VOC are.
                images = [images[image] for file in texts if isinstance(image := index.image_of(file.path), int)]
            return Detection(kind, what, found.name, len({_class_path(file) for file in images}) > 1)
    return None


def _first(files: Iterable[File], suffix: str, is_kind: Callable[[bytes], bool]) -> File | None:
    chosen = [file for file in files if file.path[-1].lower().endswith(suffix)][:_MAX_READ]
    for file in chosen:
        try:
            if is_kind(file.read()):
                return file
        except BadImage:
            continue
    return None


def _is_yolo(head: bytes) -> bool:
    """Whether each line is the number of a class and four or more numbers. The last line may be cut off."""
    whole = head[: head.rfind(b"\n") + 1] or head
    lines = [line.split() for line in whole.splitlines() if line.strip()]
    return bool(lines) and all(len(line) > 4 and line[0].isdigit() and all(map(_is_number, line)) for line in lines)


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_voc(head: bytes) -> bool:
    return b"<annotation" in head and b"<bndbox" in head


def _is_coco(head: bytes) -> bool:
    """Whether it is an object with images and boxes. In a long file the boxes are after its first bytes."""
    may_have_boxes = b'"bbox"' in head or (len(head) == HEAD_BYTES and b'"file_name"' in head)
    return head.lstrip()[:1] == b"{" and b'"images"' in head and may_have_boxes


def _class_path(file: File) -> tuple[str, ...]:
    """The folders of an image without those that are parts or say nothing."""
    folders = file.path[:-1]
    return tuple(name for name in folders if not is_plain(name) and not part_folders([name]))
