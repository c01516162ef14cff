"""The image files in a folder or zip, listed without unpacking anything and never outside of it."""

from __future__ import annotations

import errno
import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

from tfpool.data.custom.code_pages import CODE_PAGES
from tfpool.data.custom.frequent_reasons import NOT_FOLLOWED, why_no_image
from tfpool.data.custom.safe_names import clean
from tfpool.data.custom.zip_names import entry_names
from tfpool.data.images import SUFFIXES, BadImage
from tfpool.system.format import memory

MAX_FILES = 75_000
MAX_FILE_BYTES = 300_000_000
MAX_BYTES = 20_000_000_000
HARMLESS_BYTES = 100_000_000
"""A zip that unpacks to less than this is harmless at any compression ratio."""
MAX_RATIO = 100
_MAX_DEPTH = 20
HEAD_BYTES = 100_000
TABLE_SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".json", ".jsonl", ".ndjson")
TEXT_SUFFIXES = (*TABLE_SUFFIXES, ".xml", ".yaml", ".yml", ".names", ".labels")
"""Ends of the names of files that may hold labels."""
_CAREFULLY = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"))


@dataclass(frozen=True)
class File:
    """An image file that has not been opened yet. `read` returns its bytes or raises BadImage.

    `path` is made of the folders inside the source and the file's name, as they came.
    """

    path: tuple[str, ...]
    read: Callable[[], bytes]

    @property
    def name(self) -> str:
        """The path on one line, safe to show."""
        return display_name(self.path)

    @property
    def is_tiff(self) -> bool:
        """Whether it is called like a TIFF file."""
        return self.path[-1].lower().endswith((".tif", ".tiff"))


@dataclass(frozen=True)
class TextFile(File):
    """A file that may hold labels. `read` returns its first bytes, and `read_first` as many as are asked for."""

    read_first: Callable[[int], bytes]


