"""Models from files of any origin: checked here, and only then opened by Keras.

Keras's safe mode has been bypassed more than once, so it is the second lock, not the first. A file is opened only if
every class that it names is on the allowlist, and Keras gets a private copy of the file that was checked.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras

from tfpool.data.custom.safe_names import clean
from tfpool.models.loading import archive
from tfpool.models.loading.assembly import Saved, assemble
from tfpool.models.loading.config import Refused, check_config, name_activations, parse_config
from tfpool.models.loading.file_formats import format_of
from tfpool.models.loading.keras_2 import is_of_keras_2, translate
from tfpool.models.loading.keras_2_weights import load_by_name
from tfpool.system.error_text import LONGEST, cause


def load_model(path: str | Path, most_bytes: int = archive.MOST_BYTES) -> keras.Model:
    """A saved model of stock Keras layers and ours, a `.keras` file or a whole model's `.h5`, not compiled.

    Files of Keras 2 open as well. No code in a file runs: the file is refused if it holds a Lambda or any other class
    that can carry code, or if its weights are elsewhere, larger than the file can hold, or larger than `most_bytes`.

    Raises:
        ValueError: the file is no model, or not one of stock layers. The message says what it is, and what to do.
    """
    path = Path(path)
    read = {"keras": _read_archive, "h5": _read_hdf5}[format_of(path)]
    try:
        with TemporaryDirectory(prefix="tfpool-") as folder:
            return assemble(read(path, Path(folder), most_bytes))
    except Refused as refused:
        raise ValueError(f"{path} is not opened: {refused}") from None
    except RecursionError:
        raise ValueError(f"{path} is not opened: more layers follow each other than Keras can go through.") from None
    except Exception as error:  # Keras raises whatever the file's damage leads to.
        raise ValueError(f"{path} is no model that Keras can open: {clean(cause(error), LONGEST)}") from None


def _read_archive(path: Path, folder: Path, most: int) -> Saved:
    text, version = archive.unpack(path, folder, most)
    config = parse_config(text)
    # The training settings are not needed, and may name losses and metrics of any origin.
    _drop_training(config)
    if version is not None and is_of_keras_2(version):
        config = translate(config)
    return _checked(config, folder / archive.WEIGHTS, most, names_modules=True)


def _read_hdf5(path: Path, folder: Path, most: int) -> Saved:
    copied = folder / "model.h5"
    with path.open("rb") as file:
        archive.copy(file, copied, most)
    text, version = archive.model_config(copied)
    config = parse_config(text)
    if not is_of_keras_2(version):
        return _checked(config, copied, most, names_modules=False)
    checked = _checked(translate(config), copied, most, names_modules=True)
    return dataclasses.replace(checked, load_weights=load_by_name)


def _checked(config: dict[str, Any], weights: Path, most: int, names_modules: bool) -> Saved:
    check_config(name_activations(config))
    return Saved(json.dumps(config), weights, archive.count_numbers(weights, most), names_modules)


def _drop_training(config: dict[str, Any]) -> None:
    waiting: list[Any] = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            value.pop("compile_config", None)
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
