"""Saved models keep what they compute, without arguments that came after Keras 3.10 and change nothing."""

import json
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

import tfpool as tp
from tests.helpers.processes import ROOT
from tfpool.models.neutral_arguments import leave_out

LATER = ("quantization_config", "input_axes", "output_axes", "renorm", "renorm_clipping", "renorm_momentum")


def config(path: Path) -> str:
    with zipfile.ZipFile(path) as saved:
        return saved.read("config.json").decode()


def test_a_model_computes_the_same_without_them(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    model = tp.build(tp.plan("resnet8", head="flatten"), seed=0)
    model.save(path)
    before = keras.models.load_model(path).get_config()
    leave_out(path)
    assert not any(f'"{name}"' in config(path) for name in LATER)
    images = np.random.default_rng(0).random((2, 32, 32, 3), dtype=np.float32)
    again = keras.models.load_model(path)
    assert again.get_config() == before
    np.testing.assert_array_equal(again(images), model(images))


def test_an_argument_that_changes_something_stays(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    kept = {"renorm": True, "renorm_momentum": 0.9, "layers": [{"quantization_config": {"mode": "int8"}}]}
    with zipfile.ZipFile(path, "w") as saved:
        saved.writestr("config.json", json.dumps({**kept, "renorm_clipping": None, "input_axes": None}))
        saved.writestr("model.weights.h5", b"weights")
    leave_out(path)
    assert json.loads(config(path)) == kept
    with zipfile.ZipFile(path) as saved:
        assert saved.read("model.weights.h5") == b"weights"


@pytest.mark.parametrize("path", sorted((ROOT / "tfpool/examples/bundled").glob("*/model.keras")), ids=str)
def test_the_models_that_ship_open_in_older_versions(path: Path) -> None:
    assert not any(f'"{name}"' in config(path) for name in LATER)


def test_a_layer_that_keras_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(keras.layers, "AdaptiveAveragePooling2D", raising=False)
    with pytest.raises(ValueError, match=r"AdaptiveAveragePooling2D.*3\.13"):
        tp.build(tp.plan("resnet8", head="adaptiveavg"))
