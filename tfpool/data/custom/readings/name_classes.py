"""Classes in the names of files: cat.0.jpg, cat_001.jpg, dog (3).jpg. What cameras and programs write is no class."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from tfpool.data.custom.layout import MAX_CLASSES, ClassFile, Layout, with_given_parts
from tfpool.data.custom.listing import File, Listing
from tfpool.data.custom.part_names import part_folders
from tfpool.data.custom.readings.image_matching import ImageIndex, stem
from tfpool.data.custom.safe_names import clean

_LEAST_FRACTION = 0.5
_SAMPLE = 500
_WORDS_OF_MACHINES = """
    img imgs image images pic pics picture pictures photo photos foto fotos bild bilder frame frames scan scans file
    files dsc dscn dscf dscs dsci imag pict mg cimg sam hpim kif stp csc mvimg mvi gopr gp dji pxl pano burst vid video
    mov wa fb lrm export mmexport received screenshot screenshots screen shot snapshot capture camera cam whatsapp
    telegram signal snapchat instagram facebook download downloads untitled unnamed unbenannt copy kopie of at edit
    edited final thumb thumbnail resized cropped crop jpg jpeg png webp gif bmp tif tiff
"""
_MACHINE_WORDS = frozenset(_WORDS_OF_MACHINES.split())
"""Words that cameras, programs and people put before a number."""


def class_in_name(name: str) -> str:
    """The class that a file's name has beside its numbers; "" for none."""
    text = unicodedata.normalize("NFC", stem(name)).strip()
    # Roboflow appends a digest: cat_1_jpg.rf.3f0c….
    text = re.sub(r"[._](jpe?g|png|webp|bmp|tiff?)\.rf\.\w+$", "", text, flags=re.IGNORECASE)
    words = [word for word in re.split(r"[\s._()\[\]{}+,#-]+", text) if word]
    kept = [bare for word in words if (bare := _bare(word)) and bare.casefold() not in _MACHINE_WORDS]
    if len(kept) < len([word for word in words if _bare(word)]) and len("".join(kept)) < 3:
        # What is left of IMG_E1234 is no class.
        return ""
    return " ".join(kept)


def _bare(word: str) -> str:
    """A word without the number at its end; "" for numbers and for digests."""
    if word.isdecimal() or not any(map(str.isalpha, word)):
        return ""
    changes = len(re.findall(r"\d(?=[^\W\d])|[^\W\d](?=\d)", word))
    # P1010001 is written by a camera.
    if changes > 2 or re.fullmatch(r"[^\W\d_]\d{5,}", word):
        # n01440764 is a class of ImageNet.
        return word if re.fullmatch(r"n\d{8}", word) else ""
    return word.rstrip("0123456789")


def name_classes(listing: Listing) -> list[str]:
    """The class in each image file's name, if most names have one that other files share; else an empty list."""
    sample = listing.files[:: max(len(listing.files) // _SAMPLE, 1)]
    if sum(bool(class_in_name(file.path[-1])) for file in sample) < _LEAST_FRACTION * len(sample) / 2:
        return []
    names = [class_in_name(file.path[-1]) for file in listing.files]
    spellings: dict[str, Counter[str]] = {}
    for name in filter(None, names):
        spellings.setdefault(name.casefold(), Counter())[name] += 1
    shared = {name: spelled.most_common(1)[0][0] for name, spelled in spellings.items() if spelled.total() > 1}
    number = sum(spellings[name].total() for name in shared)
    if len(shared) > MAX_CLASSES or len(shared.keys() - part_folders(shared).keys()) < 2:
        return []
    return [shared.get(name.casefold(), "") for name in names] if number >= _LEAST_FRACTION * len(names) else []


def layout_of_names(files: Sequence[File], classes: Sequence[str], index: ImageIndex) -> Layout:
    """Image files with the classes in their names."""
    left_out = [
        (file.name, "without a class in its name") for file, name in zip(files, classes, strict=True) if not name
    ]
    class_files, parts, in_none = with_given_parts(
        [ClassFile(file, name, part) for file, name, part in zip(files, classes, index.parts, strict=True) if name]
    )
    example = next(class_file for class_file in class_files)
    text = f"Classes are read off the names of the files, such as {clean(example.folder)} off {example.file.name}."
    return Layout(class_files, parts, tuple(sorted(left_out + in_none)), (text,), "the class in the file name")
