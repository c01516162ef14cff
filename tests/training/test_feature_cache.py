"""Heads on a frozen backbone: features are computed once, and the saved model is whole."""

import os
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tfpool as tp
from tfpool import data
from tfpool.data import DataSet
from tfpool.models.preprocessing import to_network
from tfpool.system.process import Process
from tfpool.tracking.store import Run, RunStore
from tfpool.training import feature_cache
from tfpool.training.fit import fit_run, initial_model
from tfpool.training.queue import enqueue, enqueue_heads

pytestmark = pytest.mark.slow

FASHION = data.load("fashion_mnist")
SMALL = DataSet(
    "small", FASHION.class_names, FASHION.train.first(120), FASHION.validation.first(30), FASHION.test.first(50)
)
RECIPE = tp.Recipe(epochs=2, freeze=("backbone",), weights="imagenet", image_size=48, learning_rate=1e-3, patience=3)
PLAN = tp.plan("squeezenet", head="flatten", input_shape=(48, 48, 3), classes=10)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    monkeypatch.setitem(data.DATA, "small", replace(data.DATA["fashion_mnist"], make=lambda: SMALL))
    return RunStore(tmp_path / "store")


def trained(store: RunStore, head: str, recipe: tp.Recipe = RECIPE) -> Run:
    enqueue_heads("squeezenet", [head], "small", recipe, store)
    return claimed(store)


def claimed(store: RunStore) -> Run:
    """The queued run, trained in this process."""
    lease = store.claim(Process.of())
    assert lease
    lease.end("done", result=fit_run(lease, threading.Event()))
    return store.get(lease.run.id)


def test_the_saved_model_is_whole_and_scores_as_its_head_on_the_features(store: RunStore) -> None:
    run = trained(store, "flatten")
    model = run.load_model()
    assert model.count_params() == run.plan.params
    scores = model(run.to_input(SMALL.test.images), training=False).numpy()
    assert run.result
    assert (scores.argmax(axis=1) == SMALL.test.labels).mean() == run.result["accuracy"]
    assert run.result["images"] == 50
    before = initial_model(PLAN, RECIPE)
    for row in PLAN.rows:
        same = map(np.array_equal, before.get_layer(row.name).get_weights(), model.get_layer(row.name).get_weights())
        assert all(same) == (row.part == "backbone" or row.params == 0)
    assert tp.explain(model, run.to_input(SMALL.test.images[:2]), method="hirescam").layer == "fire9_concat"


