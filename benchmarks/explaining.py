"""What an explanation costs over a forward pass, and how ours compare with those of other packages.

python benchmarks/explaining.py [--images 8] [--rounds 20] [--only forward gradcam scorecam memory] [--short]

Each network has random but fixed weights, the same in every package. The packages take turns, each in a process of its
own; a ratio is the median over the rounds, with its quartiles. A package's maps are compared with ours too, each scaled
from 0 to 1 and enlarged as that package does it. Memory is how much a process's peak grows in the first call, once it
holds the model and has run one image forward (Linux only). To install the packages, best in an environment of their
own, beside TensorFlow and PyTorch:

    pip install tf-keras-vis==0.8.7 grad-cam==1.5.7 torchvision
    pip install --no-deps xplique==2.0.2 tf-keras==2.21.0
    pip install tensorflow-probability==0.25.0 einops scikit-image
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from benchmarks.explaining_case import Case  # noqa: E402
from benchmarks.report import Rows, options  # noqa: E402
from tfpool.system.format import memory  # noqa: E402

OVER_FORWARD = {"cam": "≤ 1.05"} | dict.fromkeys(("gradcam", "hirescam", "layercam", "xgradcam", "gradcam++"), "≤ 1.1")
OURS = "tfpool, enlarged"
TIMES_OURS = {
    "gradcam": {
        "tf-keras-vis": "≥ 4",
        "xplique": "≥ 1.5",
        "pytorch-grad-cam": "≥ 2",
        "pytorch-grad-cam, channels last": "≥ 2",
    },
    "scorecam": {"tf-keras-vis": "≥ 3", "xplique": "", "pytorch-grad-cam": ""},
}
OF_THEIR_MEMORY = {("scorecam", "tf-keras-vis"): "≤ 0.1"}
INSTALL = {
    "tf-keras-vis": "tf-keras-vis==0.8.7",
    "xplique": "--no-deps xplique==2.0.2",
    "pytorch-grad-cam": "grad-cam==1.5.7 torchvision",
}
SLOW = 7
"""Score-CAM has one round where the others have this many."""
SLOW_SIDE = 100
"""At this size the maps that ResNet-18 strides over are odd, so that Keras pads them on both sides, as PyTorch does."""
NUMBERS, FEW_NUMBERS = (8, 64, 256), (8, 32)
FLAT = "≤ 1.1"


@dataclass(frozen=True)
class Row:
    """One measurement: seconds of its first call, quartiles, how far the maps differ, and an aim such as "≥ 4"."""

    what: str
    measured: str
    first: float | None = None
    quartiles: str = ""
    differ: float | None = None
    aim: str = ""
    met: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        first = "" if self.first is None else f"{self.first:.1f} s"
        differ = "" if self.differ is None else f"{self.differ:.0e}"
        return self.what, first, self.measured, self.quartiles, differ, self.aim, self.met


def ratio(what: str, ratios: list[float], aim: str, first: float | None = None, differ: float | None = None) -> Row:
    """The median of a ratio over rounds, with quartiles if there are several rounds."""
    low, middle, high = np.quantile(ratios, (0.25, 0.5, 0.75))
    quartiles = f"{low:.2f}–{high:.2f}" if len(ratios) > 1 else ""
    sign, _, limit = aim.partition(" ")
    met = "" if not aim else "yes" if (middle <= float(limit)) == (sign == "≤") else "no"
    return Row(what, f"{middle:.2f}", first, quartiles, differ, aim, met)


class Worker:
    """A process that explains one case with one package, on request."""

    def __init__(self, package: str, case: Case, folder: Path) -> None:
        command = [sys.executable, str(ROOT / "benchmarks/explaining_elsewhere.py"), package, case.dump(), str(folder)]
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True
        )
        ready = self._answer()
        self.lacks: str = ready.get("lacks", "")
        self.methods: list[str] = ready.get("methods", [])

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *error: object) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()
        self._errors.close()

    def ask(self, *command: str) -> Any:
        """Request "forward", "explain" and a method, or "compare" and a method; returns what the process measured.

        "compare" first goes to tfpool, which keeps its maps, then to the others.
        """
        print(json.dumps(command), file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            code = self._process.wait()
            self._errors.seek(0)
            raise RuntimeError(f"A process that explains ended with exit code {code}:\n{self._errors.read()[-2000:]}")
        return json.loads(line)


def over_forward(images: int, rounds: int, folder: Path) -> Iterator[Row]:
    """Each method's time over that of a forward pass."""
    case = Case("resnet50", 224, images)
    with Worker("tfpool", case, folder) as worker:
        first = {method: worker.ask("explain", method)["seconds"] for method in OVER_FORWARD}
        ratios: dict[str, list[float]] = {method: [] for method in OVER_FORWARD}
        forward = []
        for _ in range(rounds):
            forward.append(worker.ask("forward")["seconds"])
            for method in OVER_FORWARD:
                ratios[method].append(worker.ask("explain", method)["seconds"] / forward[-1])
    yield Row(f"{case}: forward pass", f"{1000 * statistics.median(forward):,.0f} ms")
    for method, aim in OVER_FORWARD.items():
        yield ratio(f"{case}: {method} ÷ forward pass", ratios[method], aim, first[method])


