"""Malicious archives and arrays: nothing is unpacked or read outside its place, or larger than it can be."""

import contextlib
import io
import re
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.models.loading.conftest import model, packed, refused
from tfpool.models.loading import archive
from tfpool.models.loading.load import load_model

STRANGE = [
    "../evil.py",
    "/tmp/evil.py",
    "assets/../../evil",
    "assets/vocabulary.txt",
    "model.weights.npz",
    "model.weights.json",
    "inner.zip",
    "CONFIG.JSON",
]


@pytest.mark.parametrize("name", STRANGE)
def test_an_entry_that_is_no_part_of_a_model_is_refused(name: str, entries: dict[str, bytes], tmp_path: Path) -> None:
    path = packed(tmp_path / "model.keras", {**entries, name: b"x"})
    refused(path, re.escape(name))
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_an_archive_without_a_part_is_refused(name: str, entries: dict[str, bytes], tmp_path: Path) -> None:
    rest = {entry: content for entry, content in entries.items() if entry != name}
    refused(packed(tmp_path / "model.keras", rest), name)


def test_an_empty_folder_of_assets_and_packed_entries_are_fine(entries: dict[str, bytes], tmp_path: Path) -> None:
    packing = {"compression": zipfile.ZIP_DEFLATED}
    assert load_model(packed(tmp_path / "model.keras", {**entries, "assets/": b""}, **packing)).count_params() == 122


def test_two_entries_of_one_name_are_refused(entries: dict[str, bytes], tmp_path: Path) -> None:
    path = packed(tmp_path / "model.keras", entries)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("config.json", b"{}")
    refused(path, "twice")


def test_a_link_in_an_archive_is_refused(entries: dict[str, bytes], tmp_path: Path) -> None:
    path = packed(tmp_path / "model.keras", {name: entries[name] for name in ("metadata.json", "config.json")})
    with zipfile.ZipFile(path, "a") as archive:
        entry = zipfile.ZipInfo("model.weights.h5")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    refused(path, "link")


