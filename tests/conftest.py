"""What tests share: one store with two tiny trained runs, made once by the command line itself."""

import contextlib
import gc
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.helpers.processes import tfpool

# What is loaded for the tests stays: to look through it for garbage meanwhile takes a sixth of the time.
gc.disable()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Side by side pytest's processes have a core each.
    for threads in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(threads, "1")

WALK = "tests/browser/test_walks.py::test_a_page_does_what_it_is_for_and_can_be_read"
TOGETHER = (
    "tests/models/test_keras_code.py::test_every_file",
    "tests/training/test_training.py",
    "tests/cam/attribution/test_methods.py",
    f"{WALK}[1280",
    f"{WALK}[390",
)
"""Tests, by how their names begin, that share what takes long to make."""


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Initial weights that are the same whichever tests came before, where a test's process has Keras at all."""
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)


@pytest.fixture(autouse=True)
def own_main() -> Iterator[None]:
    """Streamlit's test harness makes a page the main module, which a process that is spawned later would run."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(autouse=True)
def no_workers_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """End what a test has started: workers outlive it, and would take the cores from those that follow."""
    starting = {"dashboard", "browser", "training"}
    if starting.isdisjoint(request.node.path.parts) or "tmp_path" not in request.fixturenames:
        yield
        return
    folder = str(request.getfixturevalue("tmp_path"))
    yield
    while left := [each for each in psutil.process_iter(["cmdline"]) if _works_in(each, folder)]:
        for worker in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                worker.kill()
        psutil.wait_procs(left)


def _works_in(process: psutil.Process, folder: str) -> bool:
    command = process.info["cmdline"] or ()
    return "tfpool.training.worker" in command and any(part.startswith(folder) for part in command)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give whole groups of tests to one of several processes. xdist's marks do nothing under pytest 9.2: its #1386."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return next((start for start in TOGETHER if nodeid.startswith(start)), nodeid)

    return Together(config, log)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with resnet8-gap-1 and resnet8-flatten-2, trained for three epochs on 1,000 images. Do not change it."""
    folder = tmp_path_factory.getbasetemp()
    # Side by side, pytest's processes share what one of them has trained, and so do the rounds of `make test`.
    folder = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    folder = Path(os.environ.get("TESTS_SHARE", folder))
    store, failed = folder / "trained" / "saved_models", folder / "failed"
    try:
        (folder / "taken").mkdir()
    except FileExistsError:
        while not store.exists():
            assert not failed.exists(), failed.read_text()
            time.sleep(0.1)
        return store
    recipe = ("--epochs", "3", "--train-images", "1000", "--batch-size", "16")
    # Elsewhere first: who waits sees the store when it is whole.
    unready = folder / "training" / "saved_models"
    done = tfpool("train", "resnet8", "--head", "gap", "flatten", *recipe, "--store", unready)
    if done.returncode:
        failed.write_text(done.stderr)
    assert done.returncode == 0, done.stderr
    unready.parent.rename(store.parent)
    return store


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a data set of 1,000 training, 100 validation and 200 test images: on all of them is soon tested."""
    from PIL import Image

    from tfpool import data

    folder = tmp_path_factory.mktemp("few")
    for (name, part), count in zip(data.load("fashion_mnist").parts.items(), (1000, 100, 200), strict=True):
        for number, (pixels, label) in enumerate(zip(part.images[:count], part.labels, strict=False)):
            of_class = folder / "images" / name / str(label)
            of_class.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels[..., 0]).save(of_class / f"{number}.png")
    data.add(folder / "images", "few", size=28, channels=1, folder=folder / "kept")
    return str(folder / "kept" / "few")


def pytest_collection_finish() -> None:
    """Leave what is loaded by now out of garbage collections: each `clear_session` of Keras is a full one."""
    gc.collect()
    gc.freeze()
    gc.enable()
