"""Class maps of the epochs on the pages Train and Runs: what the browser gets, and runs without them."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.train import map_strips
from tests.helpers.pages import opened, words
from tests.helpers.stored_runs import finished, with_maps
from tfpool import data
from tfpool.tracking import training_maps
from tfpool.tracking.store import Run, RunStore
from tfpool.tracking.training_maps import TrainingMaps

PICTURES = [("data:", (28, 28))] * 4
NAMES = data.load("fashion_mnist").class_names


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    monkeypatch.setenv("TFPOOL_STORE", str(tmp_path / "saved_models"))
    return RunStore(tmp_path / "saved_models")


def kept(run: Run) -> TrainingMaps:
    maps = training_maps.read(training_maps.path(run))
    assert maps
    return maps


def values(packed: dict[str, Any]) -> np.ndarray:
    """Packed maps from −1 to 1, (E, h, w)."""
    flat = np.frombuffer(base64.b64decode(packed["values"]), np.int8)
    return flat.reshape(-1, packed["height"], packed["width"]) / 127


def contents(app: AppTest) -> list[dict[str, Any]]:
    components = (element.proto for element in app.get("bidi_component"))
    return [
        json.loads(json.loads(proto.json)["content"]) for proto in components if "map_strips" in proto.component_name
    ]


def test_all_epochs_of_an_image_have_one_color_scale_around_zero(store: RunStore) -> None:
    maps = kept(with_maps(finished(store, 0.7), epochs=3))
    content = map_strips.content([("GAP", maps)], PICTURES, NAMES)
    (row,) = content["rows"]
    for number, packed in enumerate(row["maps"]):
        of_image = maps.maps[:, number]
        np.testing.assert_allclose(values(packed), of_image / np.abs(of_image).max(), atol=0.5 / 127 + 1e-6)
    assert np.abs(values(row["maps"][0])[2]).max() == 1 > np.abs(values(row["maps"][0])[0]).max()
    assert content["epochs"] == row["epochs"] == [1, 2, 3]
    np.testing.assert_allclose(row["scores"], maps.scores, atol=1e-4)
    assert row["predicted"] == maps.predicted.tolist()
    assert [image["name"] for image in content["images"]] == [NAMES[number] for number in maps.classes]
    table = content["paint"]
    assert (table[0], table[-1]) == ([59, 76, 192], [180, 4, 38])


def test_of_many_epochs_every_few_and_the_newest_are_sent_and_runs_share_the_slider(store: RunStore) -> None:
    long, short = (kept(with_maps(finished(store, 0.7, head), epochs)) for head, epochs in (("gap", 90), ("nin", 8)))
    content = map_strips.content([("GAP", long), ("NIN", short)], PICTURES, NAMES)
    of_long, of_short = (row["epochs"] for row in content["rows"])
    assert of_long == [*range(1, 90, 3), 90]
    assert of_short == [1, 4, 7, 8]
    assert content["epochs"] == sorted({*of_long, *of_short})
    assert len(values(content["rows"][1]["maps"][0])) == 4


def test_a_map_without_any_evidence_is_clear(store: RunStore) -> None:
    maps = kept(with_maps(finished(store, 0.7)))
    maps.maps[:] = 0
    (row,) = map_strips.content([("GAP", maps)], PICTURES, NAMES)["rows"]
    assert not values(row["maps"][0]).any()


@pytest.mark.parametrize("page", ["Train", "Runs"])
def test_maps_are_shown_with_their_test_images_and_runs_without_are_named(page: str, store: RunStore) -> None:
    finished(store, 0.7)
    assert contents(opened(page)) == []
    assert "class maps" not in words(opened(page))
    run = with_maps(finished(store, 0.7, head="flatten"))
    app = opened(page)
    (content,) = contents(app)
    assert [row["name"] for row in content["rows"]] == ["Flatten · resnet8"]
    assert [image["position"] for image in content["images"]] == kept(run).images.tolist()
    assert all(image["picture"].startswith("data:image/png") for image in content["images"])
    assert "No class maps were kept of resnet8-gap-1" in words(app)


def test_runs_on_two_data_sets_stand_apart(store: RunStore) -> None:
    spec = with_maps(finished(store, 0.7)).spec
    other = RunStore(store.folder)
    run_id = other.add({**spec, "data": "scattered"})
    with_maps(other.get(run_id))
    app = opened("Train", runs=["resnet8-gap-1", run_id])
    assert [content["images"][0]["size"] for content in contents(app)] == [[28, 28], [64, 64]]
    assert "**scattered**" in words(app)


def test_files_that_cannot_be_read_are_a_message(store: RunStore) -> None:
    run = with_maps(finished(store, 0.7))
    run.metadata_path.write_text('{"data_fingerprint": "another"}')
    app = opened("Train")
    assert contents(app) == []
    assert any("began" in caption.value for caption in app.caption)
    training_maps.path(run).write_bytes(b"damaged")
    text = words(opened("Train")).replace("\\", "")
    assert "class_maps.npz" in text
    assert str(store.folder) not in text
