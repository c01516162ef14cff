"""Class maps after each epoch of a training: the model's own, kept over kills, without a change to the training."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tfpool as tp
from tests.helpers import event_files
from tests.helpers.stored_runs import claimed
from tfpool import data
from tfpool.data import DataSet
from tfpool.tracking import training_maps
from tfpool.tracking.lease import Lease
from tfpool.tracking.store import Run, RunStore
from tfpool.tracking.training_maps import TrainingMaps, fixed_images
from tfpool.training import map_recorder
from tfpool.training.fit import Reporter, fit_run
from tfpool.training.map_recorder import MapRecorder
from tfpool.training.queue import enqueue
from tfpool.training.session_messages import START

pytestmark = pytest.mark.slow

FASHION = data.load("fashion_mnist")
SMALL = DataSet(
    "small", FASHION.class_names, FASHION.train.first(96), FASHION.validation.first(30), FASHION.test.first(60)
)
RECIPE = tp.Recipe(epochs=2, batch_size=32, augment=("flip",), seed=2)
FROZEN = tp.Recipe(epochs=2, freeze=("backbone",), batch_size=32, learning_rate=1e-2)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    monkeypatch.setitem(data.DATA, "small", replace(data.DATA["fashion_mnist"], make=lambda: SMALL))
    return RunStore(tmp_path / "store")


def queued(store: RunStore, head: Any = "gap", recipe: tp.Recipe = RECIPE) -> Lease:
    enqueue([tp.plan("convnet", head=head, input_shape=(28, 28, 1))], "small", recipe, store)
    return claimed(store)


def trained(store: RunStore, *settings: Any) -> Run:
    lease = queued(store, *settings)
    lease.end("done", result=fit_run(lease, threading.Event()))
    return store.get(lease.run.id)


def kept(run: Run) -> TrainingMaps:
    maps = training_maps.read(training_maps.path(run))
    assert maps
    return maps


def arrays(maps: TrainingMaps) -> dict[str, bytes]:
    return {name: np.asarray(value).tobytes() for name, value in vars(maps).items()}


def logged(run: Run) -> Any:
    """What TensorBoard has of a run, without times."""
    folder = run.path / "tensorboard"
    found = event_files.scalars(folder)
    found.pop("seconds")
    return found, event_files.pictures(folder), len(event_files.messages(folder, START))


def digest(run: Run) -> str:
    return hashlib.sha256(b"".join(weight.tobytes() for weight in run.load_model().get_weights())).hexdigest()


@pytest.mark.parametrize(
    ("head", "recipe", "method"),
    [
        ("gap", RECIPE, "cam"),
        ("flatten", RECIPE, "cam"),
        (tp.FC(units=(16,)), RECIPE, "hirescam"),
        ("gap", FROZEN, "cam"),
        ("spp", FROZEN, "cam"),
        ("gap", tp.Recipe(**{**FROZEN.config, "precision": "mixed_bfloat16"}), "cam"),
    ],
    ids=["gap", "flatten", "fc", "gap on a frozen backbone", "spp on a frozen backbone", "half precision"],
)
def test_the_maps_of_the_last_epoch_are_those_of_the_saved_model(
    store: RunStore, head: Any, recipe: tp.Recipe, method: str
) -> None:
    run = trained(store, head, recipe)
    maps = kept(run)
    assert (maps.method, maps.epochs.tolist()) == (method, list(range(1, recipe.epochs + 1)))
    assert maps.images.tolist() == fixed_images(SMALL.test.labels).tolist()
    model, inputs = run.load_model(), run.to_input(SMALL.test.images[maps.images])
    labels = SMALL.test.labels[maps.images]
    expected = tp.explain(model, inputs, method=method, target=labels)
    tolerance = 2e-2 if recipe.precision != "float32" else 1e-4
    np.testing.assert_allclose(
        maps.maps[-1], expected.heatmaps, rtol=tolerance, atol=tolerance * np.abs(expected.heatmaps).max()
    )
    np.testing.assert_allclose(maps.scores[-1], expected.scores, rtol=tolerance, atol=tolerance)
    predicted = np.asarray(model(inputs, training=False)).argmax(axis=1)
    np.testing.assert_array_equal(maps.predicted[-1], predicted)
    assert not np.array_equal(maps.maps[0], maps.maps[-1])


class Killed(Exception):
    pass


def kills_before_the_maps(recorder: MapRecorder, epoch: int) -> TrainingMaps | None:
    if epoch == 1:
        raise Killed
    return RECORD(recorder, epoch)


def kills_after_the_maps(reporter: Reporter) -> None:
    state = reporter._trainer.state
    if (state["epoch"], state["step"]) == (2, 0):
        raise Killed
    SAVE(reporter)


RECORD, SAVE = MapRecorder.record, Reporter._save


@pytest.mark.parametrize(
    ("place", "killer"),
    [((MapRecorder, "record"), kills_before_the_maps), ((Reporter, "_save"), kills_after_the_maps)],
    ids=["before the maps", "after the maps"],
)
def test_a_kill_between_epochs_loses_no_map_and_doubles_none(
    store: RunStore, place: tuple[type, str], killer: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trained(store)
    lease = queued(store)
    run = lease.run
    with monkeypatch.context() as patch:
        patch.setattr(*place, killer)
        with pytest.raises(Killed):
            fit_run(lease, threading.Event())
    # The store's record of the second epoch comes first, and its checkpoint last.
    assert len(store.get(run.id).history["loss"]) == 2
    fit_run(lease, threading.Event())
    assert arrays(kept(run)) == arrays(kept(whole))
    assert logged(run) == logged(whole)


def test_a_run_that_starts_again_without_a_checkpoint_starts_its_maps_again(store: RunStore) -> None:
    lease = queued(store)
    run = lease.run
    fit_run(lease, threading.Event())
    before = arrays(kept(run))
    training_maps.write(training_maps.path(run), replace(kept(run), maps=kept(run).maps + 1))
    fit_run(lease, threading.Event())
    assert arrays(kept(run)) == before
    training_maps.path(run).write_bytes(b"damaged")
    fit_run(lease, threading.Event())
    assert arrays(kept(run)) == before


def test_keeping_maps_changes_no_bit_of_the_training(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = tp.Recipe(**{**RECIPE.config, "augment": ("flip", "shift")})
    with_maps = trained(store, tp.GAP(dropout=0.3), recipe)
    monkeypatch.setattr("tfpool.training.fit.MapRecorder", lambda *arguments: Silent())
    without = trained(store, tp.GAP(dropout=0.3), recipe)
    assert not training_maps.path(without).exists()
    assert digest(with_maps) == digest(without)
    assert {**with_maps.history, "seconds": []} == {**without.history, "seconds": []}


class Silent:
    def record(self, epoch: int) -> None:
        pass


def test_a_model_without_a_map_is_trained_all_the_same(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*arguments: Any) -> Any:
        raise ValueError("No single feature map enters the head.")

    for name, value in (("Explainer", refuses), ("FEWEST_POSITIONS", 1000)):
        with monkeypatch.context() as patch:
            patch.setattr(map_recorder, name, value)
            run = trained(store, "gap", tp.Recipe(epochs=1, batch_size=32))
        assert run.state == "done"
        assert not training_maps.path(run).exists()
