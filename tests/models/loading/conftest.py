"""A sound model file to be tampered with."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import keras
import pytest
from keras import layers

from tfpool.models.loading import assembly, load

Config = dict[str, Any]


def model() -> keras.Model:
    image = keras.Input((6, 6, 3), name="image")
    x = layers.Conv2D(2, 3, name="conv")(image)
    inner = keras.Sequential([keras.Input((4, 4, 2)), layers.Flatten(), layers.Dense(2, name="inner")], name="nested")
    return keras.Model(image, inner(x))


@pytest.fixture(scope="session")
def entries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The entries of a sound file. Do not change them."""
    path = tmp_path_factory.mktemp("sound") / "model.keras"
    model().save(path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(path: Path, entries: dict[str, bytes], **settings: int) -> Path:
    with zipfile.ZipFile(path, "w", **settings) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def changed(path: Path, entries: dict[str, bytes], change: Callable[[Config], Any]) -> Path:
    """Write the sound file with another config."""
    config = json.loads(entries["config.json"])
    change(config)
    return packed(path, {**entries, "config.json": json.dumps(config).encode()})


def refused(path: Path, message: str) -> None:
    """See to it that a file is refused in one line, before Keras gets to open it."""
    with (
        mock.patch.object(keras.saving, "deserialize_keras_object") as open_by_keras,
        mock.patch.object(assembly.saving_utils, "model_from_config") as open_older_by_keras,
    ):
        refused_in_one_line(path, message)
    assert not open_by_keras.called
    assert not open_older_by_keras.called


def refused_before_weights(path: Path, message: str) -> None:
    """See to it that a file is refused in one line, before a weight of the model takes memory."""
    with mock.patch.object(keras.Variable, "_deferred_initialize") as take_memory:
        refused_in_one_line(path, message)
    assert not take_memory.called


def refused_in_one_line(path: Path, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        load.load_model(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
