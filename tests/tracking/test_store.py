import itertools
import json
import multiprocessing
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tfpool as tp
from tests.helpers.stored_runs import claimed
from tfpool.system.process import Process
from tfpool.tracking import database
from tfpool.tracking.store import RunStore

SPEC = {
    "plan": tp.plan("resnet8", head="gap", input_shape=(28, 28, 1)).spec,
    "data": "fashion_mnist",
    "class_names": ["a", "b"],
    "recipe": tp.Recipe(epochs=2).config,
}
EPOCH = {"loss": 1.0, "accuracy": 0.5, "val_loss": 1.5, "val_accuracy": 0.4, "seconds": 2.0}


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "saved_models")


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process that can be killed like a worker."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def test_an_empty_or_missing_folder_has_no_runs_and_stays_as_it_is(tmp_path: Path) -> None:
    assert tp.runs(tmp_path) == tp.runs(tmp_path / "missing") == []
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match="train"):
        RunStore(tmp_path).get("resnet8-gap-1")


def test_a_run_from_queue_to_end(store: RunStore) -> None:
    first, second = store.add(SPEC), store.add(SPEC)
    assert (first, second) == ("resnet8-gap-1", "resnet8-gap-2")
    assert [run.id for run in tp.runs(store.folder)] == [second, first]
    lease = claimed(store)
    assert (lease.run.id, lease.run.state, lease.run.host) == (first, "running", socket.gethostname())
    assert store.get(first).status == "starting"
    lease.report(phase="loading TensorFlow")
    assert store.get(first).status == "loading TensorFlow"
    lease.report(phase="features", preparing=0.25)
    assert store.get(first).status == "computing features, 25%"
    steps = {"phase": "training", "epoch": 0, "step": 5, "steps": 10, "loss": 1.0, "accuracy": 0.5}
    lease.report(**steps, images_per_second=None, seconds_left=None)
    assert store.get(first).fraction_done == 0.25
    assert store.get(first).status == "epoch 1 of 2, accuracy 50.0%"
    lease.report(**steps, images_per_second=9.0, seconds_left=83.2)
    assert store.get(first).status == "epoch 1 of 2, accuracy 50.0%, 9 images per second, 1:23 left"
    lease.record(0, EPOCH)
    lease.end("done", result={"loss": 0.1, "accuracy": 0.9})
    run = store.get(first)
    assert (run.state, run.history["val_accuracy"], run.result) == ("done", [0.4], {"loss": 0.1, "accuracy": 0.9})
    assert run.plan.params == 75482
    with pytest.raises(ValueError, match="done"):
        run.load_model()


def test_an_unknown_run_names_the_newest(store: RunStore) -> None:
    store.add(SPEC)
    with pytest.raises(ValueError, match=r"x.*resnet8-gap-1"):
        store.get("x")


def test_a_run_whose_process_was_killed_is_interrupted_and_its_epochs_stay(
    store: RunStore, bystander: subprocess.Popen[bytes]
) -> None:
    run_id = store.add(SPEC)
    lease = claimed(store, Process.of(bystander.pid))
    lease.record(0, EPOCH)
    assert store.get(run_id).state == "running"
    bystander.kill()
    # Nobody has waited for the process, so it is a zombie now.
    while Process.of(bystander.pid).is_alive:
        pass
    assert store.get(run_id).state == "interrupted"
    assert store.get(run_id).history["loss"] == [1.0]


def test_a_process_id_used_again_is_another_process(store: RunStore) -> None:
    run_id = store.add(SPEC)
    store.claim(Process(Process.of().pid, started="then"))
    assert store.get(run_id).state == "interrupted"


def test_stopping_ends_a_queued_run_and_asks_a_running_one(store: RunStore) -> None:
    running, queued = store.add(SPEC), store.add(SPEC)
    lease = claimed(store)
    for run_id in (running, queued):
        store.request_stop(run_id)
    assert store.get(queued).state == "stopped"
    assert store.get(running).state == "running"
    assert lease.stop_requested
    assert store.claim(Process.of()) is None


def _claim_all(folder: Path, count: int) -> list[str]:
    store, run_ids = RunStore(folder), []
    for _ in range(count):
        store.add(SPEC)
        lease = claimed(store)
        lease.record(0, EPOCH)
        lease.end("done")
        run_ids.append(lease.run.id)
    return run_ids


def test_many_processes_on_one_new_store_claim_each_run_once(store: RunStore) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        run_ids = list(itertools.chain(*pool.starmap(_claim_all, [(store.folder, 10)] * 4)))
    assert len(run_ids) == len(set(run_ids)) == 40
    runs = store.runs()
    assert {run.id for run in runs} == set(run_ids)
    assert all(run.state == "done" and run.history["loss"] == [1.0] for run in runs)


def test_as_many_workers_are_wanted_as_runs_wait_and_cores_allow(
    store: RunStore, bystander: subprocess.Popen[bytes]
) -> None:
    for _ in range(3):
        store.add(SPEC)
    with store.roster() as roster:
        assert (roster.wanted(most=2), roster.wanted(most=8)) == (2, 3)
        roster.add(Process.of(bystander.pid))
        assert (roster.wanted(most=2), roster.wanted(most=8)) == (1, 2)
    store.claim(Process.of(bystander.pid))
    with store.roster() as roster:
        assert roster.wanted(most=8) == 2
        roster.add(Process(bystander.pid, started="then"))
        assert roster.wanted(most=8) == 2


