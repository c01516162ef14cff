"""Results come in order, a few ahead; an error or a stop ends the work; and warnings stay as they were."""

import threading
import time
import warnings

import pytest

from tfpool.system import ordered_threads
from tfpool.system.ordered_threads import in_threads, no_warnings


@pytest.mark.parametrize("cores", [1, 3])
def test_results_come_in_order_at_most_a_few_ahead(cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordered_threads, "cores", lambda: cores)
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        time.sleep(0.002 * (number % 3))
        return number * number

    for position, result in enumerate(in_threads(work, range(50))):
        assert result == position * position
        assert len(begun) <= position + 1 + cores + 1


def test_an_error_or_a_stop_ends_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordered_threads, "cores", lambda: 2)
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError):
        list(in_threads(lambda number: 1 // (5 - number), range(100)))
    begun: list[int] = []
    results = in_threads(begun.append, range(1000))
    next(results)
    results.close()
    assert len(begun) < 10
    assert threading.active_count() == before


def test_no_thread_takes_the_silence_of_another_away() -> None:
    filters, inside, go_on = list(warnings.filters), threading.Event(), threading.Event()
    noticed: list[Exception] = []

    def long() -> None:
        try:
            with no_warnings():
                inside.set()
                assert go_on.wait(60)
                warnings.warn("not to be heard", stacklevel=1)
        except Exception as error:
            noticed.append(error)

    thread = threading.Thread(target=long)
    thread.start()
    assert inside.wait(60)
    with no_warnings():
        warnings.warn("nor this", stacklevel=1)
    go_on.set()
    thread.join()
    assert not noticed
    assert warnings.filters == filters
    with pytest.raises(UserWarning):
        warnings.warn("heard again", UserWarning, stacklevel=1)
