"""The classes and names of Keras that a saved model may consist of: by a rule, those whose settings cannot carry code.

A class of Keras is stock if it computes something and its constructor takes plain values, or further objects, which are
checked in turn. A class is left out if an argument is by its name a function, a module or a path, or if its own code
opens files or makes functions. Names are looked up in what was collected here. No file makes Keras import a module.
"""

from __future__ import annotations

import inspect
import re
import sys
import types
from collections.abc import Iterator
from functools import cache
from typing import Any

import keras
from keras.src.models.functional import Functional
from keras.src.saving.keras_saveable import KerasSaveable

import tfpool.layers

_CODE_ARGUMENT = re.compile(
    r"(^|_)(f|fn|fun|func|functions?|callables?|callbacks?|cond|body|branches|modules?|code|scripts?|handle|program"
    r"|package|import|filepath|files?|filename|dir|directory|url|uri|vocabulary|dataset|tokenizer|path$)($|_)"
)
"""Names of arguments that take code, or say where something is read from."""
_CODE_NAMES = frozenset(
    {
        *(
            "open",
            "exec",
            "eval",
            "compile",
            "__import__",
            "import_module",
            "importlib",
            "func_load",
            "func_dump",
            "pickle",
        ),
        *("dill", "marshal", "ctypes", "subprocess", "os", "system", "file_utils", "gfile", "read_file", "load_model"),
        *("load_library", "load_op_library", "saved_model", "torch", "flax", "urlopen", "get_file", "requests"),
        *("enable_unsafe_deserialization", "numpy_function", "py_function"),
    }
)
"""Names in a class's own code that open files, run code, or leave Keras."""
_OPERATIONS = ("core", "einops", "image", "linalg", "math", "nn", "numpy")
_MODELS = ("Functional", "Model", "Sequential")
OURS = "tfpool>GeneralizedMeanPooling2D"

MARKS = frozenset({"__keras_tensor__", "__tensor__", "__numpy__", "__slice__", "__ellipsis__", "TensorShape"})
"""What Keras writes in the form of an object: a tensor's place in the graph, an array of numbers, a slice."""

CODE_RUNNERS = frozenset(
    {
        *("Lambda", "TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper", "__lambda__", "function"),
    }
)
"""Classes that can run code. The rule leaves them out; this list only makes the error clearer."""


@cache
def can_carry_code(cls: type) -> bool:
    """Whether an object's config could make it run code, or read a file, of the config's choice."""
    pending: list[Any] = list(_own_methods(cls))
    if any(_takes_code(method) for method in pending):
        return True
    # What a config's objects are made by is left out: these objects are checked themselves.
    visited: set[Any] = {keras.saving.deserialize_keras_object}
    while pending:
        function = pending.pop()
        names, used = _uses(function)
        if not _CODE_NAMES.isdisjoint(names):
            return True
        for member in used - visited:
            visited.add(member)
            pending += [member] if isinstance(member, types.FunctionType) else _own_methods(member)
    return False


def _own_methods(cls: type) -> Iterator[types.FunctionType]:
    """The methods of a class and of its parents, up to the classes that all layers, operations and the like share."""
    for parent in cls.__mro__:
        if parent in _SHARED or not _is_of_keras(parent):
            continue
        for member in vars(parent).values():
            function = member.__func__ if isinstance(member, classmethod | staticmethod) else member
            if isinstance(function, types.FunctionType):
                yield inspect.unwrap(function)


def _is_of_keras(member: type | types.FunctionType) -> bool:
    return member.__module__.split(".")[0] == "keras"


def _takes_code(method: types.FunctionType) -> bool:
    if method.__name__ not in ("__init__", "call", "__call__", "from_config"):
        return False
    return any(_CODE_ARGUMENT.search(name) for name in inspect.signature(method).parameters)


@cache
def _uses(function: types.FunctionType) -> tuple[set[str], set[Any]]:
    """The names in a function's code, and those of Keras's functions and classes among them."""
    names: set[str] = set()
    pending = [function.__code__]
    while pending:
        code = pending.pop()
        names.update(code.co_names)
        pending += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    members = [function.__globals__.get(name) for name in names]
    return names, {one for one in members if isinstance(one, types.FunctionType | type) and _is_of_keras(one)}


_SHARED = frozenset(
    {
        *keras.Layer.__mro__,
        *keras.Operation.__mro__,
        *(keras.initializers.Initializer, keras.regularizers.Regularizer, keras.constraints.Constraint),
        *(keras.quantizers.Quantizer, KerasSaveable, object),
    }
)
"""Classes without settings of their own that could matter."""


def _exported(namespace: types.ModuleType, base: type) -> dict[str, type]:
    """The classes that a namespace of Keras exports, by name, but for abstract ones."""
    return {
        name: member
        for name, member in vars(namespace).items()
        if isinstance(member, type) and issubclass(member, base) and member not in _SHARED and _computes(member)
    }


