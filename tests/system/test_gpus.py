"""GPUs are counted as the driver lists them, within what CUDA allows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tfpool.system import gpus


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    gpus._installed.cache_clear()
    yield
    gpus._installed.cache_clear()


@pytest.mark.parametrize(
    ("allowed", "count"), [(None, 2), ("", 0), ("-1", 0), ("1", 1), ("0, 1", 2), ("1,-1,0", 1), ("0,1,2", 2)]
)
def test_gpus_are_those_that_are_listed_and_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: str | None, count: int
) -> None:
    # A partition of a GPU is listed below it, and is no GPU of its own.
    listing(tmp_path, monkeypatch, "echo 'GPU 0: A (UUID: 1)'; echo '  MIG 1g Device 0: (UUID: 3)'; echo 'GPU 1: B'")
    if allowed is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", allowed)
    assert gpus.gpu_count() == count


@pytest.mark.parametrize("command", ["echo 'GPU 0: A'; exit 9", "echo 'NVIDIA-SMI has failed: no driver'", None])
def test_there_is_no_gpu_without_a_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str | None) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    listing(tmp_path, monkeypatch, command)
    assert gpus.gpu_count() == 0


def listing(folder: Path, monkeypatch: pytest.MonkeyPatch, command: str | None) -> None:
    if command:
        program = folder / "nvidia-smi"
        program.write_text(f"#!/bin/sh\n{command}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
