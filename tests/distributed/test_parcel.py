"""What travels between driver and workers, and how a cluster is named."""

import io
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.helpers.processes import modules_after
from tests.helpers.processes import tfpool as command
from tfpool import data
from tfpool.training.cluster import data_cache, task
from tfpool.training.cluster.connection import HERE, place_on
from tfpool.training.cluster.parcel import FolderMail, pack, unpack


def test_facts_and_files_arrive_as_they_were_sent(tmp_path: Path) -> None:
    (tmp_path / "sent" / "checkpoint").mkdir(parents=True)
    (tmp_path / "sent" / "checkpoint" / "state.npz").write_bytes(b"\x00\xff" * 1000)
    (tmp_path / "sent" / "gone").write_text("")
    files = [tmp_path / "sent" / "checkpoint" / "state.npz", tmp_path / "sent" / "gone"]
    files[1].unlink()
    facts = {"progress": {"epoch": 1}, "epochs": [{"loss": 0.1}], "began": None}
    assert unpack(pack(facts, tmp_path / "sent", files), tmp_path / "received") == facts
    received = [path for path in (tmp_path / "received").rglob("*") if path.is_file()]
    assert [path.relative_to(tmp_path / "received").as_posix() for path in received] == ["checkpoint/state.npz"]
    assert received[0].read_bytes() == files[0].read_bytes()


def test_a_parcel_cannot_write_outside_its_folder(tmp_path: Path) -> None:
    buffer = io.BytesIO(pack({}, tmp_path, []))
    with tarfile.open(fileobj=buffer, mode="a") as archive:
        header = tarfile.TarInfo("../outside")
        header.size = 1
        archive.addfile(header, io.BytesIO(b"x"))
    with pytest.raises(tarfile.TarError):
        unpack(buffer.getvalue(), tmp_path / "inside")
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("url", ["memory://runs/parcels", "{folder}/parcels", "file://{folder}/parcels"])
def test_parcels_travel_through_any_folder_that_fsspec_opens(url: str, tmp_path: Path) -> None:
    mail = FolderMail(url.format(folder=tmp_path))
    mail.put("first", b"one")
    mail.put("first", b"two")
    assert FolderMail(url.format(folder=tmp_path)).get("first", seconds=1) == b"two"
    mail.remove("first")
    mail.remove("first")
    with pytest.raises(FileNotFoundError):
        mail.get("first", seconds=1)


def test_a_data_set_of_ones_own_is_the_same_on_a_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_cache.tempfile, "gettempdir", lambda: str(tmp_path / "worker"))
    monkeypatch.setenv("TFPOOL_DATASETS", str(tmp_path / "datasets"))
    random = np.random.default_rng(0)
    for name in ("cats", "dogs"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(12):
            pixels = random.integers(0, 256, (16, 16, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{number}.png")
    mine = data.add(tmp_path / "photos", "Photos", size=16)
    assert data_cache.location(mine.source, mine.fingerprint) is None
    for _ in range(2):
        data_cache.store(data_cache.packed(mine.source), mine.fingerprint)
    folder = data_cache.location(mine.source, mine.fingerprint)
    assert folder
    assert folder != mine.source
    assert data.load(folder).fingerprint == mine.fingerprint
    assert data_cache.location("fashion_mnist", "any") == "fashion_mnist"


def test_a_worker_with_another_version_refuses() -> None:
    job = task.Job("key", "topic", "run", {}, "", None, version="0.0.1")
    with pytest.raises(ValueError, match=r"0\.0\.1"):
        task.train(job)


@pytest.mark.parametrize("on", [3, SimpleNamespace(scheduler=None), object()])
def test_what_is_no_cluster_is_refused(on: Any) -> None:
    with pytest.raises(ValueError, match="on="):
        place_on(on)


def test_without_a_cluster_runs_are_trained_here_and_dask_is_not_loaded() -> None:
    assert place_on(None) == HERE
    assert "distributed" not in modules_after("import tfpool as tp; tp.train; from tfpool.cli import parser")


@pytest.mark.slow
def test_a_scheduler_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    arguments = ("train", "resnet8", "--store", str(tmp_path), "--on", "tcp://127.0.0.1:9")
    process = command(*arguments)
    assert process.returncode == 2
    assert process.stderr.count("\n") == 1
    assert "tcp://127.0.0.1:9" in process.stderr
    assert not list(tmp_path.iterdir())
    assert command(*arguments[:-2], "--artifacts", "/shared").returncode == 2
