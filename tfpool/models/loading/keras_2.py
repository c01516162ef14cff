"""The config of a model that Keras 2 saved, in the form that Keras 3 writes.

Only data is rearranged, and nothing in it is looked up but in tables: the result is checked as any config is.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from typing import Any

import keras

from tfpool.models.loading.allowlist import candidates
from tfpool.models.loading.config import Refused, cleaned, quoted
from tfpool.models.loading.tensorflow_ops import GRAPH_OPS, operation

MODELS = ("Functional", "Model", "Sequential")
_KINDS = {"regularizer": "keras.regularizers", "constraint": "keras.constraints"}
_RENAMED = {
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "SyncBatchNormalization": "BatchNormalization",
    "ThresholdedReLU": "ReLU",
}
"""Layers of Keras 2 that are others of Keras 3, with equal arguments, or those in `_ARGUMENTS`."""
_ARGUMENTS = {
    ("LeakyReLU", "alpha"): "negative_slope",
    ("ThresholdedReLU", "theta"): "threshold",
    ("InputLayer", "batch_input_shape"): "batch_shape",
}
_GONE = frozenset({"LocallyConnected1D", "LocallyConnected2D", "CuDNNLSTM", "CuDNNGRU", "RandomHeight", "RandomWidth"})
_NEUTRAL = {"groups": 1, "experimental_autocast": True}
"""Values, other than None, False and nothing, at which an argument that Keras 3 lacks changes nothing."""
_WITHOUT_EFFECT = frozenset(
    {
        *("rng_type", "force_generator", "implementation", "fused", "input_dtype", "input_length"),
        *("batch_input_shape", "input_shape", "input_dim", "batch_size", "query_shape", "key_shape", "value_shape"),
    }
)
"""Arguments of how a layer computes, or of what it was built for, rather than of what it computes."""
_HARD_SIGMOID = "which in Keras 3 is another function: its slope there is 1/6, not 0.2"


def is_of_keras_2(version: object) -> bool:
    """Whether a file's version of Keras, None if there is none, is before 3."""
    return not isinstance(version, str) or not version[:2].rstrip(".").isdigit() or int(version.split(".")[0]) < 3


def translate(saved: dict[str, Any]) -> dict[str, Any]:
    """The config of a whole model in Keras 3's form.

    Raises:
        Refused: a layer has an argument, or is an operation, that Keras 3 does not have.
    """
    try:
        return _model(saved, saved.get("class_name"))
    except (KeyError, IndexError, TypeError, AttributeError):
        raise Refused("its config is not in the form that Keras 2 writes.") from None


def plain_name(name: str) -> str:
    """A layer's name without slashes, which Keras 3 does not take."""
    return name.replace("/", "_")


def _model(saved: dict[str, Any], class_name: Any) -> dict[str, Any]:
    config = saved["config"]
    read = _sequential if class_name == "Sequential" else _functional if class_name in MODELS else None
    if read is None:
        # A class of somebody's own: the check names it.
        return saved
    name = class_name if class_name == "Sequential" else "Functional"
    module = "keras" if name == "Sequential" else "keras.src.models.functional"
    return {"module": module, "class_name": name, "config": read(config), "registered_name": None}


def _sequential(config: Any) -> dict[str, Any]:
    # Before 2.2.3 the config was the list of layers itself.
    config = {"layers": config} if isinstance(config, list) else config
    layers = [_layer(layer) for layer in config["layers"]]
    shape = _shape(config.get("build_input_shape"))
    first = config["layers"][0]
    if first["class_name"] != "InputLayer" and (given := _shape(first["config"].get("batch_input_shape"))):
        name = f"{layers[0]['config']['name']}_input"
        settings = {"batch_shape": given, "dtype": first["config"].get("dtype"), "name": name}
        layers.insert(0, _stock("InputLayer", settings))
    return {"name": plain_name(config.get("name") or "sequential"), "layers": layers, "build_input_shape": shape}


def _shape(value: Any) -> list[int | None] | None:
    return value["items"] if isinstance(value, dict) else value


def _functional(config: dict[str, Any]) -> dict[str, Any]:
    graph = _Graph(config["layers"])
    layers = [graph.layer(saved) for saved in config["layers"]]
    ends = {name: _single(graph.ends(config[name])) for name in ("input_layers", "output_layers")}
    return {"name": plain_name(config["name"]), "trainable": config.get("trainable", True), "layers": layers, **ends}


