"""Models from files of any origin: checked here, and only then opened by Keras.

Keras's safe mode has been bypassed more than once, so it is the second lock, not the first. A file is opened only if
every class that it names is on the allowlist, and Keras gets a private copy of the file that was checked.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras

import tfpool.layers  # noqa: F401  registers our layer
from tfpool.anatomy.unfold import Graph, Step, unfold
from tfpool.data.custom.safe_names import clean
from tfpool.models.loading import archive
from tfpool.models.loading.config import Refused, check_config, parse_config

_SIDE = 512
MOST_NUMBERS = 2**30
"""Limit for one array between two layers, per image, and for all weights together: 4 GB."""


def load_model(path: str | Path) -> keras.Model:
    """A saved model of stock Keras layers and ours, a `.keras` file or a whole model's `.h5`, not compiled.

    No code in the file runs: the file is refused if it holds a Lambda or any other class that is not on the allowlist,
    or if its weights are elsewhere or larger than the file can hold.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder. A model is one file that ends in .keras or .h5.")
    if not path.is_file():
        raise ValueError(f"There is no file {path}.")
    if path.suffix not in (".keras", ".h5"):
        raise ValueError(f"{path} is not opened: a model's file ends in .keras or .h5.")
    try:
        with TemporaryDirectory(prefix="tfpool-") as folder:
            checked_copy = _check_archive if path.suffix == ".keras" else _check_hdf5
            return keras.models.load_model(checked_copy(path, Path(folder)), compile=False, safe_mode=True)
    except Refused as refused:
        raise ValueError(f"{path} is not opened: {refused}") from None
    except Exception as error:  # Keras raises whatever the file's damage leads to.
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"{path} is no model that Keras can open: {clean(reason, 300)}") from None


def _check_archive(path: Path, folder: Path) -> Path:
    """Check a `.keras` file. Returns the place of a copy that Keras can open."""
    config = parse_config(archive.unpack(path, folder))
    # The training settings are not needed, and may name losses and metrics of any origin.
    _drop_training(config)
    check_config(config)
    checked = json.dumps(config)
    _check_size(checked, archive.count_numbers(folder / archive.WEIGHTS), is_legacy=False)
    (folder / archive.CONFIG).write_text(checked)
    return folder


def _check_hdf5(path: Path, folder: Path) -> Path:
    copied = folder / "model.h5"
    with path.open("rb") as file:
        archive.copy(file, copied)
    config = parse_config(archive.model_config(copied))
    check_config(config)
    _check_size(json.dumps(config), archive.count_numbers(copied), is_legacy=True)
    return copied


def _drop_training(config: dict[str, Any]) -> None:
    waiting: list[Any] = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            value.pop("compile_config", None)
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _check_size(config: str, numbers: int, is_legacy: bool) -> None:
    """Refuse a model of more weights than the file's numbers, or of too much memory, before memory is allocated.

    `config` has been checked; `is_legacy` says that it has the form used in `.h5` files.
    """
    # Keras lists weights that were never created per thread, and would create them with the thread's next weights.
    with ThreadPoolExecutor(1) as thread:
        weights, largest = thread.submit(_sizes, config, is_legacy).result()
    if weights > min(numbers, MOST_NUMBERS):
        raise Refused(f"its layers have {weights:,} weights, and the file holds {numbers:,} numbers.")
    if largest > MOST_NUMBERS:
        raise Refused(f"one of its layers makes {largest:,} numbers of one image.")


def _sizes(config: str, is_legacy: bool) -> tuple[int, int]:
    """The number of weights, and the size of the largest array between layers."""
    saved = json.loads(config)
    with keras.StatelessScope(initialize_variables=False):
        if is_legacy:
            kind = keras.Sequential if saved.get("class_name") == "Sequential" else keras.Model
            model = kind.from_config(saved["config"])
        else:
            model = keras.saving.deserialize_keras_object(saved, safe_mode=True)
        if not isinstance(model, keras.Model):
            raise Refused("it does not hold a model.")
        if not model.built:
            raise Refused("its model was saved before it was built.")
        return sum(prod(weight.shape) for weight in model.weights), _largest(unfold(model))


def _largest(graph: Graph) -> int:
    """The size of the largest array for one image, of 512 × 512 pixels if the model takes any size."""
    sizes = [0]

    def call(step: Step, tensors: Sequence[Any]) -> list[Any]:
        results = step(tensors)
        sizes.extend(prod(size or 1 for size in result.shape) for result in results)
        return results

    for output in graph.outputs.values():
        inputs = {value: keras.KerasTensor((1, *(size or _SIDE for size in value.shape[1:]))) for value in graph.inputs}
        graph.run(output, inputs, call)
    return max(sizes)