def test_a_password_is_refused(entries: dict[str, bytes], tmp_path: Path) -> None:
    path = packed(tmp_path / "model.keras", entries)
    content = bytearray(path.read_bytes())
    content[content.rfind(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    refused(path, "password")


def test_a_bomb_is_refused(entries: dict[str, bytes], tmp_path: Path) -> None:
    bomb = {**entries, "config.json": b" " * 10_000_000}
    path = packed(tmp_path / "model.keras", bomb, compression=zipfile.ZIP_DEFLATED)
    refused(path, "100")


def test_a_config_of_any_size_is_not_read(
    entries: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MOST_CONFIG_BYTES", 1000)
    refused(packed(tmp_path / "model.keras", entries), "1 kB")
    model().save(tmp_path / "model.h5")
    refused(tmp_path / "model.h5", "1 kB")


@pytest.mark.parametrize("kind", ["keras", "h5"])
def test_a_file_of_any_size_is_not_copied(kind: str, tmp_path: Path) -> None:
    model().save(tmp_path / f"model.{kind}")
    with pytest.raises(ValueError, match=r"B that are read"):
        load_model(tmp_path / f"model.{kind}", most_bytes=5000)


def test_packed_weights_count_as_many_bytes_as_they_are(entries: dict[str, bytes], tmp_path: Path) -> None:
    path = packed(tmp_path / "model.keras", entries, compression=zipfile.ZIP_DEFLATED)
    load_model(path, most_bytes=len(entries["model.weights.h5"]))
    with pytest.raises(ValueError, match=r"B that are read"):
        load_model(path, most_bytes=len(entries["model.weights.h5"]) - 1)


@pytest.mark.parametrize("name", [b"config.json", b"model.weights.h5"])
def test_a_size_that_lies_is_damage(name: bytes, entries: dict[str, bytes], tmp_path: Path) -> None:
    path = packed(tmp_path / "model.keras", entries)
    content = bytearray(path.read_bytes())
    where = content.rfind(b"PK\x01\x02", 0, content.rfind(name))
    content[where + 24 : where + 28] = struct.pack("<I", 10)
    path.write_bytes(content)
    refused(path, "CRC-32")


@pytest.mark.parametrize("seed", range(10))
def test_a_file_with_changed_bytes_is_opened_or_refused(seed: int, entries: dict[str, bytes], tmp_path: Path) -> None:
    path = packed(tmp_path / "model.keras", entries)
    random, content = np.random.default_rng(seed), bytearray(path.read_bytes())
    for position in random.integers(len(content), size=3):
        content[position] ^= 1 << int(random.integers(8))
    path.write_bytes(content)
    with contextlib.suppress(ValueError):
        assert load_model(path).count_params() == 122


ARRAY = "layers/conv2d/vars/0"


def external_link(file: h5py.File) -> None:
    file[ARRAY] = h5py.ExternalLink("/etc/hostname", "/")


def soft_link(file: h5py.File) -> None:
    file[ARRAY] = h5py.SoftLink("/layers/conv2d/vars/1")


def hard_link(file: h5py.File) -> None:
    file[ARRAY] = file["layers/conv2d/vars/1"]


def cycle(file: h5py.File) -> None:
    file[ARRAY] = file["layers"]


def external_storage(file: h5py.File) -> None:
    file.create_dataset(ARRAY, (3, 3, 3, 2), "f4", external=[("/etc/hostname", 0, 216)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((3, 3, 3, 2), "f4")
    layout[...] = h5py.VirtualSource("/etc/hostname", "x", (3, 3, 3, 2))
    file.create_virtual_dataset(ARRAY, layout)


def text(file: h5py.File) -> None:
    file.create_dataset(ARRAY, data=["x"] * 54)


def references(file: h5py.File) -> None:
    file.create_dataset(ARRAY, (54,), h5py.ref_dtype)


def ragged(file: h5py.File) -> None:
    file.create_dataset(ARRAY, (54,), h5py.vlen_dtype(np.float32))


def record(file: h5py.File) -> None:
    file.create_dataset(ARRAY, (54,), np.dtype([("a", "f4", (1000,))]))


def nothing(file: h5py.File) -> None:
    file.create_dataset(ARRAY, data=h5py.Empty("f4"))


def kind_alone(file: h5py.File) -> None:
    file[ARRAY] = np.dtype("f4")


def terabytes(file: h5py.File) -> None:
    file.create_dataset(ARRAY, (10**4, 10**4, 10**4), "f4", chunks=(10, 100, 100), compression="gzip")


def unwritten(file: h5py.File) -> None:
    file.create_dataset(ARRAY, (10**6,), "f4")


def plugin(file: h5py.File) -> None:
    settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    settings.set_chunk((54,))
    settings.set_filter(32000, h5py.h5z.FLAG_OPTIONAL, ())
    space = h5py.h5s.create_simple((54,))
    h5py.h5d.create(file["layers/conv2d/vars"].id, b"0", h5py.h5t.IEEE_F32LE, space, settings)


TAMPERED: list[tuple[Callable[[h5py.File], None], str]] = [
    (external_link, "link"),
    (soft_link, "link"),
    (hard_link, "two"),
    (cycle, "two"),
    (external_storage, "file"),
    (virtual, "file"),
    (text, "numbers"),
    (references, "numbers"),
    (ragged, "numbers"),
    (record, "numbers"),
    (nothing, "numbers"),
    (kind_alone, "array"),
    (terabytes, "than the file can hold"),
    (unwritten, "than the file can hold"),
    (plugin, "packed"),
]


@pytest.mark.parametrize(("tamper", "message"), TAMPERED, ids=[tamper.__name__ for tamper, _ in TAMPERED])
def test_arrays_made_to_do_harm_are_refused(
    tamper: Callable[[h5py.File], None], message: str, entries: dict[str, bytes], tmp_path: Path
) -> None:
    weights = io.BytesIO(entries["model.weights.h5"])
    with h5py.File(weights, "r+") as file:
        del file[ARRAY]
        tamper(file)
    path = packed(tmp_path / "model.keras", {**entries, "model.weights.h5": weights.getvalue()})
    refused(path, message)


def test_an_h5_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    model().save(path)
    with h5py.File(path, "r+") as file:
        file.move("model_weights", "moved")
        file["model_weights"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/moved")
    refused(path, "link")


WITHOUT = {
    "numbers": (np.arange(4), "weights"),
    "nothing": (h5py.Empty("f4"), "weights"),
    "no-text": ("", "JSON"),
    "a-list": ("[]", "describes"),
}


@pytest.mark.parametrize("kind", WITHOUT)
def test_an_h5_without_a_config_is_refused(kind: str, tmp_path: Path) -> None:
    config, message = WITHOUT[kind]
    with h5py.File(tmp_path / "model.h5", "w") as file:
        file.attrs["model_config"] = config
    refused(tmp_path / "model.h5", message)
