"""How long counting takes, and how much longer the same takes by building in Keras.

python benchmarks/counting.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import tfpool as tp  # noqa: E402
from tfpool.networks.heads import HEADS  # noqa: E402
from tfpool.system.format import table  # noqa: E402

LARGE = {"head": "flatten", "input_shape": (512, 512, 3), "classes": 1000}
SIDES = (160, 192, 224, 225, 256, 299, 320, 384, 448, 512)


def seconds(work: Callable[[], object], times: int) -> float:
    """The median time of some runs."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def fresh_process() -> None:
    code = "import tfpool; tfpool.plan('resnet50').params"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def everything() -> int:
    """Every network under every head at ten sizes; returns how many."""
    plans = [
        tp.plan(name, head=head, input_shape=(side, side, 3)).params
        for name in tp.catalog()
        for head in HEADS
        for side in SIDES
    ]
    return len(plans)


def by_keras(name: str) -> int:
    """The same count by building the model, without allocating its weights."""
    import keras
    import tensorflow as tf

    with tf.Graph().as_default():
        params = tp.build(tp.plan(name)).count_params()
    keras.backend.clear_session()
    return params


def main() -> None:
    large = seconds(lambda: tp.plan("resnet152", **LARGE).params, 100)  # type: ignore[arg-type]
    bare = seconds(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True), 5)
    first = seconds(fresh_process, 5) - bare
    began = time.perf_counter()
    number = everything()
    whole = time.perf_counter() - began
    by_keras("resnet8")  # loads TensorFlow
    plan_50, keras_50 = seconds(lambda: tp.plan("resnet50").params, 20), seconds(lambda: by_keras("resnet50"), 3)
    rows = [
        ("resnet152, flatten, 512×512, 1000 classes", f"{1000 * large:.1f} ms", "≤ 5 ms"),
        ("import tfpool and a first plan, fresh process, over bare Python", f"{1000 * first:.0f} ms", "≤ 100 ms"),
        (f"{number:,} plans: every network × head × 10 sizes", f"{whole:.1f} s", "≤ 10 s"),
        ("resnet50: building in Keras without weights ÷ planning", f"{keras_50 / plan_50:,.0f} ×", "≥ 500 ×"),
    ]
    print(table(("what", "measured", "aim"), rows, right=(1, 2)))


if __name__ == "__main__":
    main()
