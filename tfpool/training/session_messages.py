"""What TensorBoard's HPARAMS tab reads of a run: its hyperparameters, when it began, and how it ended.

TensorFlow does not have these messages, and TensorBoard, which has them, need not be installed. They are described here
by the field numbers of `tensorboard/plugins/hparams/plugin_data.proto` and `api.proto` in TensorBoard 2.21. The message
`Experiment` is left out: TensorBoard would take the first one that it finds for all runs, and hide what other runs have
more. Without one it collects hyperparameters and metrics from all runs, and shows those that differ first.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from google.protobuf import descriptor_pool, message_factory, struct_pb2, text_format
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from tensorflow.compat.v1 import Summary

from tfpool.system.event_log import plugin_message

START, END = "_hparams_/session_start_info", "_hparams_/session_end_info"
"""The tags that the tab looks for, from `tensorboard/plugins/hparams/metadata.py`."""
_PLUGIN = "hparams"
_SUCCESS = 1
"""The value STATUS_SUCCESS of the enum `Status`."""

# A map is an entry per key on the wire. An enum is a number there.
_MESSAGES = """
name: "tfpool/hparams.proto" package: "tfpool.hparams" syntax: "proto3" dependency: "google/protobuf/struct.proto"
message_type {
  name: "HParamsPluginData"
  field { name: "version" number: 1 type: TYPE_INT32 }
  field { name: "session_start_info" number: 3 type: TYPE_MESSAGE type_name: ".tfpool.hparams.SessionStartInfo" }
  field { name: "session_end_info" number: 4 type: TYPE_MESSAGE type_name: ".tfpool.hparams.SessionEndInfo" }
}
message_type {
  name: "SessionStartInfo"
  field { name: "hparams" number: 1 type: TYPE_MESSAGE label: LABEL_REPEATED type_name: ".tfpool.hparams.Entry" }
  field { name: "start_time_secs" number: 5 type: TYPE_DOUBLE }
}
message_type {
  name: "Entry"
  field { name: "key" number: 1 type: TYPE_STRING }
  field { name: "value" number: 2 type: TYPE_MESSAGE type_name: ".google.protobuf.Value" }
}
message_type {
  name: "SessionEndInfo"
  field { name: "status" number: 1 type: TYPE_INT32 }
  field { name: "end_time_secs" number: 2 type: TYPE_DOUBLE }
}
"""


def _plugin_data() -> Any:
    """The class of the message HParamsPluginData, in a pool of its own beside that of an installed TensorBoard."""
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(struct_pb2.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(text_format.Parse(_MESSAGES, FileDescriptorProto()).SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tfpool.hparams.HParamsPluginData"))


_PluginData = _plugin_data()


def session_start(hyperparameters: Mapping[str, str | int | float | bool], began: float) -> Summary.Value:
    """The hyperparameters of a run that began at a time, in seconds since 1970."""
    data = _PluginData()
    data.session_start_info.start_time_secs = began
    for name, value in hyperparameters.items():
        entry = data.session_start_info.hparams.add(key=name)
        # bool first: it is an int as well.
        if isinstance(value, bool):
            entry.value.bool_value = value
        elif isinstance(value, int | float):
            entry.value.number_value = value
        else:
            entry.value.string_value = value
    return plugin_message(START, _PLUGIN, data.SerializeToString())


def session_end() -> Summary.Value:
    """That a run is done, now."""
    data = _PluginData()
    data.session_end_info.status = _SUCCESS
    data.session_end_info.end_time_secs = time.time()
    return plugin_message(END, _PLUGIN, data.SerializeToString())
