"""What a run is computed on. There is no GPU here: TensorFlow's answers are stood in for, in a process of its own."""

import json
import subprocess
import sys

import pytest

from tests.helpers.processes import ROOT

SCRIPT = """
import json
import sys
import tensorflow as tf
from tfpool.training.device import gpu_names, take_device

class Device(str):
    name = property(str)

visible, calls, gpus = [], [], []
tf.config.list_physical_devices = lambda kind: gpus
tf.config.set_visible_devices = lambda devices, kind: visible.append(devices)
tf.config.get_visible_devices = lambda kind: [visible[-1]] if visible[-1] else []
tf.config.experimental.set_memory_growth = lambda gpu, grows: calls.append((gpu, grows))
tf.config.experimental.enable_op_determinism = lambda: calls.append("repeatable")
tf.config.experimental.enable_tensor_float_32_execution = lambda rounds: calls.append(("rounds", rounds))
tf.config.experimental.get_device_details = lambda gpu: {"device_name": f"model of {gpu}"}
for device, number, count in json.loads(sys.argv[1]):
    visible.clear()
    calls.clear()
    gpus[:] = [Device(f"GPU:{index}") for index in range(count)]
    tf.config.threading.set_intra_op_parallelism_threads(0)
    tf.config.threading.set_inter_op_parallelism_threads(0)
    try:
        take_device(device, number)
    except ValueError as error:
        print("ValueError:", error)
        continue
    intra_op = tf.config.threading.get_intra_op_parallelism_threads()
    print(visible, calls, (intra_op, tf.config.threading.get_inter_op_parallelism_threads()), gpu_names())
"""
NONE = "[[]] [] (1, 1) []"
SECOND = "['GPU:1'] [('GPU:1', True), 'repeatable', ('rounds', False)] (1, 1) ['model of GPU:1']"


TAKEN = [
    ("auto", 0, 0, NONE),
    ("cpu", 0, 2, NONE),
    ("auto", 1, 2, SECOND),
    ("gpu", 1, 2, SECOND),
    # The system has a GPU that this TensorFlow is not built for.
    ("auto", 1, 1, NONE),
]
REFUSED = [("gpu", 0, 0), ("gpu", 1, 1)]


@pytest.mark.slow
def test_a_run_sees_one_gpu_or_none_and_one_that_is_not_there_is_refused() -> None:
    # One process for all, since each has to load TensorFlow.
    cases = json.dumps([*(case[:3] for case in TAKEN), *REFUSED])
    command = [sys.executable, "-c", SCRIPT, cases]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert lines[: len(TAKEN)] == [printed for *_, printed in TAKEN]
    for line, (_, _, gpus) in zip(lines[len(TAKEN) :], REFUSED, strict=True):
        assert line.startswith("ValueError")
        assert f"sees {gpus}" in line
