"""Files and plain values packed as bytes, and the two ways in which they travel between a driver and a worker."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

_FACTS = "parcel.json"


def pack(facts: dict[str, Any], folder: Path, files: Iterable[Path]) -> bytes:
    """Facts, and files in a folder with their paths in the folder, as the bytes of a tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        text = json.dumps(facts).encode()
        header = tarfile.TarInfo(_FACTS)
        header.size = len(text)
        archive.addfile(header, io.BytesIO(text))
        for path in files:
            # A file that is replaced meanwhile is sent next time.
            with suppress(FileNotFoundError):
                archive.add(path, str(path.relative_to(folder)), recursive=False)
    return buffer.getvalue()


def unpack(parcel: bytes, folder: Path) -> dict[str, Any]:
    """Write the files of a parcel into a folder, and return the facts. Paths outside the folder are refused."""
    with tarfile.open(fileobj=io.BytesIO(parcel)) as archive:
        members = archive.getmembers()
        reader = archive.extractfile(members[0])
        assert reader is not None
        facts = json.loads(reader.read())
        archive.extractall(folder, members[1:], filter="data")
    return facts


def finished_files(folder: Path) -> list[Path]:
    """The files in a folder, without those that are still being written."""
    return [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]


def variable(client: Any, name: str) -> Any:
    """A value that a driver and the workers share by name."""
    from distributed import Variable

    return Variable(name, client=client)


class Mail(Protocol):
    """How parcels travel: `put` may be called by either side, and `get` waits for a parcel of that name."""

    def put(self, name: str, parcel: bytes) -> None: ...

    def get(self, name: str, seconds: float) -> bytes: ...

    def remove(self, name: str) -> None: ...


class DaskMail:
    """Parcels that a Dask worker keeps in memory until they are removed."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def put(self, name: str, parcel: bytes) -> None:
        # The variable keeps the parcel, also when this client is gone.
        variable(self._client, name).set(self._client.scatter(parcel, hash=False))

    def get(self, name: str, seconds: float) -> bytes:
        return variable(self._client, name).get(timeout=seconds).result(timeout=seconds)

    def remove(self, name: str) -> None:
        variable(self._client, name).delete()


class FolderMail:
    """Parcels as files in a folder that all machines reach: a shared disk, s3://bucket/path, gcs://bucket/path."""

    def __init__(self, url: str) -> None:
        from fsspec.core import url_to_fs

        self._files, self._folder = url_to_fs(url)

    def put(self, name: str, parcel: bytes) -> None:
        self._files.makedirs(self._folder, exist_ok=True)
        # A reader sees the whole file or none.
        temporary = f"{self._path(name)}.part"
        self._files.pipe_file(temporary, parcel)
        self._files.mv(temporary, self._path(name))

    def get(self, name: str, seconds: float) -> bytes:
        return self._files.cat_file(self._path(name))

    def remove(self, name: str) -> None:
        with suppress(FileNotFoundError):
            self._files.rm_file(self._path(name))

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}.tar"


def mail(artifacts: str | None, client: Callable[[], Any]) -> Mail:
    """The way that parcels of a run travel: through the folder with this URL, or else by Dask itself."""
    return FolderMail(artifacts) if artifacts else DaskMail(client())
