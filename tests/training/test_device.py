"""What a run is computed on. There is no GPU here: TensorFlow's answers are stood in for, in a process of its own."""

import subprocess
import sys

import pytest

from tests.helpers.processes import ROOT

SCRIPT = """
import sys
import tensorflow as tf
from tfpool.training.device import gpu_names, take_device

class Device(str):
    name = property(str)

device, number, gpus = sys.argv[1], int(sys.argv[2]), [Device(f"GPU:{index}") for index in range(int(sys.argv[3]))]
visible, calls = [], []
tf.config.list_physical_devices = lambda kind: gpus
tf.config.set_visible_devices = lambda devices, kind: visible.append(devices)
tf.config.experimental.set_memory_growth = lambda gpu, grows: calls.append((gpu, grows))
tf.config.experimental.enable_op_determinism = lambda: calls.append("repeatable")
tf.config.experimental.enable_tensor_float_32_execution = lambda rounds: calls.append(("rounds", rounds))
tf.config.experimental.get_device_details = lambda gpu: {"device_name": f"model of {gpu}"}
try:
    take_device(device, number)
except ValueError as error:
    print("ValueError:", error)
    sys.exit()
tf.config.get_visible_devices = lambda kind: [visible[-1]] if visible[-1] else []
threads = tf.config.threading.get_intra_op_parallelism_threads(), tf.config.threading.get_inter_op_parallelism_threads()
print(visible, calls, threads, gpu_names())
"""
NONE = "[[]] [] (1, 1) []"
SECOND = "['GPU:1'] [('GPU:1', True), 'repeatable', ('rounds', False)] (1, 1) ['model of GPU:1']"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("device", "number", "gpus", "printed"),
    [
        ("auto", 0, 0, NONE),
        ("cpu", 0, 2, NONE),
        ("auto", 1, 2, SECOND),
        ("gpu", 1, 2, SECOND),
        # The system has a GPU that this TensorFlow is not built for.
        ("auto", 1, 1, NONE),
    ],
)
def test_a_run_sees_one_gpu_or_none(device: str, number: int, gpus: int, printed: str) -> None:
    assert run(device, number, gpus) == printed


@pytest.mark.slow
@pytest.mark.parametrize(("number", "gpus"), [(0, 0), (1, 1)])
def test_a_gpu_that_is_not_there_is_refused(number: int, gpus: int) -> None:
    refused = run("gpu", number, gpus)
    assert refused.startswith("ValueError")
    assert f"sees {gpus}" in refused


def run(*arguments: object) -> str:
    command = [sys.executable, "-c", SCRIPT, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
