"""What tests share: one store with two tiny trained runs, made once by the command line itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = Path(__file__).parents[1]


def tfpool(*arguments: str, cwd: Path = ROOT, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """Run `python -m tfpool` in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "tfpool", *map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Initial weights that are the same whichever tests came before, where a test's process has Keras at all."""
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with resnet8-gap-1 and resnet8-flatten-2, trained for three epochs on 2,000 images. Do not change it."""
    store = tmp_path_factory.mktemp("trained") / "saved_models"
    recipe = ("--epochs", "3", "--train-images", "2000", "--batch-size", "32")
    done = tfpool("train", "resnet8", "--head", "gap", "flatten", *recipe, "--store", store)
    assert done.returncode == 0, done.stderr
    return store
