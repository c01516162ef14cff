"""Exported files build the model of their plan, in a process that has no tfpool."""

import inspect
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest

import tfpool as tp
from tests.helpers.built_models import KINDS, assert_equal, kinds_first, models_with_heads, with_distinct_weights
from tfpool.counting.plan import Plan
from tfpool.networks.heads import HEADS

HEAD = "# The head: "
ADAPTIVE = () if hasattr(keras.layers, "AdaptiveAveragePooling2D") else ("spp", "adaptiveavg")
"""Heads whose layers came with Keras 3.13."""
ALL = tuple(head for head in HEADS if head not in ADAPTIVE)
SCRIPT = tp.plan("resnet8", head="gem")
"""The plan whose code, with the one layer of our own, is run as a script."""


def run_code(code: str) -> keras.Model:
    """The model that exported code builds."""
    scope: dict[str, Any] = {"__name__": "exported"}
    exec(compile(code, "exported.py", "exec"), scope)
    return scope["model"]


def described(model: Any, cache: dict[str, Any]) -> dict[str, Any]:
    """Plain data: each layer's class, name, settings without initial values, and inputs; and the weight count.

    Two models with equal data are equal functions of their weights. `cache` keeps layers that several models share.
    """
    for layer in model.layers:
        if layer.name not in cache or cache[layer.name][0] is not layer:
            config = layer.get_config()
            settings = {key: config[key] for key in config if "initializer" not in key and key != "seed"}
            inputs = layer.input if isinstance(layer.input, list) else [layer.input]
            sources = [tensor._keras_history.operation.name for tensor in inputs]
            cache[layer.name] = layer, [type(layer).__name__, layer.name, settings, sources]
    layers = [cache[layer.name][1] for layer in model.layers]
    ends = [tensor._keras_history.operation.name for tensor in (*model.inputs, *model.outputs)]
    return {"layers": layers, "ends": ends, "count": model.count_params()}


def heads_of(name: str) -> tuple[str, ...]:
    """A head's code does not depend on the network: a few networks are exported with all heads, the others with two."""
    return ALL if name in ("convnet", "resnet50", "nin_cifar", "efficientnetb0") else ("gap", "flatten")


def export(names: list[str], folder: Path) -> None:
    for name in names:
        (folder / name).mkdir()
        for head in heads_of(name):
            (folder / name / f"{head}.py").write_text(tp.to_code(tp.plan(name, head=head, classes=7)))


# The code before the head is equal for all heads, except for docstring, imports and our own layer: it runs once.
STRANGER = f"""
import json, pathlib, re, sys
from typing import Any
sys.modules["tfpool"] = None
import keras

{inspect.getsource(described)}

folder = pathlib.Path.cwd()
for name in json.loads(sys.argv[1]):
    models, shared, cache = {{}}, None, {{}}
    with keras.StatelessScope(initialize_variables=False):
        for path in sorted((folder / name).glob("*.py")):
            code = path.read_text()
            begin = re.search("^(def |input_layer)", code, re.MULTILINE).start()
            before, head, after = code.partition("{HEAD}")
            scope = {{"__name__": "exported"}}
            exec(before[:begin], scope)
            if shared is None:
                shared, built = before[begin:], dict(scope)
                exec(shared, built)
            assert head and before[begin:] == shared, path
            scope = {{**built, **scope}}
            exec(head + after, scope)
            models[path.stem] = {{"name": scope["model"].name, **described(scope["model"], cache)}}
    keras.backend.clear_session()
    (folder / name / "unfinished").write_text(json.dumps(models))
    (folder / name / "unfinished").rename(folder / name / "models.json")
import runpy
runpy.run_path("network.py", run_name="__main__")
"""


class Exported(NamedTuple):
    folder: Path
    process: subprocess.Popen[bytes]

    def models_of(self, name: str) -> dict[str, Any]:
        path = self.folder / name / "models.json"
        while not path.exists():
            assert self.process.poll() is None or path.exists(), (self.folder / "errors").read_text()
            time.sleep(0.05)
        return json.loads(path.read_text())


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Exported]:
    """One folder per network, in which a process without tfpool describes the models that the exported files build."""
    folder = tmp_path_factory.mktemp("exported")
    wanted = [name for name in tp.catalog() if any(f"[{name}]" in item.name for item in request.session.items)]
    export(wanted, folder)
    (folder / "network.py").write_text(tp.to_code(SCRIPT))
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, "-c", STRANGER, json.dumps(wanted)]
    with (
        (folder / "errors").open("w") as errors,
        (folder / "output").open("w") as output,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=errors) as process,
    ):
        yield Exported(folder, process)
        process.kill()


@pytest.mark.slow
@pytest.mark.parametrize("name", kinds_first(tp.catalog()))
def test_every_file_builds_its_plan_where_tfpool_is_not(name: str, exported: Exported) -> None:
    cache: dict[str, Any] = {}
    expected = {}
    # No weight is allocated, so the largest heads can be checked too.
    with keras.StatelessScope(initialize_variables=False):
        for plan, built in models_with_heads(name, heads_of(name)):
            assert_equal(plan, built)
            expected[plan.head.name] = described(built, cache)
    keras.backend.clear_session()
    models = exported.models_of(name)
    assert set(models) == set(heads_of(name))
    for head, model in models.items():
        assert model.pop("name") == f"{name}-{head}"
        assert model == json.loads(json.dumps(expected[head]))


@pytest.mark.slow
def test_every_file_is_a_script_that_prints_its_model(exported: Exported) -> None:
    assert "tfpool" not in tp.to_code(SCRIPT).replace('register_keras_serializable("tfpool")', "")
    assert exported.process.wait() == 0, (exported.folder / "errors").read_text()
    assert re.search(rf"Total params.*{SCRIPT.params:,}", (exported.folder / "output").read_text())


