"""Work of seconds: told, returned, raised, left."""

import threading
from collections.abc import Iterator

import pytest

from dashboard.common import background_work
from dashboard.common.background_work import waited


class Left(BaseException):
    """What Streamlit ends a script with is no Exception either."""


def leave(seconds: float) -> None:
    raise Left


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """What work waits for; at the end of the test all goes on."""
    event = threading.Event()
    yield event
    event.set()


def test_it_returns_what_work_does_and_tells_until_then(held: threading.Event) -> None:
    told = []

    def tell(seconds: float) -> None:
        told.append(seconds)
        if len(told) == 2:
            held.set()

    assert waited(lambda: held.wait(60) and "done", tell) == "done"
    assert 0 < told[0] < told[1]


def test_what_work_raises_comes_out_even_a_timeout() -> None:
    def fails() -> None:
        raise TimeoutError("the other side")

    with pytest.raises(TimeoutError, match="the other side"):
        waited(fails, leave)


def test_work_within_work_does_not_wait_for_a_place() -> None:
    def deep(level: int) -> int:
        return waited(lambda: deep(level - 1), leave) if level else 7

    assert waited(lambda: deep(2 * background_work._AT_ONCE), leave) == 7


def test_who_leaves_is_free_at_once_and_work_that_had_begun_goes_on(held: threading.Event) -> None:
    ended = threading.Event()

    def work() -> None:
        held.wait(60)
        ended.set()

    with pytest.raises(Left):
        waited(work, leave)
    assert not ended.is_set()
    held.set()
    assert ended.wait(60)


def test_work_that_had_not_begun_is_dropped(held: threading.Event) -> None:
    for _ in range(background_work._AT_ONCE):
        with pytest.raises(Left):
            waited(lambda: held.wait(60), leave)
    begun = []
    with pytest.raises(Left):
        waited(lambda: begun.append(1), leave)
    held.set()
    # Places are free again, and what was dropped has taken none.
    for _ in range(background_work._AT_ONCE):
        waited(lambda: None, lambda seconds: None)
    assert not begun
