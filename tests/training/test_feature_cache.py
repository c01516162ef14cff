"""Heads on a frozen backbone: features computed once, and the model a whole one all the same."""

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
from tfpool.training import feature_cache as module
from tfpool.training.fit import fit_run, start
from tfpool.training.queue import enqueue_heads

pytestmark = pytest.mark.slow

FASHION = data.load("fashion_mnist")
SMALL = DataSet(
    "small", FASHION.class_names, FASHION.train.first(120), FASHION.validation.first(30), FASHION.test.first(50)
)
RECIPE = tp.Recipe(epochs=4, freeze=("backbone",), weights="imagenet", image_size=48, learning_rate=1e-3, patience=3)
PLAN = tp.plan("squeezenet", head="flatten", input_shape=(48, 48, 3), classes=10)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    monkeypatch.setitem(data.DATA, "small", replace(data.DATA["fashion_mnist"], make=lambda: SMALL))
    return RunStore(tmp_path / "store")


def trained(store: RunStore, head: str, recipe: tp.Recipe = RECIPE) -> Run:
    (run_id,) = enqueue_heads("squeezenet", [head], "small", recipe, store)
    run = store.claim(Process.of())
    assert run
    store.end(run_id, "done", result=fit_run(store, run, threading.Event()))
    return store.get(run_id)


def test_the_model_is_whole_and_says_what_its_head_said_on_the_features(store: RunStore) -> None:
    run = trained(store, "flatten")
    model = run.load_model()
    assert model.count_params() == run.plan.params
    scores = model(run.to_input(SMALL.test.images), training=False).numpy()
    assert run.result
    assert (scores.argmax(axis=1) == SMALL.test.labels).mean() == run.result["accuracy"]
    assert run.result["images"] == 50
    before = start(PLAN, RECIPE)
    for row in PLAN.rows:
        same = map(np.array_equal, before.get_layer(row.name).get_weights(), model.get_layer(row.name).get_weights())
        assert all(same) == (row.part == "backbone" or row.params == 0)
    assert tp.explain(model, run.to_input(SMALL.test.images[:2]), method="hirescam").layer == "fire9_concat"


def test_a_second_head_reads_what_the_first_one_computed(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    trained(store, "gap")
    (folder,) = (store.folder / "features").iterdir()
    assert np.load(folder / "train.npy").shape == (120, 2, 2, 512)
    monkeypatch.setattr(module, "_compute", None)
    assert trained(store, "avgmax").state == "done"
    # Another size is another set of features.
    with pytest.raises(TypeError):
        trained(store, "gap", tp.Recipe(**{**RECIPE.config, "image_size": 64}))


def test_features_are_those_of_the_frozen_network(store: RunStore) -> None:
    model = start(PLAN, RECIPE)
    known = module.features(model, PLAN, RECIPE, SMALL, store.folder, lambda share: None)
    expected = tp.build(PLAN, weights="imagenet")
    body = type(model)(expected.inputs[0], expected.get_layer("fire9_concat").output)
    for part, images in (("train", SMALL.train.images), ("test", SMALL.test.images)):
        values = getattr(known, part).images
        np.testing.assert_allclose(values, body(to_network(images, PLAN, "imagenet"), training=False), atol=1e-3)
    np.testing.assert_array_equal(known.test.labels, SMALL.test.labels)


def test_what_was_computed_in_part_is_computed_again(store: RunStore) -> None:
    model, shares = start(PLAN, RECIPE), []

    class Killed(Exception):
        pass

    def stepped(share: float) -> None:
        shares.append(share)
        if len(shares) == 2:
            raise Killed

    with pytest.raises(Killed):
        module.features(model, PLAN, RECIPE, SMALL, store.folder, stepped)
    known = module.features(model, PLAN, RECIPE, SMALL, store.folder, shares.append)
    assert shares[-1] == 1.0
    assert len(known.train) == 120
    (folder,) = (store.folder / "features").iterdir()
    assert {file.name for file in folder.iterdir()} == {"train.npy", "validation.npy", "test.npy", "complete", "lock"}


def kept(folder: Path, name: str, size: int, used: float) -> Path:
    made = folder / name
    made.mkdir(parents=True)
    (made / "train.npy").write_bytes(bytes(size))
    (made / "complete").write_text("")
    os.utime(made / "complete", (used, used))
    return made


def test_the_features_that_were_not_used_for_the_longest_time_make_room(tmp_path: Path) -> None:
    old, older, new = (kept(tmp_path, name, 100, used) for name, used in (("b", 20), ("a", 10), ("c", 30)))
    module.make_room(tmp_path, most=1000)
    assert old.exists()
    assert older.exists()
    module.make_room(tmp_path, most=150)
    assert [each.name for each in tmp_path.iterdir()] == ["c"]
    assert (new / "train.npy").stat().st_size == 100


def test_features_that_a_process_works_on_stay_and_what_a_killed_one_left_goes(tmp_path: Path) -> None:
    held, free = (kept(tmp_path, name, 100, used) for name, used in (("held", 10), ("free", 20)))
    kept(tmp_path, ".removed-half", 100, 0)
    with module._alone(held, lambda share: None):
        module.make_room(tmp_path, most=0)
    assert [each.name for each in tmp_path.iterdir()] == ["held"]
    assert not free.exists()


def test_who_waited_for_features_that_were_removed_begins_anew(tmp_path: Path) -> None:
    folder = kept(tmp_path, "a", 100, 10)
    first = module._locked(folder)
    assert first
    assert module._locked(folder) is None
    folder.rename(tmp_path / ".removed-a")
    first.close()
    with module._alone(folder, lambda share: None):
        assert [file.name for file in folder.iterdir()] == ["lock"]


def test_a_training_reads_on_when_its_features_make_room(store: RunStore) -> None:
    known = module.features(start(PLAN, RECIPE), PLAN, RECIPE, SMALL, store.folder, lambda share: None)
    before = np.array(known.train.images)
    module.make_room(store.folder / "features", most=0)
    assert list((store.folder / "features").iterdir()) == []
    np.testing.assert_array_equal(known.train.images, before)


def test_augmentation_goes_through_the_frozen_network(store: RunStore) -> None:
    run = trained(store, "gap", tp.Recipe(**{**RECIPE.config, "augment": ["flip"], "epochs": 1}))
    assert run.state == "done"
    assert not (store.folder / "features").exists()


def test_a_network_without_imagenet_weights_is_refused(store: RunStore) -> None:
    with pytest.raises(ValueError, match=r"no ImageNet weights for resnet8\. Use one of: squeezenet, resnet50"):
        enqueue_heads("resnet8", ["gap"], "small", RECIPE, store)
    assert store.runs() == []
