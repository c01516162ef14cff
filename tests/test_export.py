import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfpool as tp
from tfpool.heads import HEADS

from .test_build import assert_equal


def run_code(code: str) -> keras.Model:
    """The model that a file of exported code builds."""
    scope: dict[str, Any] = {"__name__": "exported"}
    exec(compile(code, "exported.py", "exec"), scope)
    return scope["model"]


def assert_same_layers(exported: keras.Model, built: keras.Model) -> None:
    assert exported.name == built.name
    assert [(type(layer).__name__, layer.name) for layer in exported.layers] == [
        (type(layer).__name__, layer.name) for layer in built.layers
    ]
    for mine, theirs in zip(exported.layers, built.layers, strict=True):
        ours, official = mine.get_config(), theirs.get_config()
        assert {key: ours[key] for key in ours if "initializer" not in key and key != "seed"} == {
            key: official[key] for key in official if "initializer" not in key and key != "seed"
        }
    assert exported.count_params() == built.count_params()


@pytest.mark.slow
@pytest.mark.parametrize("name", tp.catalog())
def test_the_code_of_every_network_builds_its_plan(name: str) -> None:
    plan = tp.plan(name)
    with tf.Graph().as_default():
        assert_equal(plan, run_code(tp.to_code(plan)))
    keras.backend.clear_session()


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("name", ["resnet8", "squeezenet"])
def test_the_code_of_every_head_gives_equal_outputs_with_equal_weights(name: str, head: str) -> None:
    side = tp.plan(name).input_shape[0]
    plan = tp.plan(name, head=tp.FC((16,)) if head == "fc" else head, classes=5)
    built, exported = tp.build(plan, seed=1), run_code(tp.to_code(plan))
    assert_same_layers(exported, built)
    exported.set_weights(built.get_weights())
    images = np.random.default_rng(0).random((2, side, side, 3), np.float32)
    np.testing.assert_array_equal(exported(images, training=False), built(images, training=False))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "head"), [("resnet20", "flatten"), ("resnet8", "gem")])
def test_the_file_runs_where_tfpool_is_not_installed(name: str, head: str, tmp_path: Path) -> None:
    plan = tp.plan(name, head=head)
    code = tp.to_code(plan)
    assert "tfpool" not in code.replace('register_keras_serializable("tfpool")', "")
    (tmp_path / "network.py").write_text(code)
    script = (
        "import network, sys; print(network.model.count_params()); assert not [n for n in sys.modules if 'tfpool' in n]"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert int(ended.stdout) == plan.params


def test_the_code_reads_as_one_would_write_it() -> None:
    code = tp.to_code(tp.plan("resnet8", input_shape=(None, None, 3))).splitlines()
    assert code[0] == '"""resnet8-gap: images ?×?×3, 10 classes, 75,770 parameters."""'
    assert 'input_layer = keras.Input((None, None, 3), name="input_layer")' in code
    assert 'x = layers.Conv2D(16, 3, padding="same", use_bias=False, name="conv1_conv")(input_layer)' in code
    assert 'x = layers.Add(name="conv2_block1_add")([conv1_relu, x])' in code
    assert max(map(len, code)) < 120


def test_what_is_no_plan_has_no_code() -> None:
    with pytest.raises(ValueError, match="A plan is needed"):
        tp.to_code("resnet8")  # type: ignore[arg-type]
