import gc
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tfpool.system.process import Process, cores, end
from tfpool.system.startup import hide_packages, skip_garbage_collection


def test_a_process_is_alive_until_it_ends_whether_or_not_it_is_waited_for() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = Process.of(child.pid)
    assert process.is_alive
    assert Process(child.pid, "another time").is_alive is False
    assert child.stdin
    child.stdin.close()
    while process.is_alive:
        pass
    # Until someone waits for the child, the system lists it as a zombie.
    assert child.poll() is not None
    assert Process.of(child.pid) != process


def test_this_process_keeps_its_identity() -> None:
    assert Process.of() == Process.of()
    assert Process.of().is_alive
    assert cores() >= 1


def test_a_hidden_package_cannot_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    # monkeypatch restores the module afterwards.
    monkeypatch.setitem(sys.modules, "wave", sys)
    hide_packages("wave")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("wave")


def test_libraries_loaded_with_skipped_collections_stay_out_of_later_ones() -> None:
    before = gc.get_freeze_count()
    with skip_garbage_collection():
        assert not gc.isenabled()
        loaded = [[] for _ in range(100)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= before + len(loaded)
    assert not {id(tracked) for tracked in gc.get_objects()} & {id(item) for item in loaded}


@pytest.mark.parametrize("ignores", [False, True])
def test_a_child_ends_as_by_ctrl_c_and_is_killed_if_it_ignores_that(ignores: bool) -> None:
    handler = "signal.SIG_IGN" if ignores else "lambda *_: sys.exit(7)"
    code = f"import signal, sys; signal.signal(signal.SIGINT, {handler}); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        end(child, 0.5 if ignores else 30)
        assert child.returncode == (-9 if ignores else 7)
        end(child, 0)


def test_a_lower_priority_holds_for_the_process_and_on_linux_for_its_session() -> None:
    code = (
        "import os; from tfpool.system.process import lower_priority; lower_priority(); "
        "print(os.nice(0), flush=True); input()"
    )
    command = [sys.executable, "-c", code]
    started = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "start_new_session": True}
    with subprocess.Popen(command, **started) as child:  # type: ignore[call-overload]
        assert int(child.stdout.readline()) == os.nice(0) + 10
        session = Path(f"/proc/{child.pid}/autogroup")
        if session.exists():
            assert session.read_text().split()[-1] == "10"
        child.stdin.close()