def test_a_second_head_reads_the_features_of_the_first(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    trained(store, "gap")
    (folder,) = (store.folder / "features").iterdir()
    assert np.load(folder / "train.npy").shape == (120, 2, 2, 512)
    monkeypatch.setattr(feature_cache, "_compute", None)
    assert trained(store, "avgmax").state == "done"
    # Images of another size have other features.
    with pytest.raises(TypeError):
        trained(store, "gap", tp.Recipe(**{**RECIPE.config, "image_size": 64}))


def test_features_are_those_of_the_frozen_network(store: RunStore) -> None:
    model = initial_model(PLAN, RECIPE)
    feature_data = feature_cache.features(model, PLAN, RECIPE, SMALL, store.folder, lambda done, total: None)
    expected = tp.build(PLAN, weights="imagenet")
    body = type(model)(expected.inputs[0], expected.get_layer("fire9_concat").output)
    for part, images in (("train", SMALL.train.images), ("test", SMALL.test.images)):
        values = getattr(feature_data, part).images
        np.testing.assert_allclose(values, body(to_network(images, PLAN, "imagenet"), training=False), atol=1e-3)
    np.testing.assert_array_equal(feature_data.test.labels, SMALL.test.labels)


def test_features_that_were_computed_in_part_are_computed_again(store: RunStore) -> None:
    model, calls = initial_model(PLAN, RECIPE), []

    class Killed(Exception):
        pass

    def on_progress(done: int, total: int) -> None:
        calls.append((done, total))
        if len(calls) == 2:
            raise Killed

    with pytest.raises(Killed):
        feature_cache.features(model, PLAN, RECIPE, SMALL, store.folder, on_progress)
    feature_data = feature_cache.features(model, PLAN, RECIPE, SMALL, store.folder, on_progress)
    assert calls[-1] == (200, 200)
    assert len(feature_data.train) == 120
    (folder,) = (store.folder / "features").iterdir()
    assert {file.name for file in folder.iterdir()} == {"train.npy", "validation.npy", "test.npy", "complete", "lock"}


def stored(folder: Path, name: str, size: int, used: float) -> Path:
    """A folder of features of `size` bytes, last used at `used`."""
    features = folder / name
    features.mkdir(parents=True)
    (features / "train.npy").write_bytes(bytes(size))
    (features / "complete").write_text("")
    os.utime(features / "complete", (used, used))
    return features


def test_the_least_recently_used_features_are_removed(tmp_path: Path) -> None:
    old, older, new = (stored(tmp_path, name, 100, used) for name, used in (("b", 20), ("a", 10), ("c", 30)))
    feature_cache.make_room(tmp_path, max_bytes=1000)
    assert old.exists()
    assert older.exists()
    feature_cache.make_room(tmp_path, max_bytes=150)
    assert [path.name for path in tmp_path.iterdir()] == ["c"]
    assert (new / "train.npy").stat().st_size == 100


def test_features_in_use_stay_and_half_removed_ones_go(tmp_path: Path) -> None:
    held, free = (stored(tmp_path, name, 100, used) for name, used in (("held", 10), ("free", 20)))
    stored(tmp_path, ".removed-half", 100, 0)
    with feature_cache._exclusive(held, lambda done, total: None):
        feature_cache.make_room(tmp_path, max_bytes=0)
    assert [path.name for path in tmp_path.iterdir()] == ["held"]
    assert not free.exists()


def test_a_process_that_waited_for_removed_features_computes_them(tmp_path: Path) -> None:
    folder = stored(tmp_path, "a", 100, 10)
    first = feature_cache._lock(folder)
    assert first
    assert feature_cache._lock(folder) is None
    folder.rename(tmp_path / ".removed-a")
    first.close()
    with feature_cache._exclusive(folder, lambda done, total: None):
        assert [file.name for file in folder.iterdir()] == ["lock"]


def test_removed_features_can_still_be_read_where_they_are_open(store: RunStore) -> None:
    feature_data = feature_cache.features(
        initial_model(PLAN, RECIPE), PLAN, RECIPE, SMALL, store.folder, lambda done, total: None
    )
    before = np.array(feature_data.train.images)
    feature_cache.make_room(store.folder / "features", max_bytes=0)
    assert list((store.folder / "features").iterdir()) == []
    np.testing.assert_array_equal(feature_data.train.images, before)


def test_augmented_images_pass_through_the_frozen_network(store: RunStore) -> None:
    run = trained(store, "gap", tp.Recipe(**{**RECIPE.config, "augment": ["flip"], "epochs": 1}))
    assert run.state == "done"
    assert not (store.folder / "features").exists()


def test_a_network_without_imagenet_weights_is_refused(store: RunStore) -> None:
    with pytest.raises(ValueError, match="resnet8"):
        enqueue_heads("resnet8", ["gap"], "small", RECIPE, store)
    assert store.runs() == []


def test_a_frozen_backbone_does_not_change_and_a_plan_of_any_size_trains(store: RunStore) -> None:
    recipe = tp.Recipe(epochs=1, freeze=("backbone",), augment=("shift",))
    plan = tp.plan("resnet8", input_shape=(None, None, 1))
    enqueue([plan], "small", recipe, store)
    run = claimed(store)
    assert run.load_model().input_shape == (None, None, None, 1)
    before, after = tp.build(plan, seed=0), run.load_model()
    for row in plan.rows:
        weights = [model.get_layer(row.name).get_weights() for model in (before, after)]
        same = all(map(np.array_equal, *weights))
        assert same == (row.part == "backbone" or row.params == 0)
