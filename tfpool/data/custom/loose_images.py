"""The images of a folder or zip one by one, whatever classes its folders may stand for."""

from __future__ import annotations

from pathlib import Path

from tfpool.data.custom.frequent_reasons import why_no_image
from tfpool.data.custom.listing import File, Listing
from tfpool.data.custom.safe_names import natural_order


def is_zip(name: str) -> bool:
    """Whether a file is called like a zip."""
    return name.lower().endswith(".zip")


def is_collection(path: str | Path) -> bool:
    """Whether a path is that of a folder or a zip, and not of one image."""
    return is_zip(str(path)) or Path(path).is_dir()


def loose_images(listing: Listing) -> tuple[list[File], list[tuple[str, str]]]:
    """The image files of a folder or zip in the order of their names, and (name, reason) of what is left out.

    Text files and the like beside the images are nobody's image, and not named.

    Raises:
        ValueError: if there is neither.
    """
    left_out = [(name, reason) for name, reason in listing.skipped if reason != why_no_image("", listing.kind)]
    if not (listing.files or left_out):
        raise ValueError(f"{listing.name} holds no image. Give image files, or a folder or zip of images.")
    return sorted(listing.files, key=lambda file: natural_order(file.name)), left_out


def inside(source: str | Path, name: str) -> str:
    """The path of an image in a folder or zip, as people read it."""
    return f"{str(source).rstrip('/')}/{name}"
