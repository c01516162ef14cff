"""Models from files of any origin: looked through here, and only then opened by Keras.

Keras's safe mode has been got around more than once, so it is the second lock, not the first. A file is opened only if
all that it says it is made of is on the allowlist, and Keras gets a private copy of the file that was checked.
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

# For its layer, which it registers.
import tfpool.layers  # noqa: F401
from tfpool.anatomy.unfold import Graph, Step, unfold
from tfpool.data.custom.safe_names import clean
from tfpool.models.loading import archive
from tfpool.models.loading.config import Refused, check, parse

_SIDE = 512
MOST_NUMBERS = 2**30
"""What one array between two layers may hold for one image, and all weights together: 4 GB."""


def load_model(path: str | Path) -> keras.Model:
    """A saved model of stock Keras layers and ours, not compiled.

    Nothing in the file runs: it is refused if it holds a Lambda or any other class that is not on the allowlist, or
    if its weights are elsewhere, or larger than the file can hold.

    Args:
        path: a `.keras` file, or a whole model's `.h5`, Keras 2's included.

    Raises:
        ValueError: if the file is missing, is refused, or is no model that Keras can open.
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
            return _open_archive(path, Path(folder)) if path.suffix == ".keras" else _open_hdf5(path, Path(folder))
    except Refused as refused:
        raise ValueError(f"{path} is not opened: {refused}") from None
    except Exception as error:  # Keras raises whatever the file's damage leads to.
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"{path} is no model that Keras can open: {clean(reason, 300)}") from None


def _open_archive(path: Path, folder: Path) -> keras.Model:
    config = parse(archive.unpack(path, folder))
    # How it was trained is not needed, and names losses and metrics of any origin.
    _forget_training(config)
    check(config)
    checked = json.dumps(config)
    _check_size(checked, archive.count(folder / archive.WEIGHTS), is_legacy=False)
    (folder / archive.CONFIG).write_text(checked)
    return _open(folder)


def _open_hdf5(path: Path, folder: Path) -> keras.Model:
    copied = folder / "model.h5"
    with path.open("rb") as file:
        archive.copy(file, copied)
    config = parse(archive.model_config(copied))
    check(config)
    _check_size(json.dumps(config), archive.count(copied), is_legacy=True)
    return _open(copied)


def _open(path: Path) -> keras.Model:
    return keras.models.load_model(path, compile=False, safe_mode=True)


def _forget_training(config: dict[str, Any]) -> None:
    waiting: list[Any] = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            value.pop("compile_config", None)
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _check_size(config: str, numbers: int, is_legacy: bool) -> None:
    """Refuse a model whose weights are not in the file, or that would need too much memory, before it gets any.

    Args:
        config: a model's, checked.
        numbers: how many the file holds.
        is_legacy: whether it is written as in `.h5`.
    """
    # Keras keeps the weights that are never made in a list of the thread's, for whoever makes weights in it next.
    with ThreadPoolExecutor(1) as thread:
        weights, largest = thread.submit(_sizes, config, is_legacy).result()
    if weights > min(numbers, MOST_NUMBERS):
        raise Refused(f"its layers have {weights:,} weights, and the file holds {numbers:,} numbers.")
    if largest > MOST_NUMBERS:
        raise Refused(f"one of its layers makes {largest:,} numbers of one image.")


def _sizes(config: str, is_legacy: bool) -> tuple[int, int]:
    """How many weights a model has, and how many numbers the largest array between its layers holds."""
    with keras.StatelessScope(initialize_variables=False):
        model = _described(json.loads(config), is_legacy)
        if not isinstance(model, keras.Model):
            raise Refused("it holds no model.")
        if not model.built:
            raise Refused("its model was saved before it was built.")
        return sum(prod(weight.shape) for weight in model.weights), _largest(unfold(model))


def _largest(graph: Graph) -> int:
    """How many numbers the largest array holds of one image, of 512 pixels to a side where any size will do."""
    sizes = [0]

    def call(step: Step, tensors: Sequence[Any]) -> list[Any]:
        results = step(tensors)
        sizes.extend(prod(size or 1 for size in result.shape) for result in results)
        return results

    for output in graph.outputs.values():
        known = {value: keras.KerasTensor((1, *(size or _SIDE for size in value.shape[1:]))) for value in graph.inputs}
        graph.run(output, known, call)
    return max(sizes)


def _described(config: dict[str, Any], is_legacy: bool) -> Any:
    if not is_legacy:
        return keras.saving.deserialize_keras_object(config, safe_mode=True)
    kind = keras.Sequential if config.get("class_name") == "Sequential" else keras.Model
    return kind.from_config(config["config"])