@dataclass
class Listing:
    """A source's image files, sorted by path, and those skipped, with the reason. `number` files are counted so far.

    `labels` are files that may hold labels or boxes. `notes` are sentences on the source. `check` raises ValueError if
    the source is gone.
    `code_pages` are those that names in a zip may be in, as in `EntryNames`.
    """

    name: str
    kind: str
    check: Callable[[], None]
    files: list[File] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    labels: list[TextFile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    number: int = 0
    code_pages: tuple[tuple[str, str], ...] = ()

    def add(self, path: tuple[str, ...], read: Callable[[int], bytes], refusal: str = "") -> None:
        """Add a file, of which `read` returns at most so many bytes. It is skipped where there is a `refusal`."""
        # Operating systems leave these behind, and nobody means to add them.
        if any(part.startswith(".") or part == "__MACOSX" for part in path) or path[-1] in ("Thumbs.db", "desktop.ini"):
            return
        if refusal or not path[-1].lower().endswith(SUFFIXES):
            self.skipped.append((display_name(path), refusal or why_no_image(path[-1], self.kind)))
            if not refusal and path[-1].lower().endswith(TEXT_SUFFIXES):
                self.labels.append(TextFile(path, partial(read, HEAD_BYTES), read))
        else:
            self.files.append(File(path, partial(read, -1)))

    def sort(self) -> None:
        """Make the order that of the names: that of a disk is another one on each computer."""
        self.files.sort(key=lambda file: file.path)
        self.labels.sort(key=lambda file: file.path)
        self.skipped.sort()

    def count(self) -> None:
        """Count a file, up to `MAX_FILES`."""
        self.number += 1
        if self.number > MAX_FILES:
            raise ValueError(
                f"{self.name} holds more than {MAX_FILES:,} files. Use fewer images, or several data sets."
            )


def display_name(path: tuple[str, ...]) -> str:
    """A path on one line, safe to show."""
    return clean("/".join(path), 160)


def open_source(source: str | Path | IO[bytes], encoding: str | None = None) -> AbstractContextManager[Listing]:
    """The image files of a folder, of a zip file, or of an open zip file such as an upload.

    `encoding` is that of names in a zip that say none, by default a guess.
    """
    if not isinstance(source, str | os.PathLike):
        return _open_zip(source, clean(str(getattr(source, "name", ""))) or "The upload", encoding)
    name = clean(str(source), 200)
    path = Path(source)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        raise ValueError(f"There is nothing to read at {name!r}. Give a folder or a zip file of images.") from None
    if stat.S_ISDIR(mode):
        return nullcontext(_list_folder(path.resolve(), name))
    if stat.S_ISREG(mode):
        return _open_zip(path, name, encoding)
    raise ValueError(
        f"{name} is neither a folder nor a zip file. Give a folder or a zip with one sub-folder per class."
    )


def _list_folder(root: Path, name: str) -> Listing:
    def check() -> None:
        if not root.is_dir():
            raise ValueError(f"The folder {name} vanished while it was read. Put it back and start again.")

    listing = Listing(name, "folder", check)
    _walk(root, root, (), listing)
    listing.sort()
    return listing


def _walk(folder: Path, root: Path, path: tuple[str, ...], listing: Listing) -> None:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                listing.count()
                _add_entry(entry, root, (*path, entry.name), listing)
    except OSError as error:
        listing.check()
        if not path:
            raise ValueError(f"The folder {listing.name} cannot be read: {error.strerror}.") from None
        listing.skipped.append((display_name(path), f"cannot be read: {error.strerror}"))


def _add_entry(entry: os.DirEntry[str], root: Path, path: tuple[str, ...], listing: Listing) -> None:
    file = Path(entry.path)
    if entry.is_dir(follow_symlinks=False):
        if len(path) > _MAX_DEPTH:
            listing.skipped.append((display_name(path), "too deep inside other folders"))
        else:
            _walk(file, root, path, listing)
        return
    refusal = ""
    if entry.is_symlink():
        # A link to a folder may lead back up, and a link to a file may expose what its owner never meant to give.
        file = Path(os.path.realpath(file))
        if not file.is_relative_to(root):
            refusal = f"a link out of the folder, {NOT_FOLLOWED}"
        elif file.is_dir():
            refusal = f"a link to a folder, {NOT_FOLLOWED}"
    try:
        found = file.stat()
    except OSError as error:
        leads_nowhere = error.errno in (errno.ENOENT, errno.ELOOP)
        refusal = refusal or ("no file" if leads_nowhere else f"cannot be read: {error.strerror}")
        listing.add(path, lambda most: b"", refusal)
        return
    if not stat.S_ISREG(found.st_mode):
        refusal = refusal or "no file"
    listing.add(path, partial(_read_file, file, _identity(found), display_name(path), listing), refusal)


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _read_file(file: Path, identity: tuple[int, int], name: str, listing: Listing, most: int) -> bytes:
    """Its first bytes; all with -1. What took the file's place since the folder was listed is not read."""
    try:
        # A pipe in its place is not waited for, and a link in its place not followed.
        descriptor = os.open(file, os.O_RDONLY | _CAREFULLY)
        with open(descriptor, "rb") as opened:  # noqa: PTH123
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or _identity(found) != identity:
                raise _replaced(name)
            if most < 0 and found.st_size > MAX_FILE_BYTES:
                raise _too_large(name)
            return opened.read(most)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _replaced(name) from None
        listing.check()
        raise BadImage(name, f"cannot be read: {error.strerror}", "Look at the file's permissions.") from None


def _replaced(name: str) -> BadImage:
    return BadImage(name, "was replaced while the folder was read", "Start again.")


def _too_large(name: str) -> BadImage:
    return BadImage(name, f"has more than {memory(MAX_FILE_BYTES)}", "Use a smaller image.")


@contextmanager
def _open_zip(file: Path | IO[bytes], name: str, encoding: str | None) -> Iterator[Listing]:
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
        listing = Listing(name, "zip", lambda: None)
        entries = archive.infolist()
        _check_entries(entries, listing)
        names = entry_names(entries, encoding)
        for entry, parts in zip(entries, names.paths, strict=True):
            path = _checked_path(parts, name)
            if path and not entry.is_dir():
                link = f"a link, {NOT_FOLLOWED}"
                is_link = stat.S_ISLNK(entry.external_attr >> 16)
                listing.add(path, _entry_reader(archive, entry, display_name(path)), link if is_link else "")
        if names.code_pages:
            listing.code_pages = names.code_pages
            listing.notes.append(_note_of_names(*names.code_pages[0], is_guess=encoding is None))
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
        if entry.file_size > MAX_FILE_BYTES and most < 0:
            raise _too_large(name)
        try:
            if most < 0:
                return archive.read(entry)
            with archive.open(entry) as opened:
                return opened.read(most)
        except Exception as error:
            # Python's decompressors have no common error.
            raise BadImage(name, f"is damaged inside the zip: {clean(str(error))}", "Pack it again.") from None

    return read
