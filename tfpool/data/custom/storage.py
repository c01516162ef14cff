"""The folder that one's own data sets lie in: which there are, loading one without reading it, removing one."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from tfpool.data.custom.safe_names import slug
from tfpool.data.dataset import PARTS, DataSet, Part

FACTS = "dataset.json"
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MAKING = ".making-"
_DAY = 24 * 3600


def home() -> Path:
    """Where own data sets are kept: the folder that TFPOOL_DATASETS names, or `datasets` here."""
    return Path(os.environ.get("TFPOOL_DATASETS") or "datasets").absolute()


def slugs(folder: str | Path | None = None) -> list[str]:
    """The short names of all own data sets, sorted."""
    kept = home() if folder is None else Path(folder)
    try:
        return sorted(each.parent.name for each in kept.glob(f"*/{FACTS}") if _SLUG.fullmatch(each.parent.name))
    except OSError:
        return []


def facts(folder: Path) -> dict[str, Any]:
    """What `dataset.json` in a data set's folder says; empty where it says nothing."""
    try:
        described = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return described if isinstance(described, dict) else {}


def load(folder: Path) -> DataSet:
    """The data set in a folder that `add` made.

    Raises:
        ValueError: if the folder is gone or damaged.
    """
    folder = folder.absolute()
    described = facts(folder)
    try:
        data = _loaded(folder, described)
        sound = _fits(data, described)
    except (KeyError, TypeError, ValueError, EOFError, OSError):
        sound = False
    if not sound:
        state = "damaged" if folder.is_dir() else "gone"
        raise ValueError(f"The data set in {folder} is {state}. Put its folder back, or add the images again.")
    return data


def _loaded(folder: Path, described: dict[str, Any]) -> DataSet:
    train, validation, test = (read_part(folder, part) for part in PARTS)
    return DataSet(
        name=folder.name,
        class_names=tuple(map(str, described["class_names"])),
        train=train,
        validation=validation,
        test=test,
        title=str(described["name"]),
        location=str(folder),
        known_fingerprint=str(described["fingerprint"]),
    )


def _fits(data: DataSet, described: dict[str, Any]) -> bool:
    return all(
        part.images.dtype == np.uint8
        and part.images.shape == (described["images"][name], *described["image_shape"])
        and part.labels.shape == part.images.shape[:1]
        and 0 <= part.labels.min() <= part.labels.max() < data.classes
        for name, part in data.parts.items()
    )


def read_part(folder: Path, part: str) -> Part:
    images = np.load(folder / f"{part}_images.npy", mmap_mode="r", allow_pickle=False)
    return Part(images, np.load(folder / f"{part}_labels.npy", allow_pickle=False))


def remove(folder: Path) -> None:
    """Delete a data set's folder at once: whoever looks sees all of it or nothing.

    Raises:
        ValueError: if there is none, or it cannot be deleted.
    """
    # Others name files dataset.json too: elsewhere than at home only what is surely ours is deleted.
    ours = folder.parent == home() or {"format", "fingerprint", "class_names"} <= set(facts(folder))
    if not _SLUG.fullmatch(folder.name) or not (folder / FACTS).is_file() or folder.is_symlink() or not ours:
        raise ValueError(f"{folder} is no data set that tfpool made. Nothing was removed.")
    with writing(folder.parent), making(folder.parent) as temporary:
        folder.rename(temporary / folder.name)


@contextmanager
def writing(kept: Path) -> Iterator[None]:
    """What a disk refuses, as a sentence."""
    try:
        yield
    except OSError as error:
        raise ValueError(
            f"The data set cannot be kept in {kept}: {error.strerror}. Make room, or use another folder."
        ) from None


@contextmanager
def making(kept: Path) -> Iterator[Path]:
    """A folder that is gone afterwards, unless it was renamed."""
    kept.mkdir(parents=True, exist_ok=True)
    for left in kept.glob(f"{_MAKING}*"):
        # What a killed process left; others may be at work beside this one.
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > _DAY:
                shutil.rmtree(left, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(prefix=_MAKING, dir=kept))
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def placed(finished: Path, kept: Path, title: str, taken: Iterable[str]) -> Path:
    """Rename a finished folder to a name that nobody has, also if somebody takes one right now."""
    known = {*taken, *(each.name for each in kept.iterdir())}
    while True:
        name = slug(title, known)
        try:
            finished.chmod(0o755)
            return finished.rename(kept / name)
        except OSError:
            if not (kept / name).exists():
                raise
            known.add(name)
