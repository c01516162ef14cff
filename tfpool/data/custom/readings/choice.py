"""All ways in which a source can be understood, the likeliest first, and the choice of one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple

from tfpool.data.custom.class_folders import Arrangement, arrange, assign_classes, assign_inner, assign_outer
from tfpool.data.custom.detection_labels import Detection, find_detection
from tfpool.data.custom.image_files import open_source
from tfpool.data.custom.layout import MAX_CLASSES, Layout
from tfpool.data.custom.listing import Listing
from tfpool.data.custom.part_names import is_one_word, is_plain
from tfpool.data.custom.readings.boxes import layout_of_boxes
from tfpool.data.custom.readings.image_matching import ImageIndex
from tfpool.data.custom.readings.masks import leave_out_masks, note_of_mask_folder
from tfpool.data.custom.readings.name_classes import layout_of_names, name_classes
from tfpool.data.custom.readings.table_boxes import layout_of_rows
from tfpool.data.custom.readings.table_columns import corner_columns
from tfpool.data.custom.readings.table_labels import LabelTables, find_tables
from tfpool.data.custom.safe_names import clean, distinct_names, natural_order, short_list

FOLDERS = "folders"
_MOST_OUTER, _MOST_OFFERS = 20, 8
_SHEETS = (".xlsx", ".xls", ".ods")


@dataclass(frozen=True)
class Reading:
    """One way to understand a source: its key, what it means, and what it comes to.

    `is_certain` if it may be taken without being chosen.
    """

    key: str
    description: str
    layout: Callable[[], Layout]
    is_certain: bool = False


@dataclass(frozen=True)
class Readings:
    """The ways to understand a source, the likeliest first; at least one. `problems` are sentences on label files."""

    name: str
    ways: tuple[Reading, ...]
    problems: tuple[str, ...] = ()

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Keys and descriptions."""
        return tuple((way.key, way.description) for way in self.ways)

    def choose(self, key: str | None, must_be_certain: bool = False) -> Reading:
        """The way with a key or the beginning of one, such as "table"; the likeliest for None.

        Raises ValueError if there is none, or if it has to be chosen and is not.
        """
        first = self.ways[0]
        if key is None:
            if must_be_certain and not first.is_certain:
                raise ValueError(
                    f"{self.name} is not plainly a folder per class. Check it, then choose how to read it: "
                    f"{self._offers()}."
                )
            return first
        for way in self.ways:
            if way.key == key:
                return way
        for way in self.ways:
            if way.key.startswith(f"{key}:"):
                return way
        raise ValueError(f"{self.name} cannot be read as {clean(key)!r}. Choose one of: {self._offers()}.")

    def _offers(self) -> str:
        offers = [f"reading={way.key!r}, {way.description}" for way in self.ways[:_MOST_OFFERS]]
        return "; ".join([*offers, "…"] if len(self.ways) > _MOST_OFFERS else offers)


class Overview(NamedTuple):
    """What there is to choose about a source: keys and descriptions of the ways to understand it, the likeliest first;
    the encodings that names in a zip may be in, as in `Listing.code_pages`; and whether there are TIFF files."""

    readings: tuple[tuple[str, str], ...]
    code_pages: tuple[tuple[str, str], ...]
    has_tiff: bool


def overview(source: str | Path | IO[bytes], encoding: str | None = None) -> Overview:
    """What there is to choose about a folder or zip. No image is read. Raises ValueError if it cannot be read."""
    with open_source(source, encoding) as listing:
        return Overview(find_readings(listing).pairs, listing.code_pages, any(file.is_tiff for file in listing.files))


def find_readings(listing: Listing) -> Readings:
    """The ways to understand a source.

    Folders come first unless there are no classes in them, or their names say nothing and a table or the names of the
    files do.
    """
    leave_out_masks(listing)
    index = ImageIndex(listing.files)
    tables, misread = find_tables(listing, index)
    detection = find_detection(listing, index)
    by_folder, refusal = _folders(listing, detection)
    others = [*_boxes(listing, index, detection), *_tables(tables, listing, index)]
    names = name_classes(listing)
    if names and not (by_folder and _is_same(names, by_folder[1], listing)):
        layout = layout_of_names(listing.files, names, index)
        text = f"the class in the file name: {short_list(layout.classes)}"
        others.append(Reading("names", text, lambda: layout))
    problems = (*misread, *_sheets(listing))
    if not by_folder:
        text = f"{refusal} Of tables of labels, {short_list(problems, 2)}." if problems else refusal
        ways = others or [Reading(FOLDERS, "a class per folder", partial(_refuse, text), is_certain=True)]
        if not others and not detection and len(assign_outer(listing).classes) > 1:
            ways.append(_outer(listing))
        return Readings(listing.name, tuple(ways), problems)
    arrangement, folders = by_folder
    if detection:
        text = f"The images have boxes, which are not read ({detection.example}): the folders are taken for classes."
        folders = replace(folders, notes=(*folders.notes, text))
    masks = note_of_mask_folder(folders)
    is_doubtful = bool(masks) or _is_doubtful(folders, tables, listing, bool(names))
    folders = replace(folders, notes=(*folders.notes, *masks))
    text = f"a class per folder: {short_list(folders.classes)}"
    way = Reading(FOLDERS, text, lambda: folders, not (arrangement.is_repeated or is_doubtful))
    inside = _inner(arrangement)
    if arrangement.has_parts:
        inside.append(_outer(listing))
    if len(folders.classes) < 2 and others:
        return Readings(listing.name, tuple(others), problems)
    are_numbers = all(name.isdecimal() for name in folders.classes)
    ways = [*others, way, *inside] if is_doubtful and not are_numbers else [way, *inside, *others]
    return Readings(listing.name, tuple(ways), problems)


