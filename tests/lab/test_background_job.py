"""A claim in the background: one process, whose progress and end are seen from outside."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tfpool.lab import background_job, finding
from tfpool.lab.background_job import Job, reporting, start, state, stop
from tfpool.system.process import Process

STAND_IN = """
import signal, sys, time
from pathlib import Path
from tfpool.lab.background_job import reporting
name, scale, _, store = sys.argv[1:]
store = Path(store)
if (store / "deaf").exists():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
with reporting(store, name, scale[2:]) as told:
    with (store / "started").open("a") as file:
        file.write("x")
    while not (store / "go").exists():
        told(1.5, 6)
        time.sleep(0.02)
    if (store / "fail").exists():
        raise RuntimeError("Run resnet8-gap-1 failed. **Out** of memory")
"""


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something, at most so long."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "It did not come."
        time.sleep(0.02)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A store, and a command that says it is at 1.5 of 6 until a file `go` is there."""
    script = tmp_path / "stand_in.py"
    script.write_text(STAND_IN)
    monkeypatch.setattr(background_job, "_COMMAND", (sys.executable, str(script)))
    folder = tmp_path / "saved_models"
    folder.mkdir()
    yield folder
    (folder / "go").touch()
    until(lambda: not (known := state(folder, "nin")) or known.state != "running")


def seen(store: Path, name: str = "nin") -> Job:
    """A job once it has told how much there is."""
    until(lambda: (known := state(store, name)) and known.total)
    found = state(store, name)
    assert found
    return found


def pid(store: Path, name: str = "nin", scale: str = "quick") -> int:
    return json.loads((store / "lab" / f"{name}-{scale}.job.json").read_text())["pid"]


def test_a_claim_that_was_never_run_has_no_job(store: Path) -> None:
    assert state(store, "nin") is None
    stop(store, "nin")
    assert not (store / "lab").exists()


def test_a_job_is_running_from_the_start_tells_how_far_it_is_and_is_gone_at_the_end(store: Path) -> None:
    begun = start(store, "nin", "quick")
    assert (begun.claim, begun.scale, begun.state, begun.share, begun.left) == ("nin", "quick", "running", 0.0, None)
    known = seen(store)
    assert (known.state, known.done, known.total, known.share) == ("running", 1.5, 6, 0.25)
    assert os.getsid(pid(store)) == pid(store)
    (store / "go").touch()
    until(lambda: state(store, "nin") is None)
    assert [path.name for path in (store / "lab").iterdir()] == ["jobs.log"]


def test_a_claim_started_twice_is_one_process_whatever_the_scale(store: Path) -> None:
    start(store, "nin", "full")
    first = pid(store, scale="full")
    assert start(store, "nin", "full").scale == "full"
    assert start(store, "nin", "quick").scale == "full"
    seen(store)
    assert pid(store, scale="full") == first
    assert (store / "started").read_text() == "x"


def test_a_job_that_is_stopped_says_so_and_goes_on_when_it_is_started_again(store: Path) -> None:
    start(store, "nin", "quick")
    seen(store)
    stop(store, "nin")
    stop(store, "nin")
    until(lambda: (known := state(store, "nin")) and known.state == "stopped")
    known = state(store, "nin")
    assert known
    assert (known.share, known.stopping, known.error) == (0.25, False, "")
    again = start(store, "nin", "quick")
    assert (again.state, again.stopping) == ("running", False)
    assert seen(store).state == "running"


def test_one_that_was_started_deaf_to_the_signal_hears_of_it_all_the_same(store: Path) -> None:
    (store / "deaf").touch()
    start(store, "nin", "quick")
    seen(store)
    stop(store, "nin")
    known = state(store, "nin")
    assert known
    assert (known.state, known.stopping) == ("running", True)
    until(lambda: (known := state(store, "nin")) and known.state == "stopped")


def test_a_killed_process_is_interrupted(store: Path) -> None:
    start(store, "nin", "quick")
    seen(store)
    os.kill(pid(store), signal.SIGKILL)
    until(lambda: (known := state(store, "nin")) and known.state == "interrupted")
    stop(store, "nin")
    known = state(store, "nin")
    assert known
    assert (known.state, known.share) == ("interrupted", 0.25)


def test_one_that_fails_keeps_the_errors_own_words(store: Path) -> None:
    (store / "fail").touch()
    (store / "go").touch()
    start(store, "nin", "quick")
    until(lambda: (known := state(store, "nin")) and known.state == "failed")
    known = state(store, "nin")
    assert known
    assert known.error == "Run resnet8-gap-1 failed. **Out** of memory"


def test_a_process_of_ones_own_is_seen_and_keeps_another_out(tmp_path: Path) -> None:
    with reporting(tmp_path, "nin", "full"):
        known = state(tmp_path, "nin")
        assert known
        assert (known.scale, known.state) == ("full", "running")
    with reporting(tmp_path, "nin", "full"):
        file = tmp_path / "lab" / "nin-full.job.json"
        parent = Process.of(os.getppid())
        file.write_text(json.dumps({**json.loads(file.read_text()), "pid": parent.pid, "started": parent.started}))
        with (
            pytest.raises(ValueError, match=f"nin, full, is being run already, by process {parent.pid}"),
            reporting(tmp_path, "nin", "full"),
        ):
            pass


def test_ctrl_c_in_a_terminal_is_a_stop(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), reporting(tmp_path, "nin", "quick"):
        raise KeyboardInterrupt
    # This process, which goes on, stands for one that has ended.
    file = tmp_path / "lab" / "nin-quick.job.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "pid": 2**22, "started": "then"}))
    known = state(tmp_path, "nin")
    assert known
    assert known.state == "stopped"


def test_what_was_there_from_the_start_is_no_pace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    with reporting(tmp_path, "nin", "full") as told, monkeypatch.context() as patched:
        patched.setattr(background_job.time, "time", lambda: now[0])
        left = []
        for done in (90, 90.5, 100, 110):
            told(done, 120)
            known = state(tmp_path, "nin")
            assert known
            left.append(known.left)
            now[0] += 60
    assert left == [None, None, 120 * 20 / 10, 180 * 10 / 20]


def test_the_file_is_written_once_a_second_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    monkeypatch.setattr(background_job, "_write", lambda path, note: written.append(note.done))
    with reporting(tmp_path, "nin", "full") as told:
        for done in range(1000):
            told(done, 1000)
    assert len(written) <= 3


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"pid": 1}', '{"nonsense": 1}'])
def test_a_damaged_file_is_no_job(text: str, tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "nin-quick.job.json").write_text(text)
    assert state(tmp_path, "nin") is None


@pytest.mark.parametrize(("name", "scale"), [("nonsense", "quick"), ("../nin", "quick"), ("nin", "huge")])
def test_what_there_is_not_is_refused(name: str, scale: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="There is no claim"):
        start(tmp_path, name, scale)
    assert not list(tmp_path.iterdir())


def test_the_command_itself_leaves_a_finding_and_no_job(tmp_path: Path) -> None:
    start(tmp_path, "parameters", "quick")
    until(lambda: state(tmp_path, "parameters") is None)
    assert [each.scale for each in finding.own(tmp_path, "parameters")[0]] == ["quick"]
