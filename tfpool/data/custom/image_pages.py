"""The pictures in image files: a page of each or all of them, whole or the part within a box."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from tfpool.data.custom.layout import ClassFile, cut
from tfpool.data.depth import depth_of
from tfpool.data.images import BadImage, Decoded, decode, maximum_of
from tfpool.data.large_images import alone_if
from tfpool.data.tiff import TiffChoice, pages_of

MIN_BOX = 8
"""Pixels of the shorter side of a box, below which nothing can be seen in it."""


@dataclass(frozen=True)
class Page:
    """A page of an image file; `read` returns the bytes of the file or raises BadImage.

    `is_only` if no other page of the file is read.
    """

    class_file: ClassFile
    tiff: TiffChoice
    name: str
    read: Callable[[], bytes]
    is_only: bool = True

    @property
    def number(self) -> int:
        """From 1; 0 for a file that is not called like a TIFF file."""
        return (self.tiff.page or 1) * self.class_file.file.is_tiff


def pages_to_read(class_file: ClassFile, tiff: TiffChoice) -> list[Page]:
    """The pages of a file that are to be read: those of one file stay together in one part."""
    file = class_file.file
    if tiff.page or not file.is_tiff:
        return [Page(class_file, tiff, file.name, file.read)]
    try:
        content = file.read()
    except BadImage:
        return [Page(class_file, tiff, file.name, file.read)]
    numbers = pages_of(io.BytesIO(content))
    if len(numbers) == 1:
        return [Page(class_file, tiff, file.name, lambda: content)]
    class_file = replace(class_file, together=class_file.together or file.path)
    choices = [TiffChoice(number, tiff.bands) for number in numbers]
    return [Page(class_file, choice, f"{file.name}, page {choice.page}", lambda: content, False) for choice in choices]


def decode_page(page: Page, depth: int) -> Decoded:
    # Its bytes, too, are held by one thread only.
    with alone_if(page.class_file.file.is_large):
        decoded = decode(io.BytesIO(page.read()), page.name, depth or None, page.tiff)
    return _cut_out(decoded, page.class_file) if page.class_file.box else decoded


def _cut_out(decoded: Decoded, class_file: ClassFile) -> Decoded:
    """The part of a picture that is within the box."""
    name = class_file.file.name
    if class_file.size not in (None, decoded.size):
        # A picture that was turned or resized after its boxes were drawn: they would be anywhere.
        raise BadImage(name, "is of an image that has another size than its boxes were drawn in", "Draw them again.")
    assert class_file.box
    left, top, right, bottom = cut(decoded.size, class_file.box)
    if min(right - left, bottom - top) < MIN_BOX:
        raise BadImage(name, f"has a side below {MIN_BOX} pixels", "Use larger boxes.")
    image = decoded.image.crop(cut((decoded.image.height, decoded.image.width), class_file.box))
    return replace(decoded, image=image, size=(bottom - top, right - left))


def common_depth(class_files: Sequence[ClassFile], tiff: TiffChoice, report: Callable[[], None]) -> int:
    """The number of bits that holds the values of all gray images with more than 8 bits."""
    maximum = 0
    for class_file in class_files:
        report()
        with suppress(BadImage):
            maximum = max(maximum, maximum_of(io.BytesIO(class_file.file.read()), tiff))
    return depth_of(maximum)
