"""The files of a zip, listed without unpacking anything; what cannot hold images only is refused as a whole."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tfpool.data.bad_image import BadImage
from tfpool.data.custom.code_pages import CODE_PAGES
from tfpool.data.custom.frequent_reasons import NOT_FOLLOWED
from tfpool.data.custom.listing import Listing, check_file_size, display_name
from tfpool.data.custom.safe_names import clean
from tfpool.data.custom.zip_names import entry_names
from tfpool.system.format import memory

MAX_BYTES = 20_000_000_000
HARMLESS_BYTES = 100_000_000
"""A zip that unpacks to less than this is harmless at any compression ratio."""
MAX_RATIO = 100


@contextmanager
def open_zip(file: Path | IO[bytes], name: str, encoding: str) -> Iterator[Listing]:
    """The files of a zip that a message calls by `name`; `encoding` is a key of `CODE_PAGES` or ""."""
    try:
        archive = zipfile.ZipFile(file)
    except PermissionError:
        raise ValueError(f"{name} may not be read. Look at the file's permissions.") from None
    except Exception:
        # Damaged directories of zips end in errors of many types.
        raise ValueError(
            f"{name} is not a zip file that can be read. Pack the folder of images into a zip again."
        ) from None
    with archive:
        listing = Listing(name, "zip", lambda: None, encoding=encoding)
        entries = archive.infolist()
        _check_entries(entries, listing)
        names = entry_names(entries, encoding)
        for entry, parts in zip(entries, names.paths, strict=True):
            path = _checked_path(parts, name)
            if path and not entry.is_dir():
                refusal = f"a link, {NOT_FOLLOWED}" if stat.S_ISLNK(entry.external_attr >> 16) else ""
                listing.add(path, _entry_reader(archive, entry, display_name(path)), refusal, entry.file_size)
        if names.code_pages:
            listing.code_pages = names.code_pages
            listing.notes.append(_note_of_names(*names.code_pages[0], is_guess=not encoding))
        listing.sort()
        yield listing


def _check_entries(entries: list[zipfile.ZipInfo], listing: Listing) -> None:
    """Refuse a whole zip, judging by its directory alone."""
    for entry in entries:
        listing.count()
        if entry.flag_bits & 1:
            raise ValueError(f"{listing.name} is protected by a password. Pack the images again without one.")
    size, packed = (sum(getattr(entry, name) for entry in entries) for name in ("file_size", "compress_size"))
    if size > MAX_BYTES:
        raise ValueError(
            f"{listing.name} unpacks to {memory(size)}, and at most {memory(MAX_BYTES)} are read. "
            "Use fewer or smaller images."
        )
    if size > HARMLESS_BYTES and size > MAX_RATIO * packed:
        raise ValueError(
            f"{listing.name} unpacks to {size / max(packed, 1):,.0f} times its size, which images never do. "
            "If the zip holds images, unpack them and give the folder instead."
        )


def _note_of_names(code_page: str, shown: str, is_guess: bool) -> str:
    how = "a guess that may be wrong" if is_guess else "as chosen"
    return (
        f"Names in the zip do not say their encoding. They are read as {code_page} ({CODE_PAGES[code_page]}), {how}: "
        f"{shown}."
    )


def _checked_path(parts: list[str], name: str) -> tuple[str, ...]:
    """Folders and name of an entry of the zip called `name`."""
    if (len(parts) > 1 and not parts[0]) or ".." in parts or parts[0][1:2] == ":":
        raise ValueError(
            f"{name} holds {display_name(tuple(parts))!r}, a path out of the zip. Pack the folder of images again."
        )
    return tuple(part for part in parts if part not in ("", "."))


def _entry_reader(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        if most < 0:
            check_file_size(entry.file_size, name)
        try:
            if most < 0:
                return archive.read(entry)
            with archive.open(entry) as opened:
                return opened.read(most)
        except Exception as error:
            # Python's decompressors have no common error.
            raise BadImage(name, f"is damaged inside the zip: {clean(str(error))}", "Pack it again.") from None

    return read
