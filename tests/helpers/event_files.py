"""What is in TensorBoard's event files, as read by TensorFlow."""

from pathlib import Path
from typing import Any

import tensorflow as tf


def events(folder: Path) -> list[Any]:
    """All events with values in a folder, file by file, in their order."""
    paths = sorted(folder.glob("*tfevents*"))
    return [event for path in paths for event in tf.compat.v1.train.summary_iterator(str(path)) if event.summary.value]


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """The steps and numbers of each tag, in the order in which they were written."""
    found: dict[str, list[tuple[int, float]]] = {}
    for event in events(folder):
        for value in event.summary.value:
            if value.metadata.plugin_data.plugin_name == "scalars":
                found.setdefault(value.tag, []).append((event.step, float(tf.make_ndarray(value.tensor))))
    return found


def pictures(folder: Path) -> list[tuple[int, list[bytes]]]:
    """The step of each picture, with width, height and the PNG file."""
    found = []
    for event in events(folder):
        for value in event.summary.value:
            if value.metadata.plugin_data.plugin_name == "images":
                found.append((event.step, list(value.tensor.string_val)))
    return found


def messages(folder: Path, tag: str) -> list[bytes]:
    """The messages for another plugin with that tag."""
    values = [value for event in events(folder) for value in event.summary.value if value.tag == tag]
    return [value.metadata.plugin_data.content for value in values]