def _refuse(sentence: str) -> Layout:
    raise ValueError(sentence)


def _folders(listing: Listing, detection: Detection | None) -> tuple[tuple[Arrangement, Layout] | None, str]:
    """Class folders, if there are two or more; else why there are none, where more is known than that."""
    if detection and not detection.is_by_class:
        return None, (
            f"{listing.name} is a data set for detection: it has {detection.what}, such as {detection.example}, "
            "and not of two classes or more. Here a network classifies whole images: cut the objects out, and put them "
            "into one sub-folder per class."
        )
    try:
        arrangement = arrange(listing)
    except ValueError as error:
        return None, str(error)
    return (arrangement, assign_classes(arrangement)), ""


def _boxes(listing: Listing, index: ImageIndex, detection: Detection | None) -> list[Reading]:
    if not detection:
        return []
    layout = layout_of_boxes(listing, index, detection.kind)
    if len(layout.classes) < 2:
        return []
    return [Reading("boxes", f"{layout.how}, as an image of its class: {short_list(layout.classes)}", lambda: layout)]


def _tables(tables: Sequence[LabelTables], listing: Listing, index: ImageIndex) -> list[Reading]:
    ways: list[Reading] = []
    for table in tables:
        for labels in table.labels:
            start = len(ways)
            source = f"{table.files[0].name}:{labels.name}"
            classes = sorted(set(table.classes(labels).values()), key=natural_order)
            if len(classes) > 1:
                text = f"labels in {table.name}, classes from {labels.name}: {short_list([*map(clean, classes)])}"
                layout = partial(table.layout, labels, listing.files, index)
                ways.append(Reading(f"table:{source}", text, layout))
            if corner_columns(table.columns):
                text = f"each box of {table.name} cut out, classes from {labels.name}"
                way = Reading(f"boxes:{source}", text, partial(layout_of_rows, table, labels, listing, index))
                # Images of several boxes have no single class.
                ways.insert(start if table.has_several(labels) else len(ways), way)
    keys = distinct_names([way.key for way in ways], "table")
    return [replace(way, key=key) for way, key in zip(ways, keys, strict=True)]


def _inner(arrangement: Arrangement) -> list[Reading]:
    """Readings with the folders inside the class folders as the classes."""
    inner = arrangement.inner
    names = sorted(set().union(*inner.values()), key=natural_order)
    number = sum(len(path) > 2 for _, path, _ in arrangement.paths)
    if not 2 <= len(names) <= MAX_CLASSES or 2 * number < len(arrangement.paths):
        return []
    text = short_list([*map(clean, names)])
    ways = [Reading("inner", f"a class per inner folder: {text}", partial(assign_inner, arrangement))]
    if arrangement.is_repeated:
        outer = sorted((name for name in inner if len(inner[name]) > 1), key=natural_order)
        for name in outer[:_MOST_OUTER]:
            text = f"a class per folder inside {clean(name)}"
            ways.append(Reading(f"inner:{clean(name)}", text, partial(assign_inner, arrangement, name)))
    return ways


def _outer(listing: Listing) -> Reading:
    layout = assign_outer(listing)
    text = f"a class per outer folder, whatever it is called: {short_list(layout.classes)}"
    return Reading("outer", text, lambda: layout)


def _is_doubtful(folders: Layout, tables: Sequence[LabelTables], listing: Listing, has_names: bool) -> bool:
    """Whether the folders' names say nothing, as images_1 and images_2, and something else does."""
    names = {file.folder for file in folders.class_files}
    if has_names and all(is_plain(name) and not name.isdecimal() for name in names):
        return True
    if not tables or not is_one_word(names):
        return False
    labels = tables[0].classes(tables[0].labels[0])
    return not _is_same([labels.get(number, "") for number in range(len(listing.files))], folders, listing)


def _is_same(classes: Sequence[str], folders: Layout, listing: Listing) -> bool:
    """Whether classes, one for each image, divide the images as folders do, but for those without one."""
    folder_of = {file.file.path: file.folder for file in folders.class_files}
    pairs = {
        (folder_of[file.path], name)
        for file, name in zip(listing.files, classes, strict=True)
        if name and file.path in folder_of
    }
    return bool(pairs) and len(pairs) == len({folder for folder, _ in pairs}) == len({name for _, name in pairs})


def _sheets(listing: Listing) -> list[str]:
    names = [name for name, _ in listing.skipped if name.lower().endswith(_SHEETS)]
    return [f"{name} is not read: save it as CSV" for name in names[:3]]
