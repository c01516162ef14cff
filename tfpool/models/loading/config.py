"""A walk over the whole config of a saved model, which checks every object and name against the allowlist."""

from __future__ import annotations

import json
import re
from typing import Any

from tfpool.data.custom.safe_names import clean
from tfpool.models.loading.allowlist import (
    CODE_RUNNERS,
    OURS,
    is_known_name,
    is_looked_up,
    is_operation,
    is_policy,
    is_stock,
)

DEEPEST = 200
"""Levels of a config; the arguments of a layer of a nested model are about 20 levels deep."""
MOST_CALLS = 2000
"""Calls of layers that are opened: convolutions, 20 ms each, take most of a minute. NASNetLarge has 1,041."""

_TOO_DEEP = f"its config is nested more than {DEEPEST} levels deep."
_ONLY = "Only models of stock Keras layers are opened."
_IDENTITY = ("class_name", "module", "registered_name")
_PATH = re.compile(r"[\w./ -]*")
"""Keras takes the keys of a map of dtype policies for regular expressions, and some of these never end."""
TENSORFLOW_ACTIVATIONS = {"softmax_v2": "softmax", "log_softmax_v2": "log_softmax", "swish": "silu"}
"""Functions of `tf.nn` whose own name is not that of Keras's activation. Keras writes the name, but cannot read it."""


class Refused(ValueError):
    """A file is not opened, for a reason such as "its layer 'x' …"."""


def parse_config(text: str | bytes) -> dict[str, Any]:
    """A config from its JSON. Refused if it is nested too deeply or does not describe a model."""
    try:
        config = json.loads(text)
    except RecursionError:
        raise Refused(_TOO_DEEP) from None
    except ValueError:
        raise Refused("its config is not JSON.") from None
    if not isinstance(config, dict) or not isinstance(config.get("config"), dict | list):
        raise Refused("its config describes no model.")
    if _is_deep(config):
        raise Refused(_TOO_DEEP)
    return config


def _is_deep(config: Any) -> bool:
    level = [config]
    for _ in range(DEEPEST + 1):
        nested = [value.values() if isinstance(value, dict) else value for value in level]
        level = [item for values in nested for item in values if isinstance(item, dict | list)]
    return bool(level)


def name_activations(value: Any) -> Any:
    """The config with the names of activations in place of functions, where these are Keras's or TensorFlow's own."""
    pending = [value]
    while pending:
        value_inside = pending.pop()
        if isinstance(value_inside, list):
            pending += value_inside
        elif isinstance(value_inside, dict):
            for key, item in value_inside.items():
                if key.endswith("activation"):
                    value_inside[key] = item = _activation_name(item)
                pending.append(item)
    return value


def _activation_name(item: Any) -> Any:
    if not isinstance(item, dict) or item.get("class_name") != "function" or item.get("module") != "builtins":
        return item
    name = item.get("config")
    if not isinstance(name, str) or item.get("registered_name") not in (None, "function", name):
        return item
    name = TENSORFLOW_ACTIVATIONS.get(name, name)
    return name if is_known_name("activation", name) else item


def check_config(config: dict[str, Any]) -> None:
    """Refuse a model's config with an object, or a name that Keras would look up, that is not on the allowlist."""
    waiting: list[tuple[Any, str, str]] = [(config, "", "config")]
    while waiting:
        value, key, owner = waiting.pop()
        if isinstance(value, str):
            _check_text(value, key, owner)
        elif isinstance(value, list):
            inherited = key if key == "layers" else ""
            waiting += [(item, inherited, owner) for item in reversed(value)]
        elif isinstance(value, dict):
            if "class_name" in value:
                owner = _check_object(value, key == "layers", owner)
                value = {name: item for name, item in value.items() if name not in _IDENTITY}
            elif is_looked_up(key):
                # NumPy also accepts a dtype as a dict, of any size.
                raise Refused(f"its {owner} has a {cleaned(key)} in a form that Keras does not write.")
            waiting += [(item, name, owner) for name, item in reversed(value.items())]
    calls = _calls(config)
    if calls > MOST_CALLS:
        raise Refused(f"it calls {calls:,} layers. At most {MOST_CALLS:,} can be opened within a minute.")


