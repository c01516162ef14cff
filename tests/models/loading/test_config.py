"""Malicious configs: each is refused before anything in it runs, or opened without running it."""

import contextlib
import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import h5py
import keras
import numpy as np
import pytest
from keras import layers
from keras.src.saving.keras_saveable import KerasSaveable

from tests.models.loading.conftest import Config, changed, model, packed, refused, refused_before_weights
from tfpool.models.loading import allowlist
from tfpool.models.loading.load import load_model


@keras.saving.register_keras_serializable("hostile")
class Payload:
    """A class that no file may instantiate. It leaves a mark when it is instantiated."""

    marker: ClassVar[Path]

    @classmethod
    def from_config(cls, config: Config) -> "Payload":
        cls.marker.touch()
        return cls()

    def get_config(self) -> Config:
        return {}


@keras.saving.register_keras_serializable("hostile")
def run(x: Any) -> Any:
    Payload.marker.touch()
    return x


PAYLOAD = {"module": None, "class_name": "Payload", "config": {"name": "x"}, "registered_name": "hostile>Payload"}
FUNCTION = {"module": "builtins", "class_name": "function", "config": "hostile>run", "registered_name": "function"}


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    Payload.marker = tmp_path / "it-ran"
    return Payload.marker


def runs_in_keras(path: Path, marker: Path, safe_mode: bool = True) -> None:
    """See to it that the payload works: Keras alone runs it."""
    marker.unlink(missing_ok=True)
    with contextlib.suppress(Exception):
        opened = keras.models.load_model(path, compile=False, safe_mode=safe_mode)
        opened(np.zeros((1, *opened.input_shape[1:]), np.float32))
    assert marker.exists()
    marker.unlink()


def conv(config: Config) -> Config:
    return config["config"]["layers"][1]


def inner(config: Config) -> Config:
    return config["config"]["layers"][2]["config"]["layers"][2]


def setting(name: str, value: Any, find: Callable[[Config], Config] = conv) -> Callable[[Config], None]:
    return lambda config: find(config)["config"].update({name: copy.deepcopy(value)})


HIDDEN: dict[str, tuple[Callable[[Config], None], str]] = {
    "layer": (lambda c: conv(c).update(PAYLOAD), "Payload"),
    "inner": (lambda c: inner(c).update(PAYLOAD), "Payload"),
    "disguised": (
        lambda c: conv(c).update(registered_name="hostile>Payload"),
        "hostile>Payload",
    ),
    "legacy": (
        lambda c: (conv(c).update(class_name="hostile>Payload"), conv(c).pop("module")),
        "hostile>Payload",
    ),
    "initializer": (setting("kernel_initializer", PAYLOAD), "conv.*Payload"),
    "regularizer": (setting("kernel_regularizer", PAYLOAD, inner), "inner.*Payload"),
    "constraint": (setting("kernel_constraint", PAYLOAD), "conv.*Payload"),
    "activation": (setting("activation", PAYLOAD), "conv.*Payload"),
    "dtype": (setting("dtype", PAYLOAD), "conv.*Payload"),
    "seed": (
        lambda c: conv(c)["config"]["kernel_initializer"]["config"].update(seed=PAYLOAD),
        "conv.*Payload",
    ),
    "call": (lambda c: conv(c)["inbound_nodes"][0]["kwargs"].update(x=PAYLOAD), "conv.*Payload"),
    "function": (setting("activation", FUNCTION), "conv.*function"),
}


@pytest.mark.parametrize("place", HIDDEN)
def test_a_payload_is_refused_before_it_runs(
    place: str, entries: dict[str, bytes], marker: Path, tmp_path: Path
) -> None:
    change, message = HIDDEN[place]
    path = changed(tmp_path / "model.keras", entries, change)
    runs_in_keras(path, marker)
    refused(path, message)
    assert not marker.exists()


def test_how_a_model_was_trained_is_not_made(entries: dict[str, bytes], marker: Path, tmp_path: Path) -> None:
    def compiled(config: Config) -> None:
        for part in (config, config["config"]["layers"][2]):
            part["compile_config"] = {"optimizer": "sgd", "loss": PAYLOAD}

    path = changed(tmp_path / "model.keras", entries, compiled)
    runs_in_keras(path, marker)
    load_model(path)
    assert not marker.exists()