def assert_equal_outputs(plan: Plan) -> None:
    """The plan's model and the model of its code give equal outputs with equal weights."""
    built, exported = with_distinct_weights(tp.build(plan, seed=1)), run_code(tp.to_code(plan))
    assert described(exported, {}) == described(built, {})
    assert exported.name == built.name
    exported.set_weights(built.get_weights())
    for layer in exported.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    images = np.random.default_rng(0).random((2, *plan.input_shape), np.float32)
    outputs = built(images, training=False).numpy()
    assert np.isfinite(outputs).all()
    assert np.ptp(outputs) > 0
    assert np.abs(exported(images, training=False).numpy() - outputs).max() == 0.0


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("name", ["convnet", *kinds_first(["resnet20b", "resnet18"])])
def test_the_code_of_every_head_gives_equal_outputs_with_equal_weights(name: str, head: str) -> None:
    size = (97, 97, 3) if name == "resnet18" else (16, 16, 3)
    assert_equal_outputs(tp.plan(name, tp.FC((16,)) if head == "fc" else head, size, classes=5))


EXHAUSTIVE = pytest.mark.exhaustive
BLOCKS = [
    ("convnet", {"pooling": "average", "input_shape": (16, 16, 3)}),
    ("resnet8", {"head": "gem", "input_shape": (16, 16, 3)}),
    ("plain20", {"width": 0.37, "input_shape": (16, 16, 3)}),
    ("resnet18", {"width": 0.25, "input_shape": (32, 32, 3)}),
    ("nin_cifar", {"input_shape": (16, 16, 3)}),
    ("alexnet", {"head": tp.FC((16,)), "input_shape": (64, 64, 3)}),
    ("vgg11_bn", {"head": "gap", "input_shape": (32, 32, 3)}),
    ("squeezenet", {"input_shape": (32, 32, 3)}),
]
MORE_BLOCKS: list[tuple[str, dict[str, Any]]] = [
    ("resnet50", {"width": 0.25, "input_shape": (32, 32, 3), "output_stride": 8}),
    ("resnet50v2", {"width": 0.25, "input_shape": (33, 32, 1)}),
    ("efficientnetb0", {"input_shape": (32, 33, 3)}),
    ("resnet20b", {}),
    ("resnet50", {"input_shape": (64, 64, 3)}),
    ("resnet50v1.5", {"input_shape": (64, 64, 3), "width": 0.25}),
    ("plain18", {"input_shape": (64, 64, 3)}),
    ("nin_imagenet", {"input_shape": (128, 128, 3)}),
    ("vgg11", {"head": tp.FC((16,)), "input_shape": (64, 64, 3)}),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "settings"),
    BLOCKS + [pytest.param(*block, marks=EXHAUSTIVE) for block in MORE_BLOCKS],
    ids=str,
)
def test_the_code_of_every_kind_of_block_gives_equal_outputs(name: str, settings: dict[str, Any]) -> None:
    assert_equal_outputs(tp.plan(name, classes=5, **settings))
    keras.backend.clear_session()


@pytest.mark.parametrize(
    ("name", "settings", "most"),
    [
        ("resnet50", {}, 61),
        ("resnet152", {}, 61),
        ("resnet152", {"output_stride": 8}, 61),
        ("resnet152v2", {}, 80),
        ("resnet110", {}, 52),
        ("plain110", {}, 36),
        ("vgg19_bn", {}, 40),
        ("squeezenet", {}, 40),
        ("efficientnetb0", {}, 105),
        ("efficientnetb7", {}, 125),
    ],
    ids=str,
)
def test_a_deep_network_is_hardly_longer_than_a_shallow_one(name: str, settings: dict[str, Any], most: int) -> None:
    assert len(tp.to_code(tp.plan(name, **settings)).splitlines()) <= most


@pytest.mark.parametrize("names", [tuple(KINDS), pytest.param(tp.catalog(), marks=EXHAUSTIVE)], ids=["kinds", "all"])
def test_the_file_is_formatted_as_ruff_would(names: tuple[str, ...], tmp_path: Path) -> None:
    for name in names:
        for head in ("gap", "gem", "spp"):
            (tmp_path / f"{name}-{head}.py").write_text(tp.to_code(tp.plan(name, head=head)))
    (tmp_path / "narrow.py").write_text(tp.to_code(tp.plan("resnet50", width=0.37, output_stride=8)))
    (tmp_path / "ruff.toml").write_text('line-length = 120\nlint.extend-select = ["E", "F", "W", "I", "B", "UP"]\n')
    for command in (["format", "--check"], ["check"]):
        ended = subprocess.run([sys.executable, "-m", "ruff", *command, "."], cwd=tmp_path, capture_output=True)
        assert ended.returncode == 0, ended.stdout.decode()


def test_the_code_reads_as_written_by_hand() -> None:
    code = tp.to_code(tp.plan("resnet8", input_shape=(None, None, 3))).splitlines()
    assert code[0] == '"""resnet8-gap: images ?×?×3, 10 classes, 75,770 parameters."""'
    assert 'input_layer = keras.Input((None, None, 3), name="input_layer")' in code
    assert 'x = layers.Conv2D(16, 3, padding="same", use_bias=False, name="conv1_conv")(input_layer)' in code
    assert 'x = layers.Add(name="conv2_block1_add")([conv1_relu, x])' in code
    assert f"{HEAD}GAP" in code
    assert max(map(len, code)) < 120


def test_only_a_plan_has_code() -> None:
    with pytest.raises(ValueError, match="resnet8"):
        tp.to_code("resnet8")  # type: ignore[arg-type]
