"""Data sets for finding objects, told by the boxes beside their images, and refused: their folders are no classes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tfpool.data.custom.image_files import HEAD_BYTES, File, Listing
from tfpool.data.custom.part_names import is_plain, part_folders
from tfpool.data.images import BadImage

_MAX_READ = 50
"""Files of each kind that are read: a data set has boxes for all its images or for none."""


def refuse_detection(listing: Listing) -> None:
    """Raise ValueError if the images have boxes of YOLO, Pascal VOC or COCO and are not in folders by class.

    If they are, a note says that the boxes are not read.
    """
    stems = {_stem(file) for file in listing.files}
    texts = [file for file in listing.labels if _stem(file) in stems]
    found = (
        _first(texts, ".txt", _is_yolo, "a text file of YOLO's boxes")
        or _first(texts, ".xml", _is_voc, "an XML file of Pascal VOC's boxes")
        or _first(listing.labels, ".json", _is_coco, "a JSON file of COCO's boxes")
    )
    if not found:
        return
    boxed = {_stem(file) for file in texts if not file.path[-1].lower().endswith(".json")}
    in_json = found[0].path[-1].lower().endswith(".json")
    images = [file for file in listing.files if in_json or _stem(file) in boxed]
    if len({_class_path(file) for file in images}) < 2:
        raise ValueError(
            f"{listing.name} is a data set for detection: it has {found[1]}, such as {found[0].name}. "
            "Here a network classifies whole images: cut the objects out, and put them into one sub-folder per class."
        )
    text = f"The images have boxes, which are not read ({found[0].name}): the folders are taken for classes"
    listing.notes.append(f"{text}.")


def _first(files: Iterable[File], suffix: str, is_kind: Callable[[bytes], bool], what: str) -> tuple[File, str] | None:
    chosen = [file for file in files if file.path[-1].lower().endswith(suffix)][:_MAX_READ]
    for file in chosen:
        try:
            if is_kind(file.read()):
                return file, what
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


def _stem(file: File) -> str:
    return file.path[-1].rpartition(".")[0]


def _class_path(file: File) -> tuple[str, ...]:
    """The folders of an image without those that are parts or say nothing."""
    folders = file.path[:-1]
    return tuple(name for name in folders if not is_plain(name) and not part_folders([name]))
