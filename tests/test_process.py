import subprocess
import sys

from tfpool.process import Process, cores


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
