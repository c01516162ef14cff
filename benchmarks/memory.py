"""Memory that a training step takes, measured, against what a plan says.

python benchmarks/memory.py [--short]

Measured is how much a process's peak memory grows over that of a process that has loaded TensorFlow and the images:
weights, gradients, the optimizer, outputs of layers, and what TensorFlow needs beside them.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import tfpool as tp  # noqa: E402
from benchmarks.report import Rows, options  # noqa: E402
from tfpool.counting.plan import Plan  # noqa: E402
from tfpool.system.format import memory  # noqa: E402

CASES = [
    ("resnet20", (32, 32, 3), 128),
    ("squeezenet", (128, 128, 3), 16),
    ("resnet56", (32, 32, 3), 128),
    ("nin_cifar", (32, 32, 3), 64),
    ("resnet50", (128, 128, 3), 16),
    ("efficientnetb0", (128, 128, 3), 16),
]
OPTIMIZER = "adam"
_KIB = 1024


def peak_growth(name: str, shape: tuple[int, int, int], batch_size: int) -> int:
    """Bytes by which three training steps raise this process's peak."""
    import numpy as np

    from tfpool.data import DataSet, Part
    from tfpool.models.preprocessing import to_network
    from tfpool.training.fit import initial_model
    from tfpool.training.trainer import Trainer

    def train(plan: Plan, images: int, recipe: tp.Recipe) -> None:
        part = Part(np.zeros((images, *plan.input_shape), np.uint8), np.zeros(images, np.int64))  # type: ignore[arg-type]
        data = DataSet("zeros", tuple("0123456789"), part, part.first(1), part.first(1))
        Trainer(initial_model(plan, recipe), data, recipe, lambda images: to_network(images, plan)).run(
            lambda: None, lambda metrics: None
        )

    recipe = tp.Recipe(epochs=1, batch_size=batch_size, optimizer=OPTIMIZER)
    # A step of a tiny network first: it loads TensorFlow's own parts.
    train(tp.plan("convnet"), 1, recipe)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    train(tp.plan(name, head="gap", input_shape=shape, classes=10), 3 * batch_size, recipe)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * _KIB


def main() -> None:
    parser = options(__doc__, cases=(len(CASES), 2))
    parser.add_argument("--case", type=int, help="measure this one alone, in this process")
    settings = parser.parse_args()
    if settings.case is not None:
        print(peak_growth(*CASES[settings.case]))
        return
    rows = Rows("network, image, batch", "planned", "measured", "measured ÷ planned", first_width=32)
    for number, (name, shape, batch_size) in enumerate(CASES[: settings.cases]):
        command = [sys.executable, __file__, "--case", str(number)]
        measured = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])
        planned = tp.plan(name, head="gap", input_shape=shape, classes=10).training_bytes(batch_size, OPTIMIZER) or 0
        case = f"{name}, {'×'.join(map(str, shape))}, {batch_size}"
        rows.add(case, memory(planned), memory(measured), f"{measured / planned:.2f}")


if __name__ == "__main__":
    main()
