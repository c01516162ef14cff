"""A walk over the whole config of a saved model, which checks every object and name against the allowlist."""

from __future__ import annotations

import json
from typing import Any

from tfpool.data.custom.safe_names import clean
from tfpool.models.loading.allowlist import CLASSES, CODE_RUNNERS, MARKS, NAMES, OURS, POLICIES

DEEPEST = 200
"""Levels of a config; the arguments of a layer of a nested model are about 20 levels deep."""

_TOO_DEEP = f"its config is nested more than {DEEPEST} levels deep."
_ONLY = "Only models of stock Keras layers are opened."
_IDENTITY = ("class_name", "module", "registered_name")


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
    if not isinstance(config, dict) or not isinstance(config.get("config"), dict):
        raise Refused("its config describes no model.")
    return config


def check_config(config: dict[str, Any]) -> None:
    """Refuse a model's config with an object, or a name that Keras would look up, that is not on the allowlist."""
    waiting: list[tuple[Any, str, str, int]] = [(config, "", "config", 0)]
    while waiting:
        value, key, owner, depth = waiting.pop()
        if depth > DEEPEST:
            raise Refused(_TOO_DEEP)
        if isinstance(value, str):
            _check_text(value, key, owner)
        elif isinstance(value, list):
            inherited = key if key == "layers" else ""
            waiting += [(item, inherited, owner, depth + 1) for item in reversed(value)]
        elif isinstance(value, dict):
            if "class_name" in value:
                owner = _check_object(value, key == "layers", owner)
                value = {name: item for name, item in value.items() if name not in _IDENTITY}
            elif key.endswith(tuple(NAMES)):
                # NumPy also accepts a dtype as a dict, of any size.
                raise Refused(f"its {owner} has a {_clean(key)} in a form that Keras does not write.")
            waiting += [(item, name, owner, depth + 1) for name, item in reversed(value.items())]


def _check_object(value: dict[str, Any], is_layer: bool, owner: str) -> str:
    """Refuse an object whose class is not on the allowlist. Returns the owner of the objects inside."""
    class_name, module, registered = (value.get(part) for part in _IDENTITY)
    config = value.get("config")
    name = config.get("name") if isinstance(config, dict) else None
    if is_layer:
        owner = f"layer {_quoted(name or value.get('name'))}"
    what = f"its {owner} {'is of class' if is_layer else 'holds a'} {_clean(class_name)}"
    if not isinstance(class_name, str) or not isinstance(module, str | None):
        raise Refused(f"{what} in a form that Keras does not write.")
    if class_name in CODE_RUNNERS:
        raise Refused(f"{what}, which can run code of its own. {_ONLY}")
    if class_name not in MARKS | CLASSES.get(module or "", frozenset()):
        origin = f" of {_clean(module)}" if module else ""
        raise Refused(f"{what}{origin}, which is not on the list of stock classes. {_ONLY}")
    if registered not in (None, class_name) and (module, registered) != ("tfpool.layers", OURS):
        raise Refused(f"{what} registered as {_quoted(registered)}, which is not Keras's own. {_ONLY}")
    if class_name == "DTypePolicy" and (not isinstance(name, str) or name not in POLICIES):
        raise Refused(f"its {owner} has the dtype policy {_quoted(name)}, which is not on the list of stock ones.")
    return owner


def _check_text(text: str, key: str, owner: str) -> None:
    for ending, names in NAMES.items():
        if key.endswith(ending) and text not in names:
            raise Refused(f"its {owner} has the {_clean(key)} {_quoted(text)}, which is not on the list of stock ones.")
    # Keras spells registered classes and functions "package>name".
    if ">" in text:
        raise Refused(f"its {owner} names {_quoted(text)}, which is not Keras's own.")


def _quoted(value: object) -> str:
    return f"'{_clean(value)}'"


def _clean(value: object) -> str:
    return clean(str(value), 60)
