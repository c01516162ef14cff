"""Memory that a training step takes, measured, against what a plan says.

python benchmarks/memory.py

Measured is by how much the most memory that a process ever held grows over a process that has loaded TensorFlow and the
images: weights, gradients, the optimizer, outputs of layers, and what TensorFlow needs beside them.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import tfpool as tp  # noqa: E402
from tfpool.counting.plan import Plan  # noqa: E402
from tfpool.system.format import memory, table  # noqa: E402

CASES = [
    ("resnet20", (32, 32, 3), 128),
    ("resnet56", (32, 32, 3), 128),
    ("nin_cifar", (32, 32, 3), 64),
    ("squeezenet", (128, 128, 3), 16),
    ("resnet50", (128, 128, 3), 16),
    ("efficientnetb0", (128, 128, 3), 16),
]
OPTIMIZER = "adam"
_KIB = 1024


def grown(name: str, shape: tuple[int, int, int], batch_size: int) -> int:
    """Bytes by which three training steps raise this process's peak."""
    import numpy as np

    from tfpool.data import DataSet, Part
    from tfpool.models.preprocessing import to_network
    from tfpool.training.fit import start
    from tfpool.training.trainer import Trainer

    def train(plan: Plan, images: int, recipe: tp.Recipe) -> None:
        part = Part(np.zeros((images, *plan.input_shape), np.uint8), np.zeros(images, np.int64))  # type: ignore[arg-type]
        data = DataSet("zeros", tuple("0123456789"), part, part.first(1), part.first(1))
        Trainer(start(plan, recipe), data, recipe, lambda images: to_network(images, plan)).run(
            lambda: None, lambda metrics: None
        )

    recipe = tp.Recipe(epochs=1, batch_size=batch_size, optimizer=OPTIMIZER)
    # A step of a tiny network first: TensorFlow's own parts are loaded with it.
    train(tp.plan("convnet"), 1, recipe)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    train(tp.plan(name, head="gap", input_shape=shape, classes=10), 3 * batch_size, recipe)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * _KIB


def main() -> None:
    rows = []
    for number, (name, shape, batch_size) in enumerate(CASES):
        ended = subprocess.run([sys.executable, __file__, str(number)], capture_output=True, text=True, check=True)
        measured = int(ended.stdout.split()[-1])
        planned = tp.plan(name, head="gap", input_shape=shape, classes=10).training_bytes(batch_size, OPTIMIZER) or 0
        case = (name, "×".join(map(str, shape)), str(batch_size))
        rows.append((*case, memory(planned), memory(measured), f"{measured / planned:.2f}"))
    header = ("network", "image", "batch", "planned", "measured", "measured ÷ planned")
    print(table(header, rows, right=(2, 3, 4, 5)))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(grown(*CASES[int(sys.argv[1])]))
    else:
        main()
