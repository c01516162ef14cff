"""What a GPU gains: images per second against one thread of the processor, and whether a training repeats its bits.

    python benchmarks/gpu.py [--network resnet20] [--images 4000] [--rounds 3] [--short]

Each training has a process of its own, since a process computes on one device, and the trainings take turns. A rate is
the median over the rounds, of whole epochs after the first, which compiles. "Handed over" copies each batch to the
device and its loss back; "resident" leaves the images there and makes many steps in one call, as tfpool does on a GPU.
On a machine without a GPU the rows of the processor alone are printed. Ends with exit code 1 if a training that is
repeated ends with other weights.
"""

from __future__ import annotations

import hashlib
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.report import Rows, options

EPOCHS, BATCH = 3, 128
WAYS = (
    ("processor, handed over", {"device": "cpu"}, False),
    ("processor, resident", {"device": "cpu"}, True),
    ("GPU, handed over", {"device": "gpu"}, False),
    ("GPU, resident", {"device": "gpu"}, True),
    ("GPU, resident, mixed_float16", {"device": "gpu", "precision": "mixed_float16"}, True),
    ("GPU, resident, mixed_bfloat16", {"device": "gpu", "precision": "mixed_bfloat16"}, True),
)


def train(network: str, images: int, settings: dict[str, Any], resident: bool) -> dict[str, Any]:
    """Train in this process; returns images per second after the first epoch, a digest of the weights, and the GPU."""
    from tfpool.training.device import gpu_names, take_device

    take_device(settings["device"])
    import tfpool as tp
    from tfpool import data as data_sets
    from tfpool.models.preprocessing import to_network
    from tfpool.training import trainer as training
    from tfpool.training.fit import initial_model

    training.is_resident = lambda part: resident
    data = data_sets.load("fashion_mnist")
    recipe = tp.Recipe(epochs=EPOCHS, batch_size=BATCH, train_images=images, **settings)
    plan = tp.plan(network, input_shape=data.image_shape, classes=data.classes)
    trainer = training.Trainer(initial_model(plan, recipe), data, recipe, lambda pixels: to_network(pixels, plan))
    ends: list[float] = []
    trainer.run(lambda: None, lambda metrics: ends.append(time.perf_counter()))
    weights = hashlib.sha256(b"".join(array.tobytes() for array in trainer.model.get_weights())).hexdigest()
    return {"rate": (EPOCHS - 1) * images / (ends[-1] - ends[0]), "weights": weights, "gpus": gpu_names()}


def in_a_process(*arguments: Any) -> dict[str, Any]:
    command = [sys.executable, __file__, json.dumps(arguments)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def add(rows: Rows, text: str, measured: dict[str, list[dict[str, Any]]], name: str, rate: float) -> None:
    first = statistics.median(one["rate"] for one in measured[WAYS[0][0]])
    rows.add(text, f"{rate:,.0f}", f"{rate / first:.2f}", measured[name][-1]["weights"][:8])


def main() -> int:
    parser = options(__doc__, images=(4000, 300), rounds=(3, 1))
    parser.add_argument("--network", default="resnet20")
    settings = parser.parse_args()
    gpus = in_a_process(settings.network, BATCH, {"device": "auto"}, False)["gpus"]
    print(f"GPU: {gpus[0]}" if gpus else "TensorFlow sees no GPU here. Only the processor is measured.")
    ways = [way for way in WAYS if gpus or way[1]["device"] == "cpu"]
    measured: dict[str, list[dict[str, Any]]] = {name: [] for name, _, _ in ways}
    rows = Rows(settings.network, "images/s", "× processor", "weights", first_width=40)
    # Twice at least, so that there is something to compare.
    for number in range(1, max(2, settings.rounds) + 1):
        for name, changed, resident in ways:
            measured[name].append(in_a_process(settings.network, settings.images, changed, resident))
            add(rows, f"round {number}: {name}", measured, name, measured[name][-1]["rate"])
    repeats = True
    for name, trained in measured.items():
        same = len({one["weights"] for one in trained}) == 1
        repeats &= same
        median = statistics.median(one["rate"] for one in trained)
        add(rows, f"median: {name}{'' if same else ', NOT THE SAME BITS'}", measured, name, median)
    return int(not repeats)


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1].startswith("["):
        print(json.dumps(train(*json.loads(sys.argv[1]))))
    else:
        sys.exit(main())
