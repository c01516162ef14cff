"""How long counting takes, and how much longer the same count takes by building the model in Keras.

python benchmarks/counting.py [--short]
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
from benchmarks.report import Rows, options  # noqa: E402
from tfpool.networks.heads import HEADS  # noqa: E402

LARGE = {"head": "flatten", "input_shape": (512, 512, 3), "classes": 1000}
SIDES = (160, 192, 224, 225, 256, 299, 320, 384, 448, 512)


def seconds(work: Callable[[], object], times: int) -> float:
    """The median time of several calls."""
    durations = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        durations.append(time.perf_counter() - began)
    return statistics.median(durations)


def python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def plan_everything(sides: int) -> int:
    """Plan every network with every head at several sizes; returns how many plans these are."""
    plans = [
        tp.plan(name, head=head, input_shape=(side, side, 3)).params
        for name in tp.catalog()
        for head in HEADS
        for side in SIDES[:sides]
    ]
    return len(plans)


def count_by_keras(name: str) -> int:
    """The same count by building the model, without allocating its weights."""
    import keras
    import tensorflow as tf

    with tf.Graph().as_default():
        params = tp.build(tp.plan(name)).count_params()
    keras.backend.clear_session()
    return params


def main() -> None:
    settings = options(__doc__, sides=(len(SIDES), 1), times=(5, 1)).parse_args()
    rows = Rows("what", "measured", "aim")
    large = seconds(lambda: tp.plan("resnet152", **LARGE).params, 20 * settings.times)
    rows.add("resnet152, flatten, 512×512, 1000 classes", f"{1000 * large:.1f} ms", "≤ 5 ms")
    bare = seconds(lambda: python("pass"), settings.times)
    first = seconds(lambda: python("import tfpool; tfpool.plan('resnet50').params"), settings.times) - bare
    rows.add("import tfpool and a first plan, over bare Python", f"{1000 * first:.0f} ms", "≤ 100 ms")
    began = time.perf_counter()
    number = plan_everything(settings.sides)
    whole = time.perf_counter() - began
    rows.add(
        f"{number:,} plans: every network × head × {settings.sides} sizes",
        f"{whole:.1f} s",
        f"≤ {10 * settings.sides / len(SIDES):g} s",
    )
    count_by_keras("resnet8")  # loads TensorFlow
    planned = seconds(lambda: tp.plan("resnet50").params, 20)
    built = seconds(lambda: count_by_keras("resnet50"), min(3, settings.times))
    rows.add("resnet50: building in Keras without weights ÷ planning", f"{built / planned:,.0f} ×", "≥ 500 ×")


if __name__ == "__main__":
    main()
