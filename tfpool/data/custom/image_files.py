"""The image files in a folder or a zip, found without unpacking and never outside of it."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tfpool.data.custom.safe_names import clean
from tfpool.data.images import SUFFIXES, BadImage

MOST_FILES = 75_000
MOST_FILE_BYTES = 300_000_000
MOST_BYTES = 20_000_000_000
SMALL_BYTES = 100_000_000
"""A zip that unpacks to less than this is harmless, however well it was packed."""
HIGHEST_RATIO = 100
_DEEPEST = 20
_ENCRYPTED = 1


@dataclass(frozen=True)
class File:
    """An image file, not yet opened.

    Attributes:
        path: folders inside the source and the file's name, as they came.
        read: its bytes. Raises BadImage.
    """

    path: tuple[str, ...]
    read: Callable[[], bytes]

    @property
    def name(self) -> str:
        """What to call it: one line, its end kept."""
        return shown(self.path)


@dataclass
class Found:
    """What a source holds.

    Attributes:
        name: what to call the source.
        files: image files by their names, sorted.
        skipped: names of other files, with the reason why they are left out.
        check: raises ValueError if the source is gone.
    """

    name: str
    check: Callable[[], None]
    files: list[File] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    seen: int = 0

    def add(self, path: tuple[str, ...], read: Callable[[], bytes], refused: str = "") -> None:
        """Take in a file; `refused` says why it is never read."""
        # Systems leave these behind: nobody means them.
        if any(part.startswith(".") or part == "__MACOSX" for part in path) or path[-1] in ("Thumbs.db", "desktop.ini"):
            return
        if refused or not path[-1].lower().endswith(SUFFIXES):
            self.skipped.append((shown(path), refused or "not named like an image"))
        else:
            self.files.append(File(path, read))

    def count(self) -> None:
        self.seen += 1
        if self.seen > MOST_FILES:
            raise ValueError(
                f"{self.name} holds more than {MOST_FILES:,} files. Use fewer images, or several data sets."
            )


def shown(path: tuple[str, ...]) -> str:
    return clean("/".join(path), 160)


@contextmanager
def opened(source: str | Path | IO[bytes]) -> Iterator[Found]:
    """The image files of a folder, of a zip file, or of an open zip file such as an upload.

    Raises:
        ValueError: if it is neither, is not safe to read, or holds too many files.
    """
    if not isinstance(source, str | os.PathLike):
        with _unzipped(source, clean(str(getattr(source, "name", ""))) or "The upload", lambda: None) as found:
            yield found
        return
    name = clean(str(source), 200)
    path = Path(source)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        raise ValueError(f"There is nothing to read at {name!r}. Give a folder or a zip file of images.") from None
    if stat.S_ISDIR(mode):
        yield _folder(path.resolve(), name)
    elif stat.S_ISREG(mode):
        with _unzipped(path, name, lambda: None) as found:
            yield found
    else:
        raise ValueError(f"{name} is neither a folder nor a zip file. Give one with a sub-folder for each class.")


def _folder(root: Path, name: str) -> Found:
    def check() -> None:
        if not root.is_dir():
            raise ValueError(f"The folder {name} vanished while it was read. Put it back and start again.")

    found = Found(name, check)
    _walk(root, root, (), found)
    found.files.sort(key=lambda file: file.path)
    return found


def _walk(folder: Path, root: Path, inside: tuple[str, ...], found: Found) -> None:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                found.count()
                _take(entry, root, (*inside, entry.name), found)
    except OSError as error:
        found.check()
        if not inside:
            raise ValueError(f"The folder {found.name} cannot be read: {error.strerror}.") from None
        found.skipped.append((shown(inside), f"cannot be read: {error.strerror}"))


def _take(entry: os.DirEntry[str], root: Path, path: tuple[str, ...], found: Found) -> None:
    file = Path(entry.path)
    if entry.is_dir(follow_symlinks=False):
        if len(path) > _DEEPEST:
            found.skipped.append((shown(path), "too deep inside other folders"))
        else:
            _walk(file, root, path, found)
        return
    refused = ""
    if entry.is_symlink():
        # A link to a folder may lead back up, one to a file may show what its owner never meant to give.
        target = Path(os.path.realpath(file))
        if not target.is_relative_to(root):
            refused = "a link out of the folder"
        elif target.is_dir():
            refused = "a link to a folder"
    if not refused and not file.is_file():
        refused = "no file"
    found.add(path, lambda: _bytes_of(file, shown(path), found), refused)


def _bytes_of(file: Path, name: str, found: Found) -> bytes:
    try:
        if file.stat().st_size > MOST_FILE_BYTES:
            raise _too_large(name)
        return file.read_bytes()
    except OSError as error:
        found.check()
        raise BadImage(name, f"cannot be read: {error.strerror}", "Look at the file's permissions.") from None


def _too_large(name: str) -> BadImage:
    return BadImage(name, f"has more than {MOST_FILE_BYTES:,} bytes", "Use a smaller image.")


@contextmanager
def _unzipped(file: Path | IO[bytes], name: str, check: Callable[[], None]) -> Iterator[Found]:
    broken = f"{name} is not a zip file that can be read. Pack the folder of images into a zip again."
    try:
        archive = zipfile.ZipFile(file)
    except PermissionError:
        raise ValueError(f"{name} may not be read. Look at the file's permissions.") from None
    except Exception:
        # Damaged directories of zips end in errors of many kinds.
        raise ValueError(broken) from None
    with archive:
        found = Found(name, check)
        entries = archive.infolist()
        _safe(entries, found)
        for entry in entries:
            path = _inside(entry, name)
            if path and not entry.is_dir():
                link = stat.S_ISLNK(entry.external_attr >> 16)
                found.add(path, _reader(archive, entry, shown(path)), "a link" if link else "")
        found.files.sort(key=lambda file: file.path)
        yield found


def _safe(entries: list[zipfile.ZipInfo], found: Found) -> None:
    """Refuse a zip as a whole, by what its directory says."""
    for entry in entries:
        found.count()
        if entry.flag_bits & _ENCRYPTED:
            raise ValueError(f"{found.name} is protected by a password. Pack the images again without one.")
    size, packed = (sum(getattr(entry, what) for entry in entries) for what in ("file_size", "compress_size"))
    if size > MOST_BYTES:
        raise ValueError(
            f"{found.name} unpacks to {size / 1e9:,.1f} GB, more than the {MOST_BYTES / 1e9:,.0f} GB that are read. "
            "Use fewer or smaller images."
        )
    if size > SMALL_BYTES and size > HIGHEST_RATIO * packed:
        raise ValueError(
            f"{found.name} unpacks to {size / max(packed, 1):,.0f} times its size, as images never do. "
            "If they are images, give the folder instead."
        )


def _inside(entry: zipfile.ZipInfo, name: str) -> tuple[str, ...]:
    """Folders and name of an entry. Some programs on Windows write them with backslashes."""
    path = entry.filename.replace("\\", "/")
    parts = path.split("/")
    if path.startswith("/") or ".." in parts or parts[0][1:2] == ":":
        raise ValueError(
            f"{name} holds {shown((entry.filename,))!r}, a path out of the zip. Pack the folder of images again."
        )
    return tuple(part for part in parts if part not in ("", "."))


def _reader(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> Callable[[], bytes]:
    def read() -> bytes:
        if entry.file_size > MOST_FILE_BYTES:
            raise _too_large(name)
        try:
            return archive.read(entry)
        except Exception as error:
            # Python's readers of packed bytes have no common error.
            raise BadImage(name, f"is damaged inside the zip: {clean(str(error))}", "Pack it again.") from None

    return read
