"""Work of seconds in a thread: progress, result, error, and a visitor who leaves."""

import threading
from collections.abc import Iterator

import pytest

from dashboard.common import background_work
from dashboard.common.background_work import run_in_background


class Left(BaseException):
    """Streamlit ends a script with a BaseException, too."""


def leave(seconds: float) -> None:
    raise Left


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """What work waits for; set at the end of the test."""
    event = threading.Event()
    yield event
    event.set()


def test_it_returns_the_result_and_reports_progress_until_then(held: threading.Event) -> None:
    reports = []

    def on_progress(seconds: float) -> None:
        reports.append(seconds)
        if len(reports) == 2:
            held.set()

    assert run_in_background(lambda: held.wait(60) and "done", on_progress) == "done"
    assert 0 < reports[0] < reports[1]


def test_what_work_raises_comes_out_even_a_timeout() -> None:
    def fails() -> None:
        raise TimeoutError("the other side")

    with pytest.raises(TimeoutError, match="side"):
        run_in_background(fails, leave)


def test_work_within_work_does_not_wait_for_a_place() -> None:
    def deep(level: int) -> int:
        return run_in_background(lambda: deep(level - 1), leave) if level else 7

    assert run_in_background(lambda: deep(2 * background_work._AT_ONCE), leave) == 7


def test_a_visitor_who_leaves_is_free_at_once_and_started_work_goes_on(held: threading.Event) -> None:
    ended = threading.Event()

    def work() -> None:
        held.wait(60)
        ended.set()

    with pytest.raises(Left):
        run_in_background(work, leave)
    assert not ended.is_set()
    held.set()
    assert ended.wait(60)


def test_work_that_had_not_started_is_dropped(held: threading.Event) -> None:
    for _ in range(background_work._AT_ONCE):
        with pytest.raises(Left):
            run_in_background(lambda: held.wait(60), leave)
    started = []
    with pytest.raises(Left):
        run_in_background(lambda: started.append(1), leave)
    held.set()
    # All threads are free again, and the dropped work occupied none.
    for _ in range(background_work._AT_ONCE):
        run_in_background(lambda: None, lambda seconds: None)
    assert not started
