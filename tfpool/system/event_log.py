"""Event files, which TensorBoard reads. TensorBoard need not be installed. Loads TensorFlow."""

from __future__ import annotations

import os
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.compat.v1 import Event, Summary

from tfpool.system.files import Guard

_VERSION = "brain.Event:2"


class EventLog:
    """An event file that grows by whole records. TensorBoard reads every file with `tfevents` in its name.

    The format is that of TFRecord files (https://www.tensorflow.org/tutorials/load_data/tfrecord) with one
    `tensorflow.Event` per record.
    """

    def __init__(self, path: Path, guard: Guard = nullcontext) -> None:
        self._path, self._guard = path, guard

    def add(self, step: int, *values: Summary.Value) -> None:
        """Append one record with these values. A reader finds all of them, or none if the process is killed here."""
        event = Event(wall_time=time.time(), step=step)
        event.summary.value.extend(values)
        records = _records(event)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._guard(), self._path.open("ab") as file:
            if not file.tell():
                records = _records(Event(wall_time=event.wall_time, file_version=_VERSION)) + records
            file.write(records)

    def cut(self, is_kept: Callable[[Event], bool]) -> list[Event]:
        """Remove the first record that is not to be kept, and all that follow; returns those that stay.

        A record that was not written to its end, or is damaged, is not kept.
        """
        if not self._path.exists():
            return []
        kept, end = [], 0
        for event, event_end in _events(self._path.read_bytes()):
            if not is_kept(event):
                break
            kept.append(event)
            end = event_end
        with self._guard():
            os.truncate(self._path, end)
        return kept


def scalar(tag: str, number: float) -> Summary.Value:
    """A number for the tab Scalars."""
    return _value(tag, "scalars", tf.make_tensor_proto(number, tf.float32))


def picture(tag: str, png: bytes, size: tuple[int, int]) -> Summary.Value:
    """The content of a PNG file of (height, width) for the tab Images."""
    height, width = size
    return _value(tag, "images", tf.make_tensor_proto([str(width).encode(), str(height).encode(), png]))


def plugin_message(tag: str, plugin: str, message: bytes) -> Summary.Value:
    """A serialized message for another tab."""
    return _value(tag, plugin, tf.make_tensor_proto([], tf.float32), message)


def _value(tag: str, plugin: str, tensor: tf.Tensor, message: bytes = b"") -> Summary.Value:
    value = Summary.Value(tag=tag, tensor=tensor)
    value.metadata.plugin_data.plugin_name = plugin
    value.metadata.plugin_data.content = message
    return value


def _records(event: Event) -> bytes:
    """An event as a record. Only TensorFlow's writer, which writes no more than a file, has the format's checksums."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "record")
        with tf.io.TFRecordWriter(str(path)) as writer:
            writer.write(event.SerializeToString())
        return path.read_bytes()


def _events(content: bytes) -> Iterator[tuple[Event, int]]:
    """The events in a file up to the first damaged one, each with the position where its record ends.

    A record is the length of its data, 8 bytes; a checksum, 4 bytes; the data; a checksum, 4 bytes.
    """
    start = 0
    while len(content) >= start + 12:
        (length,) = struct.unpack_from("<Q", content, start)
        end = start + 12 + length + 4
        if end > len(content):
            return
        try:
            event = Event.FromString(content[start + 12 : end - 4])
        except DecodeError:
            return
        yield event, end
        start = end
