"""Windows and macOS, as far as Linux can stand in for them: modules, functions and files of Linux are taken away."""

import fcntl
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

from tests.helpers.processes import printed_words
from tfpool.system import file_lock, process, spawn

AS_ELSEWHERE = """
import asyncio, ctypes, importlib, os, pkgutil, platform, shutil, signal, subprocess, sys, uuid
{first}

system = {system!r}
for name in ("sched_getaffinity", *(("nice", "getuid", "fork", "killpg", "setsid") if system == "win32" else ())):
    delattr(os, name)
if system == "win32":
    for name in ("fcntl", "pwd", "grp", "resource", "termios"):
        sys.modules[name] = None
    for name in ("SIGKILL", "SIGHUP", "SIGALRM", "SIGUSR1"):
        delattr(signal, name)
sys.platform = system

import tfpool
for module in {modules}:
    importlib.import_module(module)
print(len(tfpool.plan("resnet8").rows), tfpool.runs("nowhere"))
"""
"""What has to be loaded before, since other packages look at the system as well, is `first`."""
WITHOUT_KERAS = """[
    "tfpool.cli.parser", "tfpool.training.queue", "tfpool.training.launcher", "tfpool.tracking.export",
    "tfpool.lab.background_job", "tfpool.data", "tfpool.inference",
]"""
ALL = '[found.name for found in pkgutil.walk_packages(tfpool.__path__, "tfpool.") if "__main__" not in found.name]'
OTHERS = (
    "import h5py, keras, matplotlib.figure, numpy, PIL.Image, psutil, rich.progress, scipy.sparse, scipy.stats, sqlite3"
)


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_counting_listing_and_queueing_import_nothing_of_linux(system: str) -> None:
    script = AS_ELSEWHERE.format(first="import numpy, PIL.Image, sqlite3", system=system, modules=WITHOUT_KERAS)
    assert printed_words(script)[1] == "[]"


@pytest.mark.exhaustive
@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_every_module_imports_nothing_of_linux(system: str) -> None:
    assert printed_words(AS_ELSEWHERE.format(first=OTHERS, system=system, modules=ALL))[1] == "[]"


def test_a_process_is_known_by_psutil_where_there_is_no_proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_PROC", tmp_path / "proc")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        known = process.Process.of(child.pid)
        assert known.started
        assert known.is_alive
        assert process.Process.of() == process.Process.of()
        process.end(child, 30)
        assert not known.is_alive
    assert process.place.__wrapped__()


def test_a_lock_on_windows_has_one_holder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def locking(descriptor: int, mode: int, length: int) -> None:
        assert (mode, length) == (3, 1)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    msvcrt = types.SimpleNamespace(LK_NBLCK=3, locking=locking)
    monkeypatch.setitem(sys.modules, "msvcrt", msvcrt)  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setattr(sys, "platform", "win32")
    first = file_lock.try_lock(tmp_path / "lock")
    assert first
    assert file_lock.try_lock(tmp_path / "lock") is None
    first.close()
    again = file_lock.try_lock(tmp_path / "lock")
    assert again
    again.close()


def test_on_windows_a_child_outlives_its_starter_and_nobody_is_sent_a_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(subprocess, "CREATE_NO_WINDOW", 1 << 27, raising=False)
    monkeypatch.setattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 1 << 9, raising=False)
    started: list[dict[str, object]] = []
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **settings: started.append(settings))
    spawn.spawn(["python"])
    assert started[0]["creationflags"] == (1 << 27) + (1 << 9)
    monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("a signal was sent"))
    process.interrupt(os.getpid())
