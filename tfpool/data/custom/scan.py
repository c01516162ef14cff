"""One pass over all images of a source: size and digest of each, and those that cannot be read."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO, Generic, TypeVar

from PIL import Image

from tfpool.data.custom.frequent_reasons import frequent_reasons, remedy_of
from tfpool.data.custom.image_files import open_source
from tfpool.data.custom.image_pages import Page, common_depth, decode_page, pages_to_read
from tfpool.data.custom.layout import MAX_CLASSES, ClassFile, Layout
from tfpool.data.custom.listing import MAX_FILES
from tfpool.data.custom.picture_facts import Picture, picture_of
from tfpool.data.custom.readings.choice import FOLDERS, find_readings
from tfpool.data.custom.safe_names import distinct_names, natural_order, short_list
from tfpool.data.images import BadImage
from tfpool.data.tiff import FIRST_PAGE, TiffChoice
from tfpool.system.ordered_threads import in_threads, no_warnings

Source = str | Path | IO[bytes]
"""A folder, a zip file, or an open zip file."""
Value = TypeVar("Value")
Progress = Callable[[int, int], None]
"""`on_progress(done, total)`, called some ten times per second. An exception that it raises ends the work."""
_REPORT_SECONDS = 0.1
_BYTES_AT_ONCE, _MOST_AT_ONCE = 200_000, 16


@dataclass
class Scan:
    """What a source holds: pictures that can be read, and names and reasons of the other files.

    `folders` are the class folders in natural order: a label is an index into them. `class_names` has one for
    each, safe to show, and `empty` those of class folders without an image that can be read. `depth` is the number of
    bits that all gray images with more than 8 bits are scaled from, 0 if there are none. `layout` is how the source
    was understood, `reading` the key of that way, and `readings` the keys and descriptions of all ways, of which the
    first `is_certain` if nothing else is likely. `notes` are sentences on the source.
    `encodings` are those of `EntryNames.code_pages`, and `tiff` is what was chosen of TIFF files.
    """

    name: str
    layout: Layout
    pictures: list[Picture] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    class_names: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    depth: int = 0
    notes: tuple[str, ...] = ()
    reading: str = FOLDERS
    readings: tuple[tuple[str, str], ...] = ()
    is_certain: bool = True
    encodings: tuple[tuple[str, str], ...] = ()
    tiff: TiffChoice = FIRST_PAGE

    @property
    def labels(self) -> list[int]:
        """One per picture."""
        label_of = {folder: label for label, folder in enumerate(self.folders)}
        return [label_of[picture.class_file.folder] for picture in self.pictures]

    @property
    def parts(self) -> list[str]:
        """One per picture: the part that its owner put it into, "" for none."""
        return [picture.class_file.part for picture in self.pictures]

    @property
    def groups(self) -> dict[bytes, list[int]]:
        """Indices of the pictures with equal pixels, by their digest."""
        return group_equal([picture.digest for picture in self.pictures])


def group_equal(digests: Sequence[bytes]) -> dict[bytes, list[int]]:
    """Indices of equal digests."""
    groups: dict[bytes, list[int]] = {}
    for index, digest in enumerate(digests):
        groups.setdefault(digest, []).append(index)
    return groups


def scan(
    source: Source,
    on_progress: Progress | None = None,
    examine: Callable[[Image.Image], Value] | None = None,
    store: Callable[[Value], None] | None = None,
    reading: str | None = None,
    must_be_certain: bool = False,
    encoding: str | None = None,
    depth: int = 0,
    tiff: TiffChoice = FIRST_PAGE,
) -> Scan:
    """Read every image of a folder or zip that has a class.

    `on_progress` gets images done and images in all. `examine` gets each image that can be read, as upright RGB, in
    threads; `store` gets what that returns, in the order of `Scan.pictures`. `reading` is the key of a way to
    understand the source, by default the likeliest, which is refused with `must_be_certain` if others are likely too.
    With `depth`, images with more than 8 bits are scaled from so many bits. `encoding` is that of names in a zip which
    do not say theirs, by default a guess. `tiff` chooses pages and bands of TIFF files.
    """
    with open_source(source, encoding) as listing:
        ways = find_readings(listing)
        way = ways.choose(reading, must_be_certain)
        layout = way.layout()
        class_files = layout.class_files
        folders = {class_file.folder for class_file in class_files}
        skipped = [file for file in listing.skipped if file[0] not in layout.used]
        skipped = sorted([*skipped, *layout.left_out])
        _check_classes(listing.name, folders, skipped, ways.problems)
        notes = (*layout.notes, *listing.notes)
        result = Scan(listing.name, layout, [], [], skipped, notes=notes, reading=way.key, readings=ways.pairs)
        result.is_certain, result.encodings, result.depth = ways.ways[0].is_certain, listing.code_pages, depth
        result.tiff = tiff
        report = _reporter(on_progress, len(class_files))

        def pages(class_file: ClassFile) -> list[_Examined[Value]]:
            depth = result.depth
            return [_examined(page, depth, examine) for page in pages_to_read(class_file, tiff)]

        def pages_of_all(files: Sequence[ClassFile]) -> list[list[_Examined[Value]]]:
            return [pages(file) for file in files]

        # No warnings once for all images, since it costs as much as a small one.
        with no_warnings(), closing(in_threads(pages_of_all, _small_ones_together(class_files))) as ahead:
            for number, found in enumerate(chain.from_iterable(ahead)):
                report(number)
                for examined in found:
                    if examined.maximum and not result.depth:
                        # No earlier image has more than 8 bits. All that do are scaled alike.
                        result.depth = common_depth(class_files[number:], tiff, partial(report, number))
                    if examined.maximum and examined.depth != result.depth:
                        # It was read before that was known.
                        examined = _examined(examined.page, result.depth, examine)
                    if examined.picture is None:
                        result.unreadable.append((examined.page.name, examined.reason))
                        continue
                    result.pictures.append(examined.picture)
                    if len(result.pictures) > MAX_FILES:
                        raise ValueError(f"{listing.name} holds more than {MAX_FILES:,} pages. Use fewer files.")
                    if store and examined.value is not None:
                        store(examined.value)
        listing.check()
        if on_progress:
            on_progress(len(class_files), len(class_files))
    readable = Counter(picture.class_file.folder for picture in result.pictures)
    if not readable:
        raise ValueError(f"{listing.name} holds no image that can be read: {frequent_reasons(result.unreadable)}.")
    _check_classes(listing.name, set(readable), result.unreadable)
    result.empty = distinct_names(sorted(folders - set(readable), key=natural_order), "unnamed")
    result.folders = sorted(readable, key=natural_order)
    result.class_names = distinct_names(result.folders, "unnamed")
    return result


def _small_ones_together(class_files: Sequence[ClassFile]) -> Iterator[list[ClassFile]]:
    """The files in their order, several small ones at once: to hand over each would take a fifth longer."""
    together: list[ClassFile] = []
    size = 0
    for class_file in class_files:
        size += class_file.file.size
        if together and (size > _BYTES_AT_ONCE or len(together) == _MOST_AT_ONCE):
            yield together
            together, size = [], class_file.file.size
        together.append(class_file)
    if together:
        yield together


def _reporter(on_progress: Progress | None, total: int) -> Callable[[int], None]:
    last_report = 0.0

    def report(number: int) -> None:
        nonlocal last_report
        if on_progress and time.monotonic() - last_report > _REPORT_SECONDS:
            on_progress(number, total)
            last_report = time.monotonic()

    return report


@dataclass(frozen=True)
class _Examined(Generic[Value]):
    """A page that was read with a depth: its picture and what `examine` returned, or the reason why there is none."""

    page: Page
    depth: int
    picture: Picture | None = None
    value: Value | None = None
    reason: str = ""

    @property
    def maximum(self) -> int:
        return self.picture.maximum if self.picture else 0


def _examined(page: Page, depth: int, examine: Callable[[Image.Image], Value] | None) -> _Examined[Value]:
    try:
        decoded = decode_page(page, depth)
    except BadImage as error:
        return _Examined(page, depth, reason=error.reason)
    return _Examined(page, depth, picture_of(page, decoded), examine(decoded.image) if examine else None)


def _check_classes(
    name: str, folders: set[str], left_out: Sequence[tuple[str, str]], problems: Sequence[str] = ()
) -> None:
    reasons = Counter(reason for _, reason in left_out).most_common(1)
    remedy = remedy_of(reasons[0][0]) if reasons and not folders else ""
    remedy = remedy or "Put the images of each class into a sub-folder of their own, with two classes or more."
    if problems and not folders:
        remedy = f"Of tables of labels, {short_list(problems, 2)}. {remedy}"
    if left_out:
        remedy = f"Of its files, {frequent_reasons(left_out)}. {remedy}"
    if not folders:
        raise ValueError(f"{name} holds no image that can be read in a sub-folder. {remedy}")
    if len(folders) == 1:
        (only,) = distinct_names(list(folders), "unnamed")
        raise ValueError(f"{name} holds images of one class only, {only!r}. {remedy}")
    if len(folders) > MAX_CLASSES:
        raise ValueError(
            f"{name} has {len(folders):,} sub-folders, one per class, and at most {MAX_CLASSES:,} are read. {remedy}"
        )
