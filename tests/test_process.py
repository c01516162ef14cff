import subprocess
import sys

import pytest

from tfpool.process import Process, cores, end


def test_a_process_is_alive_until_it_ends_whether_or_not_it_is_waited_for() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = Process.of(child.pid)
    assert process.is_alive
    assert Process(child.pid, "another time").is_alive is False
    assert child.stdin
    child.stdin.close()
    while process.is_alive:
        pass
    # Not waited for yet: the system still lists it, as a zombie.
    assert child.poll() is not None
    assert Process.of(child.pid) != process


def test_this_process_is_the_same_however_often_asked() -> None:
    assert Process.of() == Process.of()
    assert Process.of().is_alive
    assert cores() >= 1


@pytest.mark.parametrize("deaf", [False, True], ids=["hears", "deaf"])
def test_a_child_ends_as_by_ctrl_c_and_by_force_where_it_does_not_hear(deaf: bool) -> None:
    heard = "signal.SIG_IGN" if deaf else "lambda *_: sys.exit(7)"
    code = f"import signal, sys; signal.signal(signal.SIGINT, {heard}); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        end(child, 0.5 if deaf else 30)
        assert child.returncode == (-9 if deaf else 7)
        end(child, 0)