@pytest.mark.parametrize("kind", ["keras", "h5"])
def test_a_lambda_is_refused_before_it_runs(kind: str, marker: Path, tmp_path: Path) -> None:
    image = keras.Input((4,))
    path = tmp_path / f"model.{kind}"
    code = f"lambda x: (__import__('pathlib').Path({str(marker)!r}).touch(), x)[1]"
    keras.Model(image, layers.Lambda(eval(code), name="x", output_shape=(4,))(image)).save(path)
    runs_in_keras(path, marker, safe_mode=False)
    refused(path, "Lambda")
    assert not marker.exists()


def test_a_function_named_in_an_h5_is_refused_before_it_runs(marker: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    model().save(path)
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        conv(config)["config"]["activation"] = "hostile>run"
        file.attrs["model_config"] = json.dumps(config)
    runs_in_keras(path, marker)
    refused(path, "activation.*hostile>run")
    assert not marker.exists()


FOREIGN = [
    ("keras.layers", "TFSMLayer", "TFSMLayer.*code"),
    ("keras.layers", "JaxLayer", "JaxLayer.*code"),
    ("keras.layers", "FlaxLayer", "FlaxLayer.*code"),
    ("keras.layers", "TorchModuleWrapper", "TorchModuleWrapper.*code"),
    ("keras.layers", "TextVectorization", "TextVectorization of keras.layers"),
    ("keras.layers", "StringLookup", "StringLookup of keras.layers"),
    ("keras.layers", "deserialize", "deserialize of keras.layers"),
    ("keras.utils", "get_file", "get_file of keras.utils"),
    ("keras.src.ops.core", "WhileLoop", "WhileLoop of keras.src.ops.core"),
    ("os", "Conv2D", "Conv2D of os"),
    ("builtins", "eval", "eval of builtins"),
    (None, "TFOpLambda", "TFOpLambda"),
    (None, "CompositeTensor", "CompositeTensor"),
    (None, "__typespec__", "__typespec__"),
    (None, "__lambda__", "__lambda__.*code"),
    (None, ["Conv2D"], "conv"),
    (["keras.layers"], "Conv2D", "conv"),
]


@pytest.mark.parametrize(("module", "name", "message"), FOREIGN, ids=[str(name).strip("[]'") for _, name, _ in FOREIGN])
def test_a_class_that_is_not_on_the_list_is_refused(
    module: Any, name: Any, message: str, entries: dict[str, bytes], tmp_path: Path
) -> None:
    path = changed(tmp_path / "model.keras", entries, lambda c: conv(c).update(module=module, class_name=name))
    refused(path, message)


NAMED = {
    "initializer": (setting("kernel_initializer", "hostile>run"), "kernel_initializer.*hostile>run"),
    "activation": (setting("activation", "os.system"), r"activation.*os\.system"),
    "escape": (setting("activation", "\x1b[31m\n\u202ered"), r"activation '\[31m red'"),
    "dtype": (setting("dtype", "V1000000000000"), "dtype.*V1000000000000"),
    "record": (setting("dtype", {"names": ["a"], "formats": ["9999f8"]}), "dtype"),
    "policy": (
        lambda c: conv(c)["config"]["dtype"]["config"].update(name="V1000000000000_from_float32"),
        "policy.*V1000000000000_from_float32",
    ),
    "argument": (setting("padding", "hostile>run"), "hostile>run"),
}


@pytest.mark.parametrize("place", NAMED)
def test_a_name_that_is_not_on_the_list_is_refused(place: str, entries: dict[str, bytes], tmp_path: Path) -> None:
    change, message = NAMED[place]
    refused(changed(tmp_path / "model.keras", entries, change), f"conv.*{message}")


CARRYING_CODE = {
    "keras.layers": "FlaxLayer JaxLayer Lambda IntegerLookup StringLookup TextVectorization TFSMLayer "
    "TorchModuleWrapper",
    "keras.src.ops.core": "AssociativeScan Cond ForiLoop Map Scan Switch VectorizedMap WhileLoop",
    "keras.src.ops.linalg": "JVP",
    "keras.quantizers": "AWQConfig GPTQConfig",
}


def test_the_rule_leaves_out_what_can_carry_code_and_nothing_else() -> None:
    left_out = {
        module: {name for name in classes if not allowlist.is_stock(module, name)}
        for module, classes in allowlist.candidates().items()
    }
    assert left_out.pop("") == set(CARRYING_CODE["keras.layers"].split())
    assert {module: names for module, names in left_out.items() if names} == {
        module: set(names.split()) for module, names in CARRYING_CODE.items()
    }


def test_the_list_holds_nothing_but_classes_of_keras_and_ours() -> None:
    for module, classes in allowlist.candidates().items():
        assert not {cls for cls in classes.values() if cls.__module__.split(".")[0] not in ("keras", "tfpool")}
        if module.startswith("keras.src"):
            assert all(issubclass(cls, KerasSaveable) for cls in classes.values())
    assert not {name for name in allowlist.CODE_RUNNERS for module in allowlist.candidates() if stock(module, name)}


def stock(module: str, name: str) -> bool:
    return allowlist.is_stock(module, name)


class _Reader(layers.Layer):
    """What a later Keras might add: a layer that reads a file that its config names."""

    def __init__(self, source: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.text = _text(source)

    def call(self, x: Any) -> Any:
        return x


def _text(source: str) -> str:
    with open(source) as file:  # noqa: PTH123
        return file.read()


class _Runner(layers.Layer):
    """Another one: a layer that takes a function."""

    def __init__(self, call_fn: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def call(self, x: Any) -> Any:
        return x


@pytest.mark.parametrize("cls", [_Reader, _Runner])
def test_a_layer_that_keras_may_add_is_judged_by_its_code(cls: type, monkeypatch: pytest.MonkeyPatch) -> None:
    for member in (cls, _text):
        monkeypatch.setattr(member, "__module__", "keras.src.layers.later")
    assert allowlist.can_carry_code(cls)
    assert not allowlist.can_carry_code(layers.Dense)


def test_weights_that_are_not_in_the_file_are_never_made(entries: dict[str, bytes], tmp_path: Path) -> None:
    path = changed(tmp_path / "model.keras", entries, setting("units", 10**12, inner))
    refused_before_weights(path, "33,000,000,000,056.*122")


def test_a_shape_to_be_built_for_makes_no_weights_either(entries: dict[str, bytes], tmp_path: Path) -> None:
    dense = inner(json.loads(entries["config.json"]))
    del dense["build_config"]
    sequential = {"module": "keras", "class_name": "Sequential", "config": {"name": "top", "layers": [dense]}}
    sequential["build_config"] = {"input_shape": [None, 10**12]}
    path = packed(tmp_path / "model.keras", {**entries, "config.json": json.dumps(sequential).encode()})
    refused_before_weights(path, "2,000,000,000,002.*122")


@pytest.mark.parametrize(("side", "numbers"), [(8, "19,200,000,000"), (None, "78,643,200,000,000")])
def test_an_array_between_layers_may_not_take_all_memory(side: int | None, numbers: str, tmp_path: Path) -> None:
    image = keras.Input((side, side, 3))
    keras.Model(image, layers.GlobalMaxPooling2D()(layers.UpSampling2D(10**4)(image))).save(tmp_path / "model.keras")
    refused_before_weights(tmp_path / "model.keras", numbers)


@pytest.mark.parametrize("depth", [250, 100_000])
def test_a_config_nested_without_end_is_refused(depth: int, entries: dict[str, bytes], tmp_path: Path) -> None:
    deep = entries["config.json"].replace(b'"filters": 2', b'"filters": ' + b"[" * depth + b"]" * depth)
    path = packed(tmp_path / "model.keras", {**entries, "config.json": deep})
    refused(path, "200")


NO_MODELS = {
    "empty": b"",
    "cut": b"{",
    "list": b"[]",
    "null": b"null",
    "bare": b'{"class_name": "Functional"}',
    "no-text": b"\xff\xfe",
    "zip": b"PK\x03\x04",
}


@pytest.mark.parametrize("kind", NO_MODELS)
def test_a_config_that_describes_no_model_is_refused(kind: str, entries: dict[str, bytes], tmp_path: Path) -> None:
    path = packed(tmp_path / "model.keras", {**entries, "config.json": NO_MODELS[kind]})
    refused(path, "config")
