"""Loading weights from any kind of file that Keras writes, or NumPy's, into the backbone and a head that fits."""

from __future__ import annotations

import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfpool.counting.plan import Plan

if TYPE_CHECKING:
    import keras

SUFFIXES = (".weights.h5", ".h5", ".keras", ".npz")

Layers = Sequence[tuple[str, Sequence[Any]]]
"""Names of layers and their weights, arrays or HDF5 data sets, in the order of the layers."""


def load_file(model: keras.Model, plan: Plan, path: Path) -> None:
    """Load a file with one of `SUFFIXES` into the backbone, and into the head if all of its weights fit."""
    if not path.is_file():
        raise ValueError(f'There is no weight file {path}. Give the path of a file, or weights="imagenet".')
    if not path.name.endswith(SUFFIXES):
        raise ValueError(f"{path} cannot be read as a weight file. Use a file that ends in {', '.join(SUFFIXES)}.")
    with _one_error(path):
        if path.suffix == ".npz":
            assign(model, plan, read_arrays(path), source=str(path), by_name=True)
        elif path.suffix == ".keras":
            # Keras would leave open an archive that it cannot read.
            with zipfile.ZipFile(path) as archive:
                archive.getinfo("model.weights.h5")
            _load_by_keras(model, plan, path)
        else:
            _load_hdf5(model, plan, path)


def assign(
    model: keras.Model, plan: Plan, saved: Layers, source: str, head: bool = True, by_name: bool = False
) -> None:
    """Set the weights of a model's layers in order: the backbone's, and the head's if all of them fit.

    `source` is what an error calls the weights. `head` allows to load the head; with `by_name` the names of the
    backbone's layers have to agree, too. If the backbone's do not fit, that is an error and nothing is changed.
    """
    import numpy as np

    layers = [layer for layer in model.layers if layer.weights]
    backbone = layers[: sum(row.params > 0 for row in plan.rows if row.part == "backbone")]
    for number, layer in enumerate(backbone):
        name, weights = saved[number] if number < len(saved) else ("", ())
        if _shapes(weights) != _shapes(layer.weights) or (by_name and name != layer.name):
            received = f"{_text(weights)} in layer {name}" if name else "no layer for it"
            raise ValueError(_misfit(source, plan, f"{layer.name} takes {_text(layer.weights)}, there is {received}"))
    all_fit = [_shapes(weights) for _, weights in saved] == [_shapes(layer.weights) for layer in layers]
    for layer, (_, weights) in zip(layers if head and all_fit else backbone, saved, strict=False):
        layer.set_weights([np.asarray(weight) for weight in weights])


def read_arrays(path: Path) -> Layers:
    """The layers of an `.npz` file with arrays named "layer/weight", in the order of the file."""
    import numpy as np

    if not zipfile.is_zipfile(path):
        raise zipfile.BadZipFile
    layers: dict[str, list[np.ndarray]] = {}
    with np.load(path, allow_pickle=False) as file:
        for name in file.files:
            try:
                layers.setdefault(name.rpartition("/")[0], []).append(file[name])
            except ValueError as error:
                # NumPy refuses pickled objects, which could run any code.
                raise TypeError(str(error)) from error
    return list(layers.items())


@contextmanager
def _one_error(path: Path) -> Iterator[None]:
    """Turn whatever the readers raise on damaged files into one error."""
    try:
        yield
    except (OSError, EOFError, KeyError, TypeError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(
            f"{path} is damaged, or its suffix is wrong. Get the file again, or correct its name."
        ) from error


def _load_hdf5(model: keras.Model, plan: Plan, path: Path) -> None:
    import h5py  # type: ignore[import-untyped]

    # Shapes are compared before anything is read: a data set can claim any size.
    with h5py.File(path) as file:
        if layers := _data_sets(file.get("model_weights", file)):
            assign(model, plan, layers, source=str(path))
            return
    if not path.name.endswith(".weights.h5"):
        # Keras reads its newer format, which does not depend on the order of layers, only under this suffix.
        raise KeyError("layer_names")
    _load_by_keras(model, plan, path)


def _data_sets(file: Any) -> Layers:
    groups = {name: file[name] for name in _attribute(file, "layer_names")}
    layers = {name: [group[weight] for weight in _attribute(group, "weight_names")] for name, group in groups.items()}
    return [(name, weights) for name, weights in layers.items() if weights]


def _attribute(group: Any, name: str) -> list[str]:
    """A list of names, which Keras spreads over numbered attributes if it is too long for one."""
    numbered = takewhile(lambda part: part in group.attrs, (f"{name}{number}" for number in count()))
    parts = [name] if name in group.attrs else list(numbered)
    values = [value for part in parts for value in group.attrs[part]]
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values]


def _load_by_keras(model: keras.Model, plan: Plan, path: Path) -> None:
    import keras

    backbone = keras.Model(model.inputs[0], model.get_layer(plan.features.name).output)
    names = {layer.name for layer in backbone.layers}
    head = [(layer, layer.get_weights()) for layer in model.layers if layer.weights and layer.name not in names]
    if _fits(model, path):
        return
    # Keras loads the weights that fit before it fails on the others, and no part of another head may stay.
    for layer, weights in head:
        layer.set_weights(weights)
    if not _fits(backbone, path):
        raise ValueError(_misfit(str(path), plan, "its layers or their shapes are others"))


def _fits(model: keras.Model, path: Path) -> bool:
    with warnings.catch_warnings(), suppress(ValueError):
        # Keras warns of missing layers before it raises.
        warnings.simplefilter("ignore")
        model.load_weights(path)
        return True
    return False


def _misfit(source: str, plan: Plan, why: str) -> str:
    return (
        f"{source} does not fit {plan.backbone} for images of {plan.input_shape[-1]} channels: {why}. "
        f"Use weights of {plan.backbone} with the same settings and channels."
    )


def _shapes(weights: Sequence[Any]) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in weights]


def _text(weights: Sequence[Any]) -> str:
    return " and ".join(map(str, _shapes(weights)))
