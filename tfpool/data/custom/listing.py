"""What a source of images holds: files that were found and have not been opened yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from tfpool.data.bad_image import BadImage
from tfpool.data.custom.frequent_reasons import why_no_image
from tfpool.data.custom.safe_names import clean
from tfpool.data.image_formats import SUFFIXES
from tfpool.system.format import memory

MAX_FILES = 75_000
MAX_FILE_BYTES = 1_000_000_000
"""300 megapixels that are not packed take 900 MB."""
_LARGE_FILE_BYTES = 100_000_000
"""Bytes of a file above which it is read into memory one at a time."""
HEAD_BYTES = 100_000
TABLE_SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".json", ".jsonl", ".ndjson")
TEXT_SUFFIXES = (*TABLE_SUFFIXES, ".xml", ".yaml", ".yml", ".names", ".labels")
"""Ends of the names of files that may hold labels."""


@dataclass(frozen=True)
class File:
    """An image file that has not been opened yet. `read` returns its bytes or raises BadImage.

    `path` is made of the folders inside the source and the file's name, as they came. `size` is that in bytes.
    """

    path: tuple[str, ...]
    read: Callable[[], bytes]
    size: int = 0

    @property
    def is_large(self) -> bool:
        """Whether it is read into memory by one thread at a time."""
        return self.size > _LARGE_FILE_BYTES

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

    read_first: Callable[[int], bytes] = field(kw_only=True)


@dataclass
class Listing:
    """A source's image files, sorted by path, and those skipped, with the reason. `number` files are counted so far.

    `labels` are files that may hold labels or boxes. `notes` are sentences on the source. `check` raises ValueError if
    the source is gone.
    `code_pages` are those that names in a zip may be in, as in `EntryNames`; `encoding` is the one that was chosen for
    what is not in Unicode, "" if none was.
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
    encoding: str = ""

    def add(self, path: tuple[str, ...], read: Callable[[int], bytes], refusal: str = "", size: int = 0) -> None:
        """Add a file of a size in bytes, of which `read` returns at most so many. A `refusal` is why it is skipped."""
        # Operating systems leave these behind, and nobody means to add them.
        if any(part.startswith(".") or part == "__MACOSX" for part in path) or path[-1] in ("Thumbs.db", "desktop.ini"):
            return
        if refusal or not path[-1].lower().endswith(SUFFIXES):
            self.skipped.append((display_name(path), refusal or why_no_image(path[-1], self.kind)))
            if not refusal and path[-1].lower().endswith(TEXT_SUFFIXES):
                self.labels.append(TextFile(path, partial(read, HEAD_BYTES), read_first=read))
        else:
            self.files.append(File(path, partial(read, -1), size))

    def leave_out(self, files: Sequence[File], reason: str) -> None:
        """Skip images that were added before, for a reason."""
        paths = {file.path for file in files}
        self.files[:] = [file for file in self.files if file.path not in paths]
        self.skipped += [(file.name, reason) for file in files]
        self.skipped.sort()

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


def check_file_size(size: int, name: str) -> None:
    """Refuse an image file of too many bytes."""
    if size > MAX_FILE_BYTES:
        raise BadImage(name, f"has more than {memory(MAX_FILE_BYTES)}", "Use a smaller image.")