def against(method: str, case: Case, rounds: int, folder: Path) -> Iterator[Row]:
    """Time and memory of other packages, relative to ours."""
    with ExitStack() as stack:
        installed = {name: stack.enter_context(Worker(name, case, folder)) for name in (OURS, *TIMES_OURS[method])}
        workers = {name: worker for name, worker in installed.items() if method in worker.methods}
        first = {name: worker.ask("explain", method) for name, worker in workers.items()}
        differ = {name: worker.ask("compare", method).get("differ") for name, worker in workers.items()}
        durations: dict[str, list[float]] = {name: [] for name in workers}
        for _ in range(rounds):
            for name, worker in workers.items():
                durations[name].append(worker.ask("explain", method)["seconds"])
    ours = f"{1000 * statistics.median(durations[OURS]):,.0f} ms"
    yield Row(f"{case}: {method}, ours", ours, first[OURS]["seconds"])
    for name, aim in TIMES_OURS[method].items():
        what = f"{case}: {method}, {name} ÷ ours"
        if installed[name].lacks:
            yield Row(f"{what}: pip install {INSTALL[name.split(',')[0]]}", "missing")
        elif name not in workers:
            yield Row(what, "has none")
        else:
            ratios = [their / our for their, our in zip(durations[name], durations[OURS], strict=True)]
            yield ratio(what, ratios, aim, first[name]["seconds"], differ[name])
    sizes = {name: answer["grown"] for name, answer in first.items()}
    for name, size in sizes.items():
        yield Row(f"{case}: {method}, memory of {name}", memory(round(size)))
        if (method, name) in OF_THEIR_MEMORY:
            yield ratio(f"{case}: {method}, memory, ours ÷ {name}", [sizes[OURS] / size], OF_THEIR_MEMORY[method, name])


def flat_memory(numbers: tuple[int, ...], folder: Path) -> Iterator[Row]:
    """The memory of methods that need many passes, by number of images."""
    for method in ("scorecam", "rise"):
        sizes: list[int] = []
        for case in (Case("resnet8", 32, images) for images in numbers):
            with Worker("tfpool", case, folder) as worker:
                if method in worker.methods:
                    sizes.append(worker.ask("explain", method)["grown"])
                    yield Row(f"{case}: {method}, memory", memory(round(sizes[-1])))
        if sizes:
            yield ratio(f"{method}, memory, {numbers[-1]} images ÷ {numbers[0]}", [sizes[-1] / sizes[0]], FLAT)


def main() -> None:
    parser = options(__doc__, images=(8, 2), rounds=(20, 2))
    parts = ("forward", *TIMES_OURS, "memory")
    parser.add_argument("--only", nargs="+", choices=parts, default=parts, help="what to measure (default: all)")
    settings = parser.parse_args()
    images, rounds = settings.images, settings.rounds
    slow_rounds = max(1, rounds // SLOW)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measurements: dict[str, Callable[[], Iterator[Row]]] = {
            "forward": lambda: over_forward(images, rounds, folder),
            "gradcam": lambda: against("gradcam", Case("resnet50", 224, images), rounds, folder),
            "scorecam": lambda: against("scorecam", Case("resnet18", SLOW_SIDE, images), slow_rounds, folder),
            "memory": lambda: flat_memory(FEW_NUMBERS if settings.short else NUMBERS, folder),
        }
        rows = Rows("what", "first call", "measured", "quartiles", "difference of maps", "aim", "met", first_width=72)
        for part in settings.only:
            for row in measurements[part]():
                rows.add(*row.cells)


if __name__ == "__main__":
    main()
