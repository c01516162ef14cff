"""A sweep on a cluster: killed workers, drivers and schedulers lose nothing, and the numbers are as on this machine."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import tfpool as tp
from tests.helpers.cluster_soak import drivers
from tests.helpers.dask_cluster import Cluster, wait_for
from tfpool.tracking import predictions
from tfpool.tracking.store import METRICS, Run, RunStore
from tfpool.training.cluster.connection import place_on
from tfpool.training.launcher import launch
from tfpool.training.queue import enqueue_sweep, resume

pytestmark = pytest.mark.slow

RECIPE = tp.Recipe(epochs=4, train_images=200, batch_size=20, augment=("shift",))
HEADS, SEEDS = ("gap", "flatten"), 1


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("dask"))
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory, few: str) -> list[Run]:
    """The same sweep, trained by workers of this machine."""
    return tp.sweep("convnet", HEADS, SEEDS, few, RECIPE, tmp_path_factory.mktemp("local"))


def queued(store: RunStore, cluster: Cluster, few: str, **about: str) -> list[str]:
    place = place_on(cluster.address, **about)
    return enqueue_sweep(["convnet"], HEADS, SEEDS, few, RECIPE, store, "far", place)


def facts(run: Run) -> tuple[object, ...]:
    """All that a run found out, without times and paths."""
    weights = hashlib.sha256(b"".join(array.tobytes() for array in run.load_model().get_weights())).hexdigest()
    history = {name: run.history[name] for name in METRICS if name != "seconds"}
    description = json.loads(run.metadata_path.read_text())
    predicted = np.load(predictions.path(run))
    arrays = {name: hashlib.sha256(predicted[name].tobytes()).hexdigest() for name in predicted.files}
    return run.id, run.state, run.result, history, weights, description, arrays


def is_training(store: RunStore) -> bool:
    return any(run.state == "running" and run.progress.get("step") for run in store.runs())


def ended(store: RunStore) -> bool:
    # A driver that was killed is replaced, as by any page or command that waits.
    launch(store)
    return all(run.state == "done" for run in store.runs())


def test_killed_workers_and_drivers_lose_nothing(cluster: Cluster, local: list[Run], few: str, tmp_path: Path) -> None:
    store = RunStore(tmp_path / "far")
    run_ids = queued(store, cluster, few)
    launch(store)
    wait_for(lambda: is_training(store))
    cluster.kill_worker_of(cluster.training_processes()[0])
    (driver,) = drivers(store)
    driver.kill()
    driver.wait()
    assert not is_training(store)
    wait_for(lambda: ended(store))
    runs = store.runs()[::-1]
    assert [run.id for run in runs] == run_ids
    assert {run.executor for run in runs} == {cluster.address}
    assert list(map(facts, runs)) == list(map(facts, local))


@pytest.mark.exhaustive
def test_a_new_scheduler_goes_on_and_files_return_through_a_folder(
    cluster: Cluster, local: list[Run], few: str, tmp_path: Path
) -> None:
    store, artifacts = RunStore(tmp_path / "far"), tmp_path / "artifacts"
    queued(store, cluster, few, artifacts=str(artifacts))
    launch(store)
    wait_for(lambda: is_training(store))
    cluster.restart()
    wait_for(lambda: ended(store))
    assert list(map(facts, store.runs()[::-1])) == list(map(facts, local))
    wait_for(lambda: not drivers(store))
    # A parcel is removed once it has been read.
    assert len(list(artifacts.iterdir())) <= len(local)


@pytest.mark.exhaustive
def test_a_worker_killed_while_it_saves_loses_nothing(
    cluster: Cluster, local: list[Run], few: str, tmp_path: Path
) -> None:
    store = RunStore(tmp_path / "far")
    queued(store, cluster, few)
    cluster.kill_while_saving.touch()
    launch(store)
    wait_for(lambda: ended(store))
    assert not cluster.kill_while_saving.exists()
    assert list(map(facts, store.runs()[::-1])) == list(map(facts, local))


@pytest.mark.exhaustive
def test_a_run_is_stopped_and_resumed_from_outside(
    cluster: Cluster, local: list[Run], few: str, tmp_path: Path
) -> None:
    store = RunStore(tmp_path / "far")
    run_id, *others = queued(store, cluster, few)
    for other in others:
        store.request_stop(other)
    launch(store)
    wait_for(lambda: is_training(store))
    assert store.get(run_id).status.endswith(f"on {store.get(run_id).host}")
    store.request_stop(run_id)
    wait_for(lambda: store.get(run_id).state == "stopped")
    resume(store, run_id)
    wait_for(lambda: launch(store) or store.get(run_id).state == "done")
    assert facts(store.get(run_id)) == facts(local[0])
    assert {store.get(other).state for other in others} == {"stopped"}
