"""Data sets of one's own on a worker's machine, by fingerprint: each is sent there once."""

from __future__ import annotations

import getpass
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from tfpool import data
from tfpool.training.cluster.parcel import pack, unpack


def location(name: str, fingerprint: str) -> str | None:
    """What `data.load` takes on this machine for a data set; None if the data set has to be sent first."""
    if name in data.DATA:
        return name
    return str(folder) if (folder := _folder(fingerprint)).is_dir() else None


def store(parcel: bytes, fingerprint: str) -> None:
    """Keep a data set that was sent."""
    folder = _folder(fingerprint)
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".receiving-"))
    unpack(parcel, temporary)
    # Another worker of this machine may have been first.
    with suppress(OSError):
        temporary.rename(folder)
    shutil.rmtree(temporary, ignore_errors=True)


def packed(location: str) -> bytes:
    """A data set's folder, ready to be sent."""
    folder = Path(location)
    return pack({}, folder, sorted(path for path in folder.rglob("*") if path.is_file()))


def _folder(fingerprint: str) -> Path:
    return Path(tempfile.gettempdir()) / f"tfpool-{getpass.getuser()}" / "datasets" / fingerprint[:32]
