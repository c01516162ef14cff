"""Time and memory of a network's forward pass, in a process of its own: the measures of the claim about cost.

python -m tfpool.lab.latency NETWORK HEAD REPEATS
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

from tfpool.system.spawn import command, environment

_WARM = 2


def measure_latency(network: str, head: str, repeats: int) -> dict[str, Any]:
    """Time one image, of the published size, through a network with one thread, in a fresh process.

    Returns "seconds" of each of `repeats` forward passes, after some to warm up, and the "bytes" of memory that it
    took.
    """
    words = command("tfpool.lab.latency", network, head, str(repeats))
    process = subprocess.run(words, capture_output=True, text=True, env=environment())
    if process.returncode:
        reason = (process.stderr.strip().splitlines() or ["its process was killed"])[-1]
        raise RuntimeError(f"{network} with {head} could not be timed: {reason}")
    return json.loads(process.stdout.splitlines()[-1])


def _main(network: str, head: str, repeats: int) -> dict[str, Any]:
    import numpy as np

    from tfpool.counting.plan import plan

    # An unknown network fails here, before TensorFlow is loaded.
    counted = plan(network, head)

    import psutil
    import tensorflow as tf

    from tfpool.models.build import build
    from tfpool.networks.graph import known_size
    from tfpool.training.device import take_one_thread

    take_one_thread()
    before = psutil.Process().memory_info().rss
    model = build(counted)
    forward = tf.function(lambda images: model(images, training=False))
    shape = [known_size(size) for size in counted.input_shape]
    image = tf.constant(np.random.default_rng(0).random((1, *shape), np.float32))
    for _ in range(_WARM):
        forward(image)
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        forward(image).numpy()
        seconds.append(time.perf_counter() - began)
    # Includes memory that TensorFlow kept after making the weights.
    return {"seconds": seconds, "bytes": psutil.Process().memory_info().rss - before}


if __name__ == "__main__":
    print(json.dumps(_main(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