def _single(ends: Any) -> Any:
    """One tensor in place of a list of one, as Keras 3 takes and returns it."""
    return ends[0] if isinstance(ends, list) and len(ends) == 1 and isinstance(ends[0], list) else ends


class _Graph:
    """The calls of a functional model's layers."""

    def __init__(self, layers: list[dict[str, Any]]) -> None:
        self._layers = {saved["name"]: saved for saved in layers}
        calls = dict.fromkeys(self._layers, 0)
        for reference in _references([saved["inbound_nodes"] for saved in layers], self._layers):
            calls[reference[0]] = max(calls[reference[0]], reference[1])
        # Keras 2 counts the calls of an inner model from 1: call 0 is that within the model itself.
        self._shifted = {
            name for name, saved in self._layers.items() if calls[name] and calls[name] >= len(saved["inbound_nodes"])
        }

    def layer(self, saved: dict[str, Any]) -> dict[str, Any]:
        name = plain_name(saved["name"])
        if saved["class_name"] in ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"):
            return self._operation(saved, name)
        translated = _layer(saved)
        translated["config"]["name"] = name
        nodes = [self._call(node) for node in saved["inbound_nodes"]]
        return {**translated, "name": name, "inbound_nodes": nodes}

    def ends(self, value: Any) -> Any:
        """The inputs or outputs of the model."""
        if _is_reference(value, self._layers):
            return self._place(value)
        if isinstance(value, dict):
            return {key: self.ends(item) for key, item in value.items()}
        return [self.ends(item) for item in value]

    def _place(self, reference: list[Any]) -> list[Any]:
        name, call, output = reference[:3]
        return [plain_name(name), call - (name in self._shifted), output]

    def _tensor(self, reference: list[Any]) -> dict[str, Any]:
        # Keras replaces shape and type by those of the tensor itself.
        place = {"shape": [], "dtype": "float32", "keras_history": self._place(reference)}
        return {"class_name": "__keras_tensor__", "config": place}

    def _call(self, node: Any) -> dict[str, Any]:
        first, others = self._arguments(node)
        return {"args": [first[0] if isinstance(first, list) and len(first) == 1 else first], "kwargs": others}

    def _arguments(self, node: Any) -> tuple[Any, dict[str, Any]]:
        """The first argument of a call, and the others by name. Keras 2 repeats these for each tensor."""
        others: dict[str, Any] = {}

        def first(value: Any) -> Any:
            if isinstance(value, dict):
                return {key: first(item) for key, item in value.items()}
            if not isinstance(value[0], str):
                return [first(item) for item in value]
            others.update(value[3] if len(value) > 3 else {})
            return value[2] if value[0] == "_CONSTANT_VALUE" else self._tensor(value)

        argument = first(node)
        return argument, {name: self._value(value) for name, value in others.items() if value is not None}

    def _value(self, value: Any) -> Any:
        if _is_reference(value, self._layers):
            return self._tensor(value)
        if isinstance(value, list):
            return [self._value(item) for item in value]
        if isinstance(value, dict) and set(value) == {"start", "stop", "step"}:
            return {"class_name": "__slice__", "config": value}
        if isinstance(value, dict) and value.get("class_name") == "__ellipsis__":
            return {"class_name": "__ellipsis__", "config": {}}
        return {key: self._value(item) for key, item in value.items()} if isinstance(value, dict) else value

    def _operation(self, saved: dict[str, Any], name: str) -> dict[str, Any]:
        owner, settings, nodes = f"layer {quoted(name)}", saved["config"], []
        for node in saved["inbound_nodes"]:
            function, (first, others) = settings.get("function"), self._arguments(node)
            if saved["class_name"] == "TensorFlowOpLayer":
                function, first, others = _of_graph(settings, first)
            translated = operation(owner, function, first, others)
            nodes.append({"args": translated.arguments, "kwargs": {}})
        config = {"name": name, **translated.settings}
        shown = {"module": translated.module, "class_name": translated.class_name, "config": config}
        return {**shown, "registered_name": None, "name": name, "inbound_nodes": nodes}


