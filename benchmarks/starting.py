"""How soon tfpool is imported, against numpy, and how much disk its core takes with what it requires, against peers.

    python benchmarks/starting.py [--short] [--peers PYTHON]

Times are processor time of new processes, in turns: they do not count what else the machine does. Sizes are those of
the files that pip installed, TensorFlow or PyTorch left out for all. PYTHON is that of an environment with the peers:

    pip install tf-keras-vis xplique torchcam
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tomllib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.report import Rows, options
from benchmarks.worker_startup import processor_seconds

ROOT = Path(__file__).resolve().parents[1]
AIM = 1.0
"""What `import tfpool` costs at most, as a multiple of `import numpy`."""
WAYS = {"bare Python": "pass", "import numpy": "import numpy", "import tfpool": "import tfpool"}
PEERS = ("tf-keras-vis", "xplique", "torchcam")
FRAMEWORKS = ("tensorflow", "torch", "torchvision")
SIZES = """
import json, re, sys
from importlib import metadata

def required(name, extra=""):
    for text in metadata.requires(name) or ():
        wanted, _, marker = text.partition(";")
        if "extra" not in marker and ("python_version" not in marker or "<" not in marker):
            yield re.split(r"[^\\w.-]", wanted.strip())[0]

def closure(names, without):
    found, pending = set(), list(names)
    while pending:
        name = re.sub(r"[-_.]+", "-", pending.pop()).lower()
        if name in found or name in without:
            continue
        try:
            pending += required(name)
        except metadata.PackageNotFoundError:
            continue
        found.add(name)
    return found

def size(name):
    files = metadata.files(name) or ()
    return sum(path.stat().st_size for file in files if (path := file.locate()).is_file() and path.suffix != ".pyc")

groups, without = json.loads(sys.argv[1])
print(json.dumps({label: sum(map(size, closure(names, without))) for label, names in groups.items()}))
"""
"""Prints the size in bytes of packages with all that they require, by group."""


def sizes(python: str, groups: dict[str, list[str]]) -> dict[str, int]:
    """Bytes that packages take in an environment with all that they require but for the frameworks, by group."""
    command = [python, "-c", SIZES, json.dumps([groups, FRAMEWORKS])]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def core() -> list[str]:
    """The names of the packages that tfpool's core requires."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [text.split(">=")[0] for text in project["dependencies"]]


def own_size() -> int:
    """Bytes of tfpool's own files, with the dashboard, as the wheel installs them."""
    folders = [ROOT / name for name in ("tfpool", "dashboard", "pages")]
    files = [path for folder in folders for path in folder.rglob("*") if "__pycache__" not in path.parts]
    return sum(path.stat().st_size for path in files if path.is_file())


def main() -> int:
    parser = options(__doc__, times=(15, 3))
    parser.add_argument("--peers", metavar="PYTHON", help="Python of an environment with the peers")
    settings = parser.parse_args()
    durations: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(settings.times):
        for name, code in WAYS.items():
            durations[name].append(processor_seconds(code))
    bare, numpy, ours = (statistics.median(values) for values in durations.values())
    rows = Rows("import", "over bare Python", "against numpy", first_width=16)
    for name, seconds in (("numpy", numpy), ("tfpool", ours)):
        rows.add(name, f"{seconds - bare:.3f} s", f"{(seconds - bare) / (numpy - bare):.2f}")

    print()
    rows = Rows("installed, without TensorFlow or PyTorch", "MB", first_width=44)
    required = sizes(sys.executable, {"core": core()})["core"]
    rows.add("tfpool", f"{(own_size() + required) / 1e6:.0f}")
    rows.add("  of these tfpool itself", f"{own_size() / 1e6:.0f}")
    if settings.peers:
        for name, size in sizes(settings.peers, {name: [name] for name in PEERS}).items():
            rows.add(name, f"{size / 1e6:.0f}" if size else "not installed")
    return int(ours - bare > AIM * (numpy - bare) and not settings.short)


if __name__ == "__main__":
    sys.exit(main())
