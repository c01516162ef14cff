"""What all tests share: a store with two tiny trained runs, made once by the command line, and a small data set."""

import contextlib
import faulthandler
import gc
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.helpers.processes import tfpool

# What is imported for the tests stays, and collecting garbage meanwhile takes a sixth of the time.
gc.disable()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Each of pytest's processes has one core.
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
"""How the names of tests begin that share a slow fixture: one process runs all of them, before the other tests."""
STARTING_WORKERS = frozenset({"dashboard", "browser", "training"})
"""Folders whose tests start workers."""


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Seed the initial weights, so that they do not depend on the tests before. Keras is not imported for this."""
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)


@pytest.fixture(autouse=True)
def own_main() -> Iterator[None]:
    """Restore the main module: Streamlit's test harness makes a page of it, which a process spawned later would run."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(autouse=True)
def no_workers_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Kill the workers that a test has started: they outlive it, and would take the cores from the next tests."""
    if STARTING_WORKERS.isdisjoint(request.node.path.parts) or "tmp_path" not in request.fixturenames:
        yield
        return
    folder = str(request.getfixturevalue("tmp_path"))
    yield
    while workers := [process for process in psutil.process_iter(["cmdline"]) if _works_in(process, folder)]:
        for worker in workers:
            with contextlib.suppress(psutil.NoSuchProcess):
                worker.kill()
        psutil.wait_procs(workers)


def _works_in(process: psutil.Process, folder: str) -> bool:
    command = process.info["cmdline"] or ()
    return "tfpool.training.worker" in command and any(part.startswith(folder) for part in command)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Let pytest's processes write where they crash into files: they have no terminal."""
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        faulthandler.enable(Path(os.environ["TESTS_CRASHES"], worker).open("w"))  # noqa: SIM115
    else:
        crashes = tempfile.TemporaryDirectory()
        config.add_cleanup(crashes.cleanup)
        os.environ["TESTS_CRASHES"] = crashes.name


@pytest.hookimpl(optionalhook=True)
def pytest_handlecrashitem(report: pytest.TestReport) -> None:
    """Add what Python says of a crash to its report; without a word, the process was killed from outside."""
    crash = Path(os.environ["TESTS_CRASHES"], report.node.gateway.id).read_text()  # type: ignore[attr-defined]
    report.longrepr = f"{report.longrepr}\n{crash or 'Killed without a trace of Python.'}"


KERAS = tuple(map(int, version("keras").split(".")[:2]))
OF_NEWER_KERAS = (
    *("AdaptiveAveragePooling2D", "AdaptiveMaxPooling2D", "ReversibleEmbedding", "use_gate"),
    "writes no TFLite",
)
"""Layers, arguments and formats that tests know and Keras 3.10 does not."""


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call() -> Iterator[object]:
    """Skip what builds a layer that the installed Keras is too old for: `make lowest` has such a Keras."""
    try:
        return (yield)
    except (ValueError, AttributeError, KeyError) as error:
        if KERAS < (3, 13) and any(name in str(error) for name in OF_NEWER_KERAS):
            pytest.skip(str(error))
        raise


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest groups, so that no process waits for another at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(TOGETHER))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each group of tests to one process. xdist's own marks do nothing with pytest 9.2: see its issue 1386."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return next((start for start in TOGETHER if nodeid.startswith(start)), nodeid)

    return Together(config, log)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with resnet8-gap-1 and resnet8-flatten-2, trained for three epochs on 1,000 images. Do not change it."""
    folder = tmp_path_factory.getbasetemp()
    # Processes that run side by side share the store, and so do the rounds of `make test`.
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
    # Trained elsewhere, so that waiting processes see the store only when it is complete.
    incomplete = folder / "training" / "saved_models"
    ended = tfpool("train", "resnet8", "--head", "gap", "flatten", *recipe, "--store", incomplete)
    if ended.returncode:
        failed.write_text(ended.stderr)
    assert ended.returncode == 0, ended.stderr
    incomplete.parent.rename(store.parent)
    return store


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a small data set: 1,000 training, 100 validation and 200 test images."""
    from PIL import Image

    from tfpool import data

    folder = tmp_path_factory.mktemp("few")
    for (name, part), count in zip(data.load("fashion_mnist").parts.items(), (1000, 100, 200), strict=True):
        for number, (pixels, label) in enumerate(zip(part.images[:count], part.labels, strict=False)):
            class_folder = folder / "images" / name / str(label)
            class_folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels[..., 0]).save(class_folder / f"{number}.png")
    data.add(folder / "images", "few", size=28, channels=1, folder=folder / "datasets")
    return str(folder / "datasets" / "few")


def pytest_collection_finish() -> None:
    """Leave what is imported by now out of garbage collections: every `clear_session` of Keras is a full one."""
    gc.collect()
    gc.freeze()
    gc.enable()
