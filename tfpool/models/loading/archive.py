"""What lies in a model's file: an archive's entries and HDF5's arrays, looked through before Keras reads any of it.

No size that a file states is taken at its word, and no link is followed.
"""

from __future__ import annotations

import stat
from math import prod
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo, is_zipfile

import h5py  # type: ignore[import-untyped]

from tfpool.models.loading.config import Refused

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
MOST_BYTES = 4 * 2**30
MOST_CONFIG_BYTES = 20 * 2**20
"""The largest of keras.applications, EfficientNetB7 and NASNet, have 0.8 MB."""
MOST_EXPANSION = 100
"""Text shrinks to a thirtieth, weights hardly at all."""
MOST_CLAIMED = 10
"""Times the file's size. Keras writes its arrays as they are: this is for files that were packed again."""

FILTERS = frozenset({h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32})
"""Any other would have HDF5 look for a plug-in to run."""


def unpack(path: Path, folder: Path) -> bytes:
    """Write an archive's weights to a folder under the name that Keras gives them.

    Returns:
        The text of its config.

    Raises:
        Refused: if it has entries that Keras does not write, or of sizes that no model has.
        ValueError: if it is no archive.
    """
    with path.open("rb") as file:
        if not is_zipfile(file):
            raise ValueError("a .keras file is a zip archive.")
        with ZipFile(file) as archive:
            entries = _entries(archive)
            with archive.open(entries[WEIGHTS]) as packed:
                copy(packed, folder / WEIGHTS)
            with archive.open(entries[CONFIG]) as packed:
                return packed.read(MOST_CONFIG_BYTES)


def _entries(archive: ZipFile) -> dict[str, ZipInfo]:
    entries: dict[str, ZipInfo] = {}
    for entry in archive.infolist():
        name = repr(entry.filename[:60])
        if entry.filename in entries:
            raise Refused(f"it holds {name} twice.")
        if entry.filename not in (CONFIG, "metadata.json", WEIGHTS, "assets/"):
            raise Refused(f"it holds {name}, which is no part of a model of stock layers.")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise Refused(f"its {name} is a link.")
        if entry.flag_bits & 1:
            raise Refused(f"its {name} is protected by a password.")
        if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise Refused(f"its {name} is packed in a way that Keras does not use.")
        if entry.file_size > MOST_EXPANSION * entry.compress_size:
            raise Refused(f"its {name} unpacks to more than {MOST_EXPANSION} times its size, as no model does.")
        entries[entry.filename] = entry
    for needed in (CONFIG, WEIGHTS):
        if needed not in entries:
            raise Refused(f"it holds no {needed}.")
    if entries[CONFIG].file_size >= MOST_CONFIG_BYTES:
        raise Refused(f"its {CONFIG} has more than the {MOST_CONFIG_BYTES:,} bytes that are read.")
    return entries


def copy(file: IO[bytes], target: Path) -> None:
    """Write what is left of an open file to another, as long as it is not too much.

    Raises:
        Refused: if it is.
    """
    with target.open("xb") as written:
        while chunk := file.read(2**20):
            if written.tell() + len(chunk) > MOST_BYTES:
                raise Refused(f"it has more than the {MOST_BYTES / 2**30:.0f} GB that are read.")
            written.write(chunk)


def model_config(path: Path) -> str | bytes:
    """The text of the config in a whole model's `.h5`.

    Raises:
        Refused: if it has none.
    """
    with h5py.File(path) as file:
        config = file.attrs.get("model_config")
    if not isinstance(config, str | bytes):
        raise Refused("it holds no model, at most weights.")
    if len(config) > MOST_CONFIG_BYTES:
        raise Refused(f"its config has more than the {MOST_CONFIG_BYTES:,} bytes that are read.")
    return config


def count(path: Path) -> int:
    """How many numbers the arrays of an HDF5 file hold.

    Raises:
        Refused: if anything in it lies elsewhere, is no array of numbers, or claims to be larger than it can be.
    """
    most = min(MOST_CLAIMED * path.stat().st_size, MOST_BYTES)
    numbers = claimed = 0
    with h5py.File(path) as file:
        waiting, seen = [file["/"]], {_address(file["/"])}
        while waiting:
            group = waiting.pop()
            for name in group:
                link = group.get(name, getlink=True)
                if not isinstance(link, h5py.HardLink):
                    raise Refused("its weights lead elsewhere, by a link.")
                found = group[name]
                if _address(found) in seen:
                    raise Refused("its weights have one array or group in two places.")
                seen.add(_address(found))
                if isinstance(found, h5py.Group):
                    waiting.append(found)
                    continue
                _check_array(found)
                numbers += prod(found.shape)
                claimed += prod(found.shape) * found.dtype.itemsize
                if claimed > most:
                    raise Refused(f"its weights claim to be more than the file can hold, {claimed / 2**20:,.0f} MB.")
    return numbers


def _check_array(found: Any) -> None:
    if not isinstance(found, h5py.Dataset):
        raise Refused("its weights hold what is no array.")
    settings = found.id.get_create_plist()
    if found.is_virtual or settings.get_external_count():
        raise Refused("its weights lead elsewhere, into another file.")
    # HDF5 knows no bfloat16: Keras writes it as two bytes without a meaning.
    is_bfloat16 = found.dtype.str == "|V2" and not found.dtype.fields
    if found.shape is None or not (found.dtype.kind in "fiub" or is_bfloat16):
        raise Refused("its weights hold what are no numbers.")
    if not {settings.get_filter(number)[0] for number in range(settings.get_nfilters())} <= FILTERS:
        raise Refused("its weights are packed in a way that Keras does not use.")


def _address(found: Any) -> int:
    return h5py.h5o.get_info(found.id).addr
