"""The folder that contains people's own data sets: listing, loading and removing them."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from tfpool.data.custom.safe_names import slug
from tfpool.data.dataset import PARTS, DataSet, Part
from tfpool.data.depth import is_depth
from tfpool.data.tiff import tiff_choice
from tfpool.system.file_lock import try_lock

FACTS = "dataset.json"
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TEMPORARY, _CLAIM = ".making-", ".claimed-"
_DAY = 24 * 3600


def home() -> Path:
    """The folder for own data sets: TFPOOL_DATASETS, or `datasets` in the current folder."""
    return Path(os.environ.get("TFPOOL_DATASETS") or "datasets").absolute()


def slugs(folder: str | Path | None = None) -> list[str]:
    """The short names of all own data sets, sorted."""
    root = home() if folder is None else Path(folder)
    try:
        return sorted(path.parent.name for path in root.glob(f"*/{FACTS}") if _SLUG.fullmatch(path.parent.name))
    except OSError:
        return []


def is_image_source(path: str | Path) -> bool:
    """Whether there is a folder or a zip at a path, of images perhaps, but no data set, whole or damaged."""
    place = Path(path)
    with suppress(OSError, ValueError):
        if place.is_dir():
            return not any((place / name).exists() for name in (FACTS, *(f"{part}_images.npy" for part in PARTS)))
        return place.suffix.lower() == ".zip" and place.is_file()
    return False


def facts(folder: Path) -> dict[str, Any]:
    """The content of `dataset.json` in a data set's folder; empty if it is missing or damaged."""
    try:
        record = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def reading(folder: Path) -> dict[str, Any]:
    """How files were read to make the data set in a folder, which files that its models are used on are read alike.

    "depth" is the number of bits that images with more than 8 bits were scaled from, "pad_to_aspect_ratio" is true if
    images were padded, and "page" and "bands" are what was chosen of TIFF files. Each is left out where it is not so.
    """
    record = facts(folder)
    found = {"depth": record["depth"]} if is_depth(record.get("depth")) else {}
    for name in ("page", "bands"):
        with suppress(KeyError, TypeError, ValueError):
            tiff_choice(**{name: record[name]})
            found[name] = record[name]
    return found | ({"pad_to_aspect_ratio": True} if record.get("pad_to_aspect_ratio") is True else {})


def load(folder: Path) -> DataSet:
    """The data set in a folder that `add` wrote."""
    folder = folder.absolute()
    record = facts(folder)
    with suppress(KeyError, TypeError, ValueError, EOFError, OSError):
        data = _read(folder, record)
        if _matches(data, record):
            return data
    state = "damaged" if folder.is_dir() else "gone"
    raise ValueError(f"The data set in {folder} is {state}. Put its folder back, or add the images again.")


def _read(folder: Path, record: dict[str, Any]) -> DataSet:
    class_names, title, fingerprint = tuple(map(str, record["class_names"])), record["name"], record["fingerprint"]
    train, validation, test = (read_part(folder, part) for part in PARTS)
    return DataSet(folder.name, class_names, train, validation, test, str(title), str(folder), str(fingerprint))


def _matches(data: DataSet, record: dict[str, Any]) -> bool:
    return all(
        part.images.dtype == np.uint8
        and part.images.shape == (record["images"][name], *record["image_shape"])
        and part.labels.shape == part.images.shape[:1]
        and 0 <= part.labels.min() <= part.labels.max() < data.classes
        for name, part in data.parts.items()
    )


def read_part(folder: Path, part: str) -> Part:
    """A part of the data set in a folder, its images mapped from their file."""
    images = np.load(folder / f"{part}_images.npy", mmap_mode="r", allow_pickle=False)
    return Part(images, np.load(folder / f"{part}_labels.npy", allow_pickle=False))


def remove(folder: Path) -> None:
    """Delete a data set's folder in one step: other processes see all of it or nothing."""
    # Other programs name files dataset.json too: outside of home, delete only what tfpool certainly wrote.
    is_ours = folder.parent == home() or {"format", "fingerprint", "class_names"} <= set(facts(folder))
    if not _SLUG.fullmatch(folder.name) or not (folder / FACTS).is_file() or folder.is_symlink() or not is_ours:
        raise ValueError(f"{folder} is no data set that tfpool made. Nothing was removed.")
    try:
        try:
            # No new folder, and no new file: the disk may be full.
            removed = folder.rename(folder.with_name(f"{_TEMPORARY}{secrets.token_hex(8)}"))
        except OSError:
            (folder / FACTS).unlink()
            removed = folder
        shutil.rmtree(removed)
    except OSError as error:
        raise ValueError(
            f"{folder} cannot be removed: {error.strerror}. Look at the permissions of its folder."
        ) from None


@contextmanager
def disk_errors(root: Path) -> Iterator[None]:
    """Raise a ValueError that says what to do where the disk refuses."""
    try:
        yield
    except OSError as error:
        raise ValueError(
            f"The data set cannot be saved in {root}: {error.strerror}. Make room, or use another folder."
        ) from None


@contextmanager
def claimed_title(root: Path, title: str) -> Iterator[None]:
    """Keep a title free for one data set that is being made.

    Raises ValueError if there is a data set with that title, or another process or thread is making one.
    """
    root.mkdir(parents=True, exist_ok=True)
    path = root / f"{_CLAIM}{sha256(title.encode()).hexdigest()[:16]}"
    lock = try_lock(path)
    if lock is None:
        raise ValueError(f"A data set {title!r} is being made at this moment. Use another name, or wait for that one.")
    with lock:
        try:
            if title in titles(root):
                raise ValueError(
                    f"There is already a data set {title!r}. Use another name, or remove that data set first."
                )
            yield
        finally:
            # Windows keeps a file that is open, and the next holder uses it.
            with suppress(PermissionError):
                path.unlink(missing_ok=True)


def titles(root: Path) -> set[str]:
    """The titles of all own data sets in a folder."""
    return {str(facts(root / name).get("name")) for name in slugs(root)}


@contextmanager
def temporary_folder(root: Path) -> Iterator[Path]:
    """A folder that is deleted afterwards, unless it was renamed."""
    root.mkdir(parents=True, exist_ok=True)
    for path in root.glob(f"{_TEMPORARY}*"):
        # Left over by a killed process. Younger ones may belong to a process that is still at work.
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > _DAY:
                shutil.rmtree(path, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=root))
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def move_to_free_name(finished: Path, root: Path, title: str) -> Path:
    """Rename a finished folder to a name that is free, even if another process takes one at the same time."""
    names = {path.name for path in root.iterdir()}
    while True:
        name = slug(title, names)
        try:
            finished.chmod(0o755)
            return finished.rename(root / name)
        except OSError:
            if not (root / name).exists():
                raise
            names.add(name)