def test_a_folder_is_needed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="folder"):
        RunStore(tmp_path / "file")


def test_a_file_that_is_no_database_or_of_a_newer_version_is_refused(store: RunStore) -> None:
    store.add(SPEC)
    path = store.folder / "runs.sqlite"
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(ValueError, match="newer"):
        store.runs()
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(ValueError, match="database"):
        store.runs()


def test_a_store_that_cannot_be_used_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "store" / "runs.sqlite").mkdir(parents=True)
    with pytest.raises(ValueError, match="store"):
        RunStore(tmp_path / "file" / "inside").add(SPEC)
    with pytest.raises(ValueError, match="cannot be used"):
        tp.runs(tmp_path / "store")


def ended(store: RunStore, state: str = "stopped") -> str:
    run_id = store.add(SPEC)
    claimed(store).end(state, error="It broke." if state == "failed" else None)
    return run_id


@pytest.mark.parametrize("state", ["stopped", "interrupted", "failed"])
def test_a_run_that_did_not_finish_can_be_resumed(store: RunStore, state: str) -> None:
    run_id = ended(store, state)
    store.resume(run_id)
    run = store.get(run_id)
    assert (run.state, run.error, run.ended) == ("queued", None, None)
    lease = claimed(store)
    assert lease.run.id == run_id
    assert not lease.stop_requested


def test_a_run_that_is_done_or_queued_is_not_resumed(store: RunStore) -> None:
    done = ended(store, "done")
    with pytest.raises(ValueError, match=r"done.*stopped.*interrupted.*failed"):
        store.resume(done)
    with pytest.raises(ValueError, match="queued"):
        store.resume(store.add(SPEC))
    with pytest.raises(ValueError, match="x"):
        store.resume("x")


def test_an_epoch_that_is_repeated_is_kept_once(store: RunStore) -> None:
    run_id = store.add(SPEC)
    lease = claimed(store)
    lease.record(0, EPOCH)
    lease.record(0, {**EPOCH, "loss": 2.0})
    assert lease.history["loss"] == [2.0]
    assert store.get(run_id).history["loss"] == [2.0]


def test_a_retry_is_a_new_run_of_the_same_spec(store: RunStore) -> None:
    first = store.add(SPEC, sweep="heads")
    second = store.retry(first)
    assert (store.get(second).spec, store.get(second).sweep) == (SPEC, "heads")
    assert (second, store.get(second).state) == ("resnet8-gap-2", "queued")


def test_a_name_and_a_note_are_kept_and_the_id_stays(store: RunStore) -> None:
    run_id = store.add(SPEC)
    assert (store.get(run_id).title, store.get(run_id).note) == (run_id, "")
    store.rename(run_id, "  my <b>best</b> ")
    store.annotate(run_id, "with a\nsecond line")
    run = store.get(run_id)
    assert (run.id, run.title, run.note) == (run_id, "my <b>best</b>", "with a\nsecond line")
    store.rename(run_id, " ")
    assert store.get(run_id).title == run_id


def test_a_deleted_run_can_be_brought_back_until_it_is_purged(store: RunStore) -> None:
    run_id, other = store.add(SPEC), store.add(SPEC)
    for lease in (claimed(store), claimed(store)):
        lease.record(0, EPOCH)
        lease.end("done")
    (store.folder / run_id).mkdir()
    (store.folder / run_id / "model.keras").write_text("weights")
    store.delete(run_id)
    assert [run.id for run in store.runs()] == [other]
    store.purge()
    store.undelete(run_id)
    assert store.get(run_id).history["loss"] == [1.0]
    assert (store.folder / run_id / "model.keras").exists()
    store.delete(run_id)
    store.purge(seconds=0)
    assert not (store.folder / run_id).exists()
    with pytest.raises(ValueError, match=run_id):
        store.undelete(run_id)
    # The number of a purged run is not reused.
    assert store.add(SPEC) == "resnet8-gap-3"


def test_a_run_under_way_is_not_deleted(store: RunStore) -> None:
    run_id = store.add(SPEC)
    for _ in range(2):
        with pytest.raises(ValueError, match=r"done.*stopped.*interrupted.*failed"):
            store.delete(run_id)
        store.claim(Process.of())


def test_a_store_of_the_first_version_is_brought_up_to_date(store: RunStore) -> None:
    store.folder.mkdir()
    with sqlite3.connect(store.folder / "runs.sqlite") as db:
        for statement in filter(str.strip, database._MIGRATIONS[0].split(";")):
            db.execute(statement)
        db.execute(
            "INSERT INTO runs (id, state, spec, created) VALUES ('resnet8-gap-1', 'done', ?, 0)", (json.dumps(SPEC),)
        )
        db.execute("PRAGMA user_version = 1")
    run = store.get("resnet8-gap-1")
    assert (run.title, run.note, run.sweep) == ("resnet8-gap-1", "", None)
    assert store.add(SPEC) == "resnet8-gap-2"