def _computes(cls: type) -> bool:
    """Whether a class is no mere base of others."""
    if issubclass(cls, keras.Operation):
        return getattr(cls, "call", None) not in (keras.Layer.call, keras.Operation.call)
    return True


@cache
def candidates() -> dict[str, dict[str, type]]:
    """The classes of Keras and of ours that a file could name, by the module that it names for them.

    Older files and every `.h5` name no module: "".
    """
    named = {
        "keras.layers": _exported(keras.layers, keras.Layer),
        "keras.initializers": _exported(keras.initializers, keras.initializers.Initializer),
        "keras.regularizers": _exported(keras.regularizers, keras.regularizers.Regularizer),
        "keras.constraints": _exported(keras.constraints, keras.constraints.Constraint),
    }
    models = {"Functional": Functional, "Model": keras.Model, "Sequential": keras.Sequential}
    policies = _exported(keras.dtype_policies, keras.dtype_policies.DTypePolicy)
    pooling = tfpool.layers.GeneralizedMeanPooling2D
    unnamed = {name: member for classes in named.values() for name, member in classes.items()}
    return {
        **named,
        **{f"keras.src.ops.{name}": _defined(f"keras.src.ops.{name}", keras.Operation) for name in _OPERATIONS},
        **application_layers(),
        "keras.quantizers": _exported(keras.quantizers, object),
        "keras.dtype_policies": policies,
        "keras.random": {"SeedGenerator": keras.random.SeedGenerator},
        "keras": {**models, **policies},
        "keras.models": models,
        "keras.src.models.functional": {"Functional": Functional},
        "tfpool.layers": {"GeneralizedMeanPooling2D": pooling},
        "": {**unnamed, **models, **policies, **_merged(application_layers()), OURS: pooling},
    }


def _defined(module: str, base: type) -> dict[str, type]:
    classes = _exported(sys.modules[module], base)
    return {name: member for name, member in classes.items() if member.__module__ == module}


def application_layers() -> dict[str, dict[str, type]]:
    """The layers that networks of keras.applications define for themselves, by module."""
    modules = [name for name in list(sys.modules) if name.startswith("keras.src.applications.")]
    return {module: _defined(module, keras.Layer) for module in modules}


def layers_without_module() -> dict[str, type]:
    """The stock layers that Keras cannot look up for an `.h5`, which names no module, by name."""
    return {name: cls for name, cls in _merged(application_layers()).items() if not can_carry_code(cls)}


def _merged(classes: dict[str, dict[str, type]]) -> dict[str, type]:
    return {name: member for by_name in classes.values() for name, member in by_name.items()}


def is_stock(module: str, name: str) -> bool:
    """Whether a file may name this class of this module."""
    if name in MARKS:
        return True
    cls = candidates().get(module, {}).get(name)
    return cls is not None and (cls.__name__ in _MODELS or not can_carry_code(cls))


def is_operation(name: str) -> bool:
    """Whether one of Keras's operations has this name."""
    return any(name in candidates()[f"keras.src.ops.{module}"] for module in _OPERATIONS)


_FLOATS = "bfloat16|float16|float32|float64"
_POLICY = re.compile(
    rf"(mixed_)?({_FLOATS})|(int8|float8|int4(/-?\d{{1,9}})?|(gptq|awq)/\d/-?\d{{1,9}})_from_(mixed_)?({_FLOATS})"
)
_DTYPE = re.compile(rf"{_FLOATS}|bool|u?int(8|16|32|64)")


def is_policy(name: str) -> bool:
    """Whether a name is that of a dtype policy, such as "mixed_float16" or "int8_from_float32"."""
    return bool(_POLICY.fullmatch(name))


@cache
def _functions(namespace: str) -> frozenset[str]:
    """The names that Keras looks up in a namespace, of functions and of classes."""
    module = getattr(keras, namespace)
    getters = {"deserialize", "serialize", "get"}
    return frozenset(name for name, member in vars(module).items() if callable(member)) - getters


@cache
def activations() -> frozenset[str]:
    """The names of activations, with older ones."""
    return _functions("activations") | {"swish", "hard_swish"}


def is_known_name(key: str, text: str) -> bool:
    """Whether a name may stand in a setting where Keras looks names up, by the setting's ending."""
    if key.endswith("dtype"):
        return bool(_DTYPE.fullmatch(text)) or is_policy(text)
    if key.endswith("activation"):
        return text in activations()
    for ending in ("initializer", "regularizer", "constraint"):
        if key.endswith(ending):
            return text in _functions(f"{ending}s")
    return True


def is_looked_up(key: str) -> bool:
    """Whether Keras looks up a name that stands in this setting."""
    return key.endswith(("activation", "dtype", "initializer", "regularizer", "constraint"))
