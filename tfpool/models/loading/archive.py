"""The contents of a model's file, an archive's entries and HDF5's arrays, checked before Keras reads any of them.

No size stated by a file is trusted, and no link is followed.
"""

from __future__ import annotations

import json
import stat
from math import prod
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo, is_zipfile

import h5py  # type: ignore[import-untyped]

from tfpool.models.loading.config import Refused
from tfpool.models.loading.file_formats import NOT_KERAS, WEIGHTS_ALONE, holds_weights_alone
from tfpool.system.format import memory

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
MOST_BYTES = 4 * 2**30
MOST_CONFIG_BYTES = 20 * 2**20
"""The largest configs of keras.applications, EfficientNetB7's and NASNet's, have 0.8 MB."""
MOST_METADATA_BYTES = 10_000
MOST_EXPANSION = 100
"""Compression makes text about 30 times smaller, weights hardly smaller."""
MOST_CLAIMED = 10
"""Times the file's size. Keras does not compress its arrays, but someone may have compressed them later."""

FILTERS = frozenset({h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32})
"""For any other filter HDF5 would search for a plug-in and run it."""


def unpack(path: Path, folder: Path, most: int = MOST_BYTES) -> tuple[bytes, str | None]:
    """Write an archive's weights, at most so many bytes, to a folder under the name that Keras gives them.

    Returns the text of the config, and the version of Keras that wrote it, None where the archive does not say.
    """
    with path.open("rb") as file:
        if not is_zipfile(file):
            raise Refused("a .keras file is a zip archive.")
        with ZipFile(file) as archive:
            entries = _entries(archive)
            with archive.open(entries[WEIGHTS]) as packed:
                copy(packed, folder / WEIGHTS, most)
            with archive.open(entries[CONFIG]) as packed:
                config = packed.read(MOST_CONFIG_BYTES)
            return config, _version(archive) if METADATA in entries else None


def _version(archive: ZipFile) -> str | None:
    with archive.open(METADATA) as packed:
        text = packed.read(MOST_METADATA_BYTES)
    try:
        version = json.loads(text)["keras_version"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return version if isinstance(version, str) else None


def _entries(archive: ZipFile) -> dict[str, ZipInfo]:
    entries: dict[str, ZipInfo] = {}
    for entry in archive.infolist():
        name = repr(entry.filename[:60])
        if entry.filename in entries:
            raise Refused(f"it holds {name} twice.")
        if entry.filename not in (CONFIG, METADATA, WEIGHTS, "assets/"):
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
        raise Refused(f"its {CONFIG} has more than the {memory(MOST_CONFIG_BYTES)} that are read.")
    return entries


def copy(file: IO[bytes], target: Path, most: int = MOST_BYTES) -> None:
    """Copy the rest of an open file; more bytes than `most` are refused."""
    with target.open("xb") as copied:
        while chunk := file.read(2**20):
            if copied.tell() + len(chunk) > most:
                raise Refused(f"it has more than the {memory(most)} that are read.")
            copied.write(chunk)


def model_config(path: Path) -> tuple[str | bytes, str | None]:
    """The text of the config in a whole model's `.h5`, and the version of Keras, None where the file does not say."""
    with h5py.File(path) as file:
        config, version = file.attrs.get("model_config"), file.attrs.get("keras_version")
        if not isinstance(config, str | bytes):
            raise Refused(f"it {WEIGHTS_ALONE if holds_weights_alone(file) else NOT_KERAS}")
    if len(config) > MOST_CONFIG_BYTES:
        raise Refused(f"its config has more than the {memory(MOST_CONFIG_BYTES)} that are read.")
    version = version.decode(errors="replace") if isinstance(version, bytes) else version
    return config, version if isinstance(version, str) else None


def count_numbers(path: Path, most: int = MOST_BYTES) -> int:
    """The number of numbers in the arrays of an HDF5 file.

    Refused if anything in it lies elsewhere, is not an array of numbers, or claims an impossible size, or one of more
    bytes than `most`.
    """
    most = min(MOST_CLAIMED * path.stat().st_size, most)
    numbers = claimed = 0
    with h5py.File(path) as file:
        waiting, visited = [file["/"]], {_address(file["/"])}
        while waiting:
            group = waiting.pop()
            for name in group:
                link = group.get(name, getlink=True)
                if not isinstance(link, h5py.HardLink):
                    raise Refused("its weights lead elsewhere, by a link.")
                item = group[name]
                if _address(item) in visited:
                    raise Refused("its weights have one array or group in two places.")
                visited.add(_address(item))
                if isinstance(item, h5py.Group):
                    waiting.append(item)
                    continue
                _check_array(item)
                numbers += prod(item.shape)
                claimed += prod(item.shape) * item.dtype.itemsize
                if claimed > most:
                    raise Refused(f"its weights claim to be more than the file can hold, {memory(claimed)}.")
    return numbers


def _check_array(item: Any) -> None:
    if not isinstance(item, h5py.Dataset):
        raise Refused("its weights hold something that is not an array.")
    settings = item.id.get_create_plist()
    if item.is_virtual or settings.get_external_count():
        raise Refused("its weights lead elsewhere, into another file.")
    # HDF5 has no bfloat16: Keras writes these numbers as two opaque bytes.
    is_bfloat16 = item.dtype.str == "|V2" and not item.dtype.fields
    if item.shape is None or not (item.dtype.kind in "fiub" or is_bfloat16):
        raise Refused("its weights hold something other than numbers.")
    if not {settings.get_filter(number)[0] for number in range(settings.get_nfilters())} <= FILTERS:
        raise Refused("its weights are packed in a way that Keras does not use.")


def _address(item: Any) -> int:
    return h5py.h5o.get_info(item.id).addr
