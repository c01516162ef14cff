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
from tfpool.lab.background_job import Job, start, state, stop, track
from tfpool.system.process import Process

STAND_IN = """
import signal, sys, time
from pathlib import Path
from tfpool.lab.background_job import track
name, scale, _, store = sys.argv[1:]
store = Path(store)
if (store / "deaf").exists():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
with track(store, name, scale[2:]) as on_progress:
    with (store / "started").open("a") as file:
        file.write("x")
    while not (store / "go").exists():
        on_progress(1.5, 6)
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
    until(lambda: not (job := state(folder, "nin")) or job.state != "running")


def job_of(store: Path) -> Job:
    job = state(store, "nin")
    assert job
    return job


def in_state(store: Path, name: str) -> Job:
    """The job once it has come to a state."""
    until(lambda: (job := state(store, "nin")) and job.state == name)
    return job_of(store)


def with_progress(store: Path) -> Job:
    """The job once its total is known."""
    until(lambda: (job := state(store, "nin")) and job.total)
    return job_of(store)


def pid(store: Path, scale: str = "quick") -> int:
    return json.loads((store / "lab" / f"nin-{scale}.job.json").read_text())["pid"]


def test_a_claim_that_was_never_run_has_no_job(store: Path) -> None:
    assert state(store, "nin") is None
    stop(store, "nin")
    assert not (store / "lab").exists()


def test_a_claim_is_one_process_that_has_progress_and_is_gone_at_the_end(store: Path) -> None:
    job = start(store, "nin", "full")
    assert (job.claim, job.scale, job.state, job.fraction, job.seconds_left) == ("nin", "full", "running", 0.0, None)
    first = pid(store, "full")
    assert start(store, "nin", "full").scale == start(store, "nin", "quick").scale == "full"
    job = with_progress(store)
    assert (job.state, job.done, job.total, job.fraction) == ("running", 1.5, 6, 0.25)
    assert os.getsid(first) == pid(store, "full") == first
    assert (store / "started").read_text() == "x"
    (store / "go").touch()
    until(lambda: state(store, "nin") is None)
    assert [path.name for path in (store / "lab").iterdir()] == ["jobs.log"]


def test_a_stopped_job_resumes_and_a_killed_one_is_interrupted(store: Path) -> None:
    start(store, "nin", "quick")
    with_progress(store)
    stop(store, "nin")
    stop(store, "nin")
    job = in_state(store, "stopped")
    assert (job.fraction, job.stopping, job.error) == (0.25, False, "")
    again = start(store, "nin", "quick")
    assert (again.state, again.stopping) == ("running", False)
    assert with_progress(store).state == "running"
    os.kill(pid(store), signal.SIGKILL)
    assert in_state(store, "interrupted").fraction == 0.25
    stop(store, "nin")
    assert job_of(store).state == "interrupted"


def test_a_process_that_ignores_the_signal_stops_all_the_same(store: Path) -> None:
    (store / "deaf").touch()
    start(store, "nin", "quick")
    with_progress(store)
    stop(store, "nin")
    job = job_of(store)
    assert (job.state, job.stopping) == ("running", True)
    in_state(store, "stopped")


def test_a_failed_job_keeps_the_error(store: Path) -> None:
    (store / "fail").touch()
    (store / "go").touch()
    start(store, "nin", "quick")
    assert in_state(store, "failed").error == "Run resnet8-gap-1 failed. **Out** of memory"


def test_the_current_process_is_a_job_and_keeps_another_out(tmp_path: Path) -> None:
    with track(tmp_path, "nin", "full"):
        job = job_of(tmp_path)
        assert (job.scale, job.state) == ("full", "running")
    with track(tmp_path, "nin", "full"):
        file = tmp_path / "lab" / "nin-full.job.json"
        parent = Process.of(os.getppid())
        file.write_text(json.dumps({**json.loads(file.read_text()), "pid": parent.pid, "started": parent.started}))
        with pytest.raises(ValueError, match=str(parent.pid)), track(tmp_path, "nin", "full"):
            pass


def test_ctrl_c_in_a_terminal_is_a_stop(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), track(tmp_path, "nin", "quick"):
        raise KeyboardInterrupt
    # This process is still alive, so the file is made to name one that is not.
    file = tmp_path / "lab" / "nin-quick.job.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "pid": 2**22, "started": "then"}))
    assert job_of(tmp_path).state == "stopped"


def test_work_that_was_done_at_the_start_does_not_count_for_the_pace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    with track(tmp_path, "nin", "full") as on_progress, monkeypatch.context() as patched:
        patched.setattr(background_job.time, "time", lambda: now[0])
        estimates = []
        for done in (90, 90.5, 100, 110):
            on_progress(done, 120)
            estimates.append(job_of(tmp_path).seconds_left)
            now[0] += 60
    assert estimates == [None, None, 120 * 20 / 10, 180 * 10 / 20]


def test_the_file_is_written_once_a_second_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    monkeypatch.setattr(background_job, "_write", lambda path, note: written.append(note.done))
    with track(tmp_path, "nin", "full") as on_progress:
        for done in range(1000):
            on_progress(done, 1000)
    assert len(written) <= 3


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"pid": 1}', '{"nonsense": 1}'])
def test_a_damaged_file_is_no_job(text: str, tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "nin-quick.job.json").write_text(text)
    assert state(tmp_path, "nin") is None


@pytest.mark.parametrize(("name", "scale"), [("nonsense", "quick"), ("../nin", "quick"), ("nin", "huge")])
def test_an_unknown_claim_or_scale_is_refused(name: str, scale: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"{name}.*{scale}"):
        start(tmp_path, name, scale)
    assert not list(tmp_path.iterdir())


def test_the_command_itself_leaves_a_finding_and_no_job(tmp_path: Path) -> None:
    start(tmp_path, "parameters", "quick")
    until(lambda: state(tmp_path, "parameters") is None)
    assert [own.scale for own in finding.own(tmp_path, "parameters")[0]] == ["quick"]
