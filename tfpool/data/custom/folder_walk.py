"""The files of a folder, found without following anything out of it."""

from __future__ import annotations

import errno
import os
import stat
from functools import partial
from pathlib import Path

from tfpool.data.bad_image import BadImage
from tfpool.data.custom.frequent_reasons import NOT_FOLLOWED
from tfpool.data.custom.listing import File, Listing, check_file_size, display_name

_MAX_DEPTH = 20
_CAREFULLY = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"))


def list_folder(root: Path, name: str, encoding: str) -> Listing:
    """The files of a folder that a message calls by `name`; `encoding` is a key of `CODE_PAGES` or ""."""

    def check() -> None:
        if not root.is_dir():
            raise ValueError(f"The folder {name} vanished while it was read. Put it back and start again.")

    listing = Listing(name, "folder", check, encoding=encoding)
    links: dict[tuple[str, ...], Path] = {}
    _walk(root, root, (), listing, links)
    _leave_out_sources(listing, root, links)
    listing.sort()
    return listing


def _leave_out_sources(listing: Listing, root: Path, links: dict[tuple[str, ...], Path]) -> None:
    """Leave out folders whose images are all sorted into others by links: the links say what the classes are."""
    if not links:
        return
    targets, sources = set(links.values()), list[File]()
    folders: dict[tuple[str, ...], list[File]] = {}
    for file in listing.files:
        if file.path not in links:
            folders.setdefault(file.path[:-1], []).append(file)
    for folder, files in folders.items():
        if all(root.joinpath(*file.path) in targets for file in files):
            sources += files
            where = display_name(folder) if folder else "The outermost folder"
            listing.notes.append(
                f"{where} holds images that links elsewhere lead to. They are read where the links are."
            )
    listing.leave_out(sources, "read where a link leads to it")


def _walk(
    folder: Path, root: Path, path: tuple[str, ...], listing: Listing, links: dict[tuple[str, ...], Path]
) -> None:
    """Add what is in a folder to a listing, and each link to a file in the source to `links`."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                listing.count()
                _add_entry(entry, root, (*path, entry.name), listing, links)
    except OSError as error:
        listing.check()
        if not path:
            raise ValueError(f"The folder {listing.name} cannot be read: {error.strerror}.") from None
        listing.skipped.append((display_name(path), f"cannot be read: {error.strerror}"))


def _add_entry(
    entry: os.DirEntry[str], root: Path, path: tuple[str, ...], listing: Listing, links: dict[tuple[str, ...], Path]
) -> None:
    file = Path(entry.path)
    if entry.is_dir(follow_symlinks=False):
        if len(path) > _MAX_DEPTH:
            listing.skipped.append((display_name(path), "too deep inside other folders"))
        else:
            _walk(file, root, path, listing, links)
        return
    refusal = ""
    if entry.is_symlink():
        # A link to a folder may lead back up, and a link to a file may expose what its owner never meant to give.
        file = Path(os.path.realpath(file))
        if not file.is_relative_to(root):
            refusal = f"a link out of the folder, {NOT_FOLLOWED}"
        elif file.is_dir():
            refusal = f"a link to a folder, {NOT_FOLLOWED}"
        else:
            links[path] = file
    try:
        found = file.stat()
    except OSError as error:
        leads_nowhere = error.errno in (errno.ENOENT, errno.ELOOP)
        refusal = refusal or ("no file" if leads_nowhere else f"cannot be read: {error.strerror}")
        listing.add(path, lambda most: b"", refusal)
        return
    if not stat.S_ISREG(found.st_mode):
        refusal = refusal or "no file"
    listing.add(path, partial(_read_file, file, _identity(found), display_name(path), listing), refusal, found.st_size)


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
            if most < 0:
                check_file_size(found.st_size, name)
            return opened.read(most)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _replaced(name) from None
        listing.check()
        raise BadImage(name, f"cannot be read: {error.strerror}", "Look at the file's permissions.") from None


def _replaced(name: str) -> BadImage:
    return BadImage(name, "was replaced while the folder was read", "Start again.")
