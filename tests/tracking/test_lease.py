"""Who holds a run: leases, and workers that were taken for dead."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.processes import ROOT
from tests.helpers.stored_runs import claimed
from tests.tracking.test_store import EPOCH, SPEC
from tfpool.system.files import atomic
from tfpool.tracking import lease as leases
from tfpool.tracking.lease import LEASE, Lease, LeaseLost
from tfpool.tracking.store import RunStore


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "saved_models")


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Lets this process see the store from another machine or container from now on."""
    return lambda: monkeypatch.setattr(leases, "place", lambda: "another boot pid:[1]")


def set_heartbeat(store: RunStore, seconds_from_now: float) -> None:
    with sqlite3.connect(store.folder / "runs.sqlite") as db:
        db.execute("UPDATE runs SET heartbeat = ?", (time.time() + seconds_from_now,))
    db.close()


def row(store: RunStore) -> dict[str, Any]:
    db = sqlite3.connect(store.folder / "runs.sqlite")
    db.row_factory = sqlite3.Row
    found = dict(db.execute("SELECT * FROM runs").fetchone())
    db.close()
    return found


def test_another_container_sees_a_live_run_running_and_changes_nothing(
    store: RunStore, elsewhere: Callable[[], None]
) -> None:
    run_id = store.add(SPEC)
    lease, before = claimed(store), row(store)
    elsewhere()
    assert store.get(run_id).state == "running"
    assert row(store) == before
    lease.end("done", result={"loss": 0.1, "accuracy": 0.9})
    assert (store.get(run_id).state, store.get(run_id).result) == ("done", {"loss": 0.1, "accuracy": 0.9})


def test_a_real_pid_namespace_sees_a_live_run_running(store: RunStore) -> None:
    run_id = store.add(SPEC)
    claimed(store)
    before = row(store)
    script = f"import tfpool as tp; print(tp.runs({str(store.folder)!r})[0].state)"
    # In a namespace of its own, a process sees no process of this one.
    unshare = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", sys.executable, "-c", script]
    printed = subprocess.run(unshare, cwd=ROOT, capture_output=True, text=True, timeout=120)
    if "Operation not permitted" in printed.stderr:
        pytest.xfail("This system lets no user make a namespace.")
    assert printed.stdout.split() == ["running"], printed.stderr
    assert row(store) == before
    assert store.get(run_id).state == "running"


@pytest.mark.parametrize("seconds_from_now", [-LEASE - 5, 10 * LEASE])
def test_a_run_elsewhere_is_gone_when_its_lease_has_run_out(
    store: RunStore, elsewhere: Callable[[], None], seconds_from_now: float
) -> None:
    run_id = store.add(SPEC)
    lease = claimed(store)
    elsewhere()
    set_heartbeat(store, seconds_from_now)
    run = store.get(run_id)
    assert (run.state, run.ended) == ("interrupted", row(store)["heartbeat"])
    assert row(store)["state"] == "running"
    # A machine that slept goes on where it was, unless another one has claimed the run.
    lease.renew()
    assert store.get(run_id).state == "running"


def test_a_live_process_here_holds_its_run_however_the_clock_jumps(store: RunStore) -> None:
    run_id = store.add(SPEC)
    claimed(store)
    set_heartbeat(store, -1e9)
    assert store.get(run_id).state == "running"


def test_a_worker_taken_for_dead_changes_nothing_of_a_run_claimed_again(
    store: RunStore, elsewhere: Callable[[], None]
) -> None:
    run_id = store.add(SPEC)
    lost = claimed(store)
    elsewhere()
    set_heartbeat(store, -LEASE - 5)
    store.resume(run_id)
    for state in ("queued", "running"):
        assert store.get(run_id).state == state
        for write in writes(lost):
            with pytest.raises(LeaseLost):
                write()
        assert (store.get(run_id).state, store.get(run_id).history["loss"]) == (state, [])
        if state == "queued":
            again = claimed(store)
    model = store.folder / run_id / "model.keras"
    with atomic(model, again.holding) as temporary:
        temporary.write_text("of the second worker")
    with pytest.raises(LeaseLost), atomic(model, lost.holding) as temporary:
        temporary.write_text("of the first worker")
    assert model.read_text() == "of the second worker"
    assert [path.name for path in model.parent.iterdir()] == ["model.keras"]
    again.end("done")
    assert store.get(run_id).state == "done"


def writes(lease: Lease) -> list[Callable[[], object]]:
    return [
        lambda: lease.report(phase="training"),
        lambda: lease.record(0, EPOCH),
        lambda: lease.begin({}),
        lambda: lease.end("done"),
        lambda: lease.stop_requested,
        lease.renew,
    ]


def test_what_a_run_began_with_is_never_overwritten(store: RunStore) -> None:
    run_id = store.add(SPEC)
    lease = claimed(store)
    lease.begin({**SPEC, "data_fingerprint": "first"})
    lease.begin({**SPEC, "data_fingerprint": "second"})
    began = store.get(run_id).began
    assert began
    assert began["data_fingerprint"] == "first"


def test_a_run_for_a_cluster_is_not_trained_here(store: RunStore) -> None:
    run_id = store.add(SPEC, executor="tcp://scheduler:8786")
    from tfpool.system.process import Process

    assert store.waiting == ["tcp://scheduler:8786"]
    assert store.claim(Process.of()) is None
    with store.roster() as roster:
        assert roster.wanted(most=4) == 0
    lease = store.claim_for(Process.of(), run_id, "far-away")
    assert lease
    assert (lease.run.executor, lease.run.host) == ("tcp://scheduler:8786", "far-away")
    assert store.claim_for(Process.of(), run_id, "far-away") is None
    assert store.waiting == []