def _check_object(value: dict[str, Any], is_layer: bool, owner: str) -> str:
    """Refuse an object whose class is not on the allowlist. Returns the owner of the objects inside."""
    class_name, module, registered = (value.get(part) for part in _IDENTITY)
    config = value.get("config")
    settings = config if isinstance(config, dict) else {}
    name = settings.get("name")
    if is_layer:
        owner = f"layer {quoted(name or value.get('name'))}"
    what = f"its {owner} {'is of class' if is_layer else 'holds a'} {cleaned(class_name)}"
    if not isinstance(class_name, str) or not isinstance(module, str | None):
        raise Refused(f"{what} in a form that Keras does not write.")
    if class_name in CODE_RUNNERS:
        raise Refused(f"{what}, which can run code of its own. {_ONLY}")
    if is_layer and not module and is_operation(class_name) and _is_called_as_operation(value):
        raise Refused(f"{what}, an operation, which Keras cannot read from an .h5. Save the model as .keras.")
    if not is_stock(module or "", class_name):
        origin = f" of {cleaned(module)}" if module else ""
        raise Refused(f"{what}{origin}, which is not on the list of stock classes. {_ONLY}")
    if registered not in (None, class_name) and (module, registered) != ("tfpool.layers", OURS):
        raise Refused(f"{what} registered as {quoted(registered)}, which is not Keras's own. {_ONLY}")
    if class_name in ("DTypePolicy", "FloatDTypePolicy") and not (isinstance(name, str) and is_policy(name)):
        raise Refused(f"its {owner} has the dtype policy {quoted(name)}, which is not on the list of stock ones.")
    if class_name == "DTypePolicyMap" and not all(map(_PATH.fullmatch, settings.get("policy_map") or ())):
        raise Refused(f"its {owner} has a map of dtype policies for more than single layers.")
    if settings.get("stateful") is True:
        raise Refused(f"its {owner} is stateful: what it computes depends on the images before. Save it stateless.")
    for node in value.get("inbound_nodes") or () if is_layer else ():
        if not _has_tensor(node):
            # Keras would run such a layer at once, whatever memory it takes.
            raise Refused(f"its {owner} is called on constants alone.")
    return owner


def _is_called_as_operation(layer: dict[str, Any]) -> bool:
    """Whether an object is no layer of its name: such an Add takes one list, the operation two arguments."""
    nodes = layer.get("inbound_nodes")
    calls = [node.get("args") for node in nodes if isinstance(node, dict)] if isinstance(nodes, list) else []
    return not is_stock("", layer["class_name"]) or any(isinstance(call, list) and len(call) > 1 for call in calls)


def _has_tensor(node: Any) -> bool:
    """Whether a layer's call takes a tensor of the graph: an object in newer files, a list `[layer, 0, 0]` in older."""
    if isinstance(node, list):
        is_tensor = len(node) >= 3 and isinstance(node[0], str) and all(isinstance(part, int) for part in node[1:3])
        return is_tensor or any(map(_has_tensor, node))
    return _has_marked_tensor(node)


def _has_marked_tensor(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_has_marked_tensor, value))
    if not isinstance(value, dict):
        return False
    if "class_name" in value:
        return value["class_name"] == "__keras_tensor__"
    return any(map(_has_marked_tensor, value.values()))


def _calls(value: Any, is_layer: bool = False) -> int:
    """How many layers are called while a model is built: those inside a layer once per call of that layer."""
    if isinstance(value, list):
        return sum(_calls(item, is_layer) for item in value)
    if not isinstance(value, dict):
        return 0
    inside = sum(_calls(item, name == "layers") for name, item in value.items() if name != "inbound_nodes")
    nodes = value.get("inbound_nodes")
    return (1 + inside) * max(1, len(nodes) if isinstance(nodes, list) else 1) if is_layer else inside


def _check_text(text: str, key: str, owner: str) -> None:
    if not is_known_name(key, text):
        raise Refused(f"its {owner} has the {cleaned(key)} {quoted(text)}, which is not on the list of stock ones.")
    # Keras spells registered classes and functions "package>name".
    if ">" in text:
        raise Refused(f"its {owner} names {quoted(text)}, which is not Keras's own.")


def quoted(value: object) -> str:
    """A name from a file, for a message."""
    return f"'{cleaned(value)}'"


def cleaned(value: object) -> str:
    """What a file says, for a message: on one line, at most 60 characters."""
    return clean(str(value), 60)
