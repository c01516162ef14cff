"""One network's forward pass, timed in a process of its own: what a claim about cost is measured by.

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


def timed(network: str, head: str, repeats: int) -> dict[str, Any]:
    """Seconds of each forward pass of one image with one thread, and what memory the process took, in bytes.

    Args:
        network: of the catalog, at the size it was published for.
        head: its name.
        repeats: passes to time, after some to warm up.

    Raises:
        RuntimeError: if the process fails.
    """
    ended = subprocess.run(
        command("tfpool.lab.latency", network, head, str(repeats)), capture_output=True, text=True, env=environment()
    )
    if ended.returncode:
        reason = (ended.stderr.strip().splitlines() or ["its process was killed"])[-1]
        raise RuntimeError(f"{network} with {head} could not be timed: {reason}")
    return json.loads(ended.stdout.splitlines()[-1])


def _main(network: str, head: str, repeats: int) -> dict[str, Any]:
    import numpy as np
    import psutil
    import tensorflow as tf

    from tfpool.counting.plan import plan
    from tfpool.models.build import build
    from tfpool.networks.graph import known
    from tfpool.training.fit import take_one_thread

    take_one_thread()
    before = psutil.Process().memory_info().rss
    counted = plan(network, head)
    model = build(counted)
    forward = tf.function(lambda images: model(images, training=False))
    shape = [known(size) for size in counted.input_shape]
    image = tf.constant(np.random.default_rng(0).random((1, *shape), np.float32))
    for _ in range(_WARM):
        forward(image)
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        forward(image).numpy()
        seconds.append(time.perf_counter() - began)
    # With what making the weights left behind: TensorFlow does not give all of it back.
    return {"seconds": seconds, "bytes": psutil.Process().memory_info().rss - before}


if __name__ == "__main__":
    print(json.dumps(_main(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
