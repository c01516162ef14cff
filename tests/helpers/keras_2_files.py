"""Files as Keras 2 wrote them, made by hand: tf_keras is not installed here."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Layer = dict[str, Any]
Weights = Mapping[str, Mapping[str, np.ndarray]]
"""Arrays by the names of layers and of weights, such as "conv/kernel:0"."""


def image(side: int = 8, name: str = "image") -> Layer:
    config = {"batch_input_shape": [None, side, side, 3], "dtype": "float32", "sparse": False, "ragged": False}
    return {"class_name": "InputLayer", "config": {**config, "name": name}, "name": name, "inbound_nodes": []}


def layer(class_name: str, name: str, *sources: str, call: int = 0, **config: Any) -> Layer:
    """A layer called on the first output of others; `call` is which of their calls is meant."""
    settings = {"name": name, "trainable": True, "dtype": "float32", **config}
    nodes = [[[source, call, 0, {}] for source in sources]] if sources else []
    return {"class_name": class_name, "config": settings, "name": name, "inbound_nodes": nodes}


def operation(function: str, name: str, source: Any, **arguments: Any) -> Layer:
    """A function of TensorFlow, called on a layer's output, or on a list of them."""
    further = {**arguments, "name": None}
    node = [[one, 0, 0, further] for one in source] if isinstance(source, list) else [source, 0, 0, further]
    class_name = "SlicingOpLambda" if function.endswith("getitem") else "TFOpLambda"
    config = {"name": name, "trainable": True, "dtype": "float32", "function": function}
    return {"class_name": class_name, "config": config, "name": name, "inbound_nodes": [node]}


def functional(*layers: Layer, name: str = "model") -> Layer:
    """A model from the first layer to the last."""
    ends = {"input_layers": [[layers[0]["name"], 0, 0]], "output_layers": [[layers[-1]["name"], 0, 0]]}
    config = {"name": name, "trainable": True, "layers": list(layers), **ends}
    return {"class_name": "Functional", "config": config, "name": name}


def sequential(*layers: Layer, name: str = "model") -> Layer:
    return {"class_name": "Sequential", "config": {"name": name, "layers": list(layers)}, "name": name}


def write(path: Path, model: Layer, weights: Weights, order: Sequence[str] = ()) -> Path:
    """Write a whole model's `.h5`, with the layers' weights in an order, by default that of `weights`."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = "2.15.0", "tensorflow"
        file.attrs["model_config"] = json.dumps({"class_name": model["class_name"], "config": model["config"]})
        groups = file.create_group("model_weights")
        names = list(order or weights)
        groups.attrs["layer_names"] = [name.encode() for name in names]
        for name in names:
            group = groups.create_group(name)
            group.attrs["weight_names"] = [weight.encode() for weight in weights[name]]
            for weight, array in weights[name].items():
                group[weight] = array
    return path