def _of_graph(settings: dict[str, Any], tensors: Any) -> tuple[Any, Any, dict[str, Any]]:
    """The function of a graph's node, as Keras 2 wrote it before TensorFlow 2.4, and its arguments."""
    op, constants = settings["node_def"]["op"], settings.get("constants") or {}
    tensors = list(tensors) if isinstance(tensors, list) else [tensors]
    arguments = [
        constants[key] if (key := str(i)) in constants else tensors.pop(0) for i in range(len(constants) + len(tensors))
    ]
    function = GRAPH_OPS.get(op, op)
    second = "bias" if function == "nn.bias_add" else "y"
    return function, arguments[0], {second: arguments[1]} if len(arguments) > 1 else {}


def _is_reference(value: Any, layers: Mapping[str, Any]) -> bool:
    return isinstance(value, list) and len(value) >= 3 and isinstance(value[0], str) and value[0] in layers


def _references(value: Any, layers: Mapping[str, Any]) -> list[list[Any]]:
    found, pending = [], [value]
    while pending:
        value = pending.pop()
        if _is_reference(value, layers):
            found.append(value)
        if isinstance(value, dict | list):
            pending += value.values() if isinstance(value, dict) else value
    return found


def _layer(saved: dict[str, Any]) -> dict[str, Any]:
    """A layer, or an inner model, without its calls."""
    class_name = (
        saved["class_name"].split(">")[-1] if saved["class_name"].startswith("Custom>") else saved["class_name"]
    )
    if class_name in MODELS:
        return _model(saved, class_name)
    name = saved["config"].get("name") or saved.get("name")
    owner = f"layer {quoted(name)}"
    if class_name in _GONE:
        raise Refused(f"its {owner} is a {class_name} of Keras 2, which Keras 3 does not have.")
    cls = candidates()["keras.layers"].get(_RENAMED.get(class_name, class_name))
    if cls is None:
        return saved
    settings = _settings(saved["config"], class_name, cls, owner)
    settings["name"] = plain_name(str(name))
    return _stock(cls.__name__, settings)


def _stock(class_name: str, config: dict[str, Any], module: str = "keras.layers") -> dict[str, Any]:
    return {"module": module, "class_name": class_name, "config": config, "registered_name": None}


def _settings(config: dict[str, Any], class_name: str, cls: type, owner: str) -> dict[str, Any]:
    """A constructor's arguments, without those that Keras 3 lacks where these change nothing."""
    settings: dict[str, Any] = {}
    for key, value in config.items():
        key = _ARGUMENTS.get((class_name, key), key)
        # The file's weights take the place of what these make.
        if key.endswith("_initializer"):
            continue
        if key in _parameters(cls):
            settings[key] = _setting(key, value, owner)
        elif not (key in _WITHOUT_EFFECT or not value or (key in _NEUTRAL and value == _NEUTRAL[key])):
            raise Refused(
                f"its {owner}, a {class_name}, has {cleaned(f'{key}={value!r}')} of Keras 2, which Keras 3 lacks."
            )
    if cls is keras.layers.BatchNormalization and isinstance(settings.get("axis"), list):
        settings["axis"] = settings["axis"][0]
    return settings


@cache
def _parameters(cls: type) -> frozenset[str]:
    """The names of a class's arguments, with those that it passes on to its parents."""
    names: set[str] = set()
    for parent in cls.__mro__:
        if "__init__" in vars(parent):
            parameters = inspect.signature(parent.__init__).parameters  # type: ignore[misc]
            names |= set(parameters)
            if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
                break
        if parent is keras.Layer:
            break
    return frozenset(names - {"self", "kwargs", "args"})


def _setting(key: str, value: Any, owner: str) -> Any:
    if key.endswith("activation") and value == "hard_sigmoid":
        raise Refused(f"its {owner} has the {key} hard_sigmoid of Keras 2, {_HARD_SIGMOID}.")
    if isinstance(value, list):
        return [_setting("", item, owner) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") == "ndarray":
        return value["value"]
    if "class_name" not in value:
        return value
    if key == "dtype":
        return value["config"]["name"]
    for ending, module in _KINDS.items():
        if key.endswith(ending):
            cls = candidates()[module].get(value["class_name"])
            return value if cls is None else _stock(cls.__name__, _settings(value["config"], "", cls, owner), module)
    return _layer(value)
