"""Masks of data sets for segmentation, which have no class: beside their images, or in a folder of their own."""

from __future__ import annotations

import re

from tfpool.data.custom.layout import Layout
from tfpool.data.custom.listing import Listing
from tfpool.data.custom.part_names import is_plain
from tfpool.data.custom.readings.image_matching import stem
from tfpool.data.custom.safe_names import clean

_WORDS = "masks? gt groundtruth truth segmentations? seg"
_FOLDERS = re.compile(f"{_WORDS} trimaps? annotations? labels?".replace(" ", "|"))
_SUFFIX = re.compile(f"[ _.-]+({_WORDS.replace(' ', '|')})([ _.-]*[0-9]+)?$", re.IGNORECASE)


def leave_out_masks(listing: Listing) -> None:
    """Take files such as 1_mask.png, which lie beside 1.png, out of a listing's images, and say so."""
    images = {(file.path[:-1], stem(file.path[-1])) for file in listing.files}
    masks = [file for file in listing.files if (file.path[:-1], _masked(stem(file.path[-1]))) in images]
    if not masks:
        return
    listing.leave_out(masks, "called like the mask of an image beside it")
    text = "Files that are called like masks of images beside them, left out"
    listing.notes.append(f"{text}: {len(masks):,}, such as {masks[0].name}.")


def _masked(name: str) -> str | None:
    """The stem of the image that a mask belongs to, by the mask's stem; None if it is not called like one."""
    found = _SUFFIX.search(name)
    return name[: found.start()] if found else None


def note_of_mask_folder(folders: Layout) -> list[str]:
    """A sentence on a folder of masks beside one such as images, with files that are called alike."""
    stems: dict[str, set[str]] = {}
    for file in folders.class_files:
        stems.setdefault(file.folder, set()).add(stem(file.file.path[-1]))
    for name, own in stems.items():
        if not any(map(_FOLDERS.fullmatch, re.findall(r"[a-z]+", name.lower()))):
            continue
        others = set().union(*(of_other for other, of_other in stems.items() if is_plain(other)))
        if 2 * sum((_masked(each) or each) in others for each in own) > len(own):
            return [
                f"The files in {clean(name)} are called like images beside them: if they are masks, this is a data set "
                "for segmentation, whose folders are no classes."
            ]
    return []
