"""The file of a store: older versions, disks that can only be read, are full or are shared by machines."""

import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.helpers.stored_runs import finished
from tests.tracking.test_store import SPEC
from tfpool.system import file_system
from tfpool.tracking import database
from tfpool.tracking import store as stores
from tfpool.tracking.store import RunStore

FILE = "runs.sqlite"


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "saved_models")


def of_an_older_version(store: RunStore) -> bytes:
    """Put a file of version 2 into the store, with one run, and return its bytes."""
    store.folder.mkdir()
    db = sqlite3.connect(store.folder / FILE)
    for migration in database._MIGRATIONS[:2]:
        db.executescript(migration)
    db.execute("INSERT INTO runs (id, state, spec, created, deleted) VALUES ('a-gap-1', 'done', '{}', 0, NULL)")
    db.execute("INSERT INTO runs (id, state, spec, created, deleted) VALUES ('a-gap-2', 'done', '{}', 0, 1.7e9)")
    db.execute("PRAGMA user_version = 2")
    db.commit()
    db.close()
    return (store.folder / FILE).read_bytes()


def test_reading_an_older_store_changes_no_byte(store: RunStore) -> None:
    before = of_an_older_version(store)
    assert [run.id for run in store.runs()] == ["a-gap-1"]
    assert (store.folder / FILE).read_bytes() == before
    assert [path.name for path in store.folder.iterdir()] == [FILE]


def test_writing_to_an_older_store_migrates_it_and_keeps_a_copy(store: RunStore) -> None:
    of_an_older_version(store)
    store.annotate("a-gap-1", "kept")
    store.undelete("a-gap-2")
    assert {run.id: run.note for run in store.runs()} == {"a-gap-1": "kept", "a-gap-2": ""}
    db = sqlite3.connect(store.folder / "runs.version-2.sqlite")
    assert db.execute("PRAGMA user_version").fetchone() == (2,)
    assert db.execute("SELECT id, deleted FROM runs").fetchall() == [("a-gap-1", None), ("a-gap-2", 1.7e9)]
    db.close()


def test_a_store_on_a_disk_that_can_only_be_read_is_read(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    finished(store, 0.7)
    connect = database._connect

    def read_only(address: str, uri: bool = False) -> sqlite3.Connection:
        # SQLite itself on such a disk: it cannot make the file that readers share.
        if "mode=ro" in address and "immutable" not in address:
            raise sqlite3.OperationalError("unable to open database file")
        return connect(address, uri)

    # The newest rows are in the log beside the file while another process has the file open.
    other = connect(str(store.folder / FILE))
    other.execute("UPDATE runs SET note = 'newest'")
    assert (store.folder / f"{FILE}-wal").stat().st_size
    monkeypatch.setattr(database, "_connect", read_only)
    assert [run.note for run in store.runs()] == ["newest"]
    other.close()
    assert not (store.folder / f"{FILE}-wal").exists()
    assert [run.note for run in store.runs()] == ["newest"]


def test_a_real_disk_that_can_only_be_read(store: RunStore, tmp_path: Path) -> None:
    run = finished(store, 0.7)
    script = (
        f"mount --bind {store.folder} {store.folder} && mount -o remount,ro,bind {store.folder} && "
        f'{sys.executable} -c "import tfpool as tp; from tfpool.tracking.store import RunStore; '
        f"store = RunStore('{store.folder}'); print(store.runs()[0].id, store.is_writable, bool(store.warning))\""
    )
    # A mount of its own, by a user of its own who may mount.
    unshare = ["unshare", "--mount", "--user", "--map-root-user", "sh", "-c", script]
    printed = subprocess.run(unshare, capture_output=True, text=True, timeout=120)
    if "Operation not permitted" in printed.stderr:
        pytest.xfail("This system lets no user mount a folder.")
    assert printed.stdout.split() == [run.id, "False", "True"], printed.stderr


def test_a_change_on_a_disk_that_can_only_be_read_is_refused_in_one_sentence(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = finished(store, 0.7)
    monkeypatch.setattr(database, "is_writable", lambda folder: False)

    def refuse(path: Path) -> None:
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr(database, "_open_to_write", refuse)
    with pytest.raises(ValueError, match="can only be read"):
        store.rename(run.id, "new")


def test_the_log_beside_the_file_is_not_used_on_a_network_disk(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mode() -> str:
        db = sqlite3.connect(store.folder / FILE)
        try:
            return db.execute("PRAGMA journal_mode").fetchone()[0]
        finally:
            db.close()

    store.add(SPEC)
    assert (mode(), store.warning) == ("wal", "")
    for module in (database, stores):
        monkeypatch.setattr(module, "network_file_system", lambda folder: "nfs4")
    store.add(SPEC)
    assert mode() == "delete"
    assert "nfs4" in store.warning
    assert len(store.runs()) == 2


def test_a_full_disk_can_be_listed_and_a_run_deleted(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    run = finished(store, 0.7)
    (store.folder / ".reserve").write_bytes(bytes(10))
    for module in (database, stores):
        monkeypatch.setattr(module, "is_full", lambda folder: True)
    assert [listed.id for listed in store.runs()] == [run.id]
    store.delete(run.id)
    assert not store.runs()
    assert not (store.folder / ".reserve").exists()


def test_a_clock_that_jumps_purges_nothing(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    run, now = finished(store, 0.7), time.time()
    store.delete(run.id)
    for jump in (30 * 86_400, -400 * 86_400, 10 * 365 * 86_400, 0):
        monkeypatch.setattr(database.time, "time", lambda jump=jump: now + jump)
        store.purge()
    store.undelete(run.id)
    store.delete(run.id)
    # A day that really passes, on which runs are trained every half hour.
    for half_hours in range(1, 50):
        monkeypatch.setattr(database.time, "time", lambda half_hours=half_hours: now + half_hours * 1800)
        store.purge()
    with pytest.raises(ValueError, match=run.id):
        store.undelete(run.id)


def test_the_type_of_a_disk_is_that_of_the_innermost_mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import psutil

    class Disk:
        def __init__(self, mountpoint: Path, fstype: str) -> None:
            self.mountpoint, self.fstype = str(mountpoint), fstype

    inner = tmp_path / "shared" / "runs"
    inner.mkdir(parents=True)
    disks = [Disk(Path("/"), "ext4"), Disk(tmp_path / "shared", "fuse.sshfs"), Disk(tmp_path / "other", "nfs")]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: disks)
    assert file_system.network_file_system(inner / "not" / "yet") == "fuse.sshfs"
    assert file_system.network_file_system(tmp_path / "else") == ""
