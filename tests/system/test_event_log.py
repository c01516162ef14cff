"""Event files: whole records, cut where a training goes on, and read by TensorFlow itself."""

from pathlib import Path

import pytest

from tests.helpers.event_files import events, scalars
from tfpool.system.event_log import EventLog, scalar


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "new" / "events.out.tfevents.test"
    log = EventLog(path)
    for step in range(3):
        log.add(step, scalar("loss", 0.5 / 2**step), scalar("accuracy", 0.25 * step))
    return path


def test_tensorflow_reads_the_values_that_were_added(path: Path) -> None:
    assert scalars(path.parent) == {
        "loss": [(0, 0.5), (1, 0.25), (2, 0.125)],
        "accuracy": [(0, 0.0), (1, 0.25), (2, 0.5)],
    }
    assert len(events(path.parent)) == 3
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_log_is_cut_before_the_first_event_that_is_not_kept_and_goes_on(path: Path) -> None:
    log = EventLog(path)
    assert [event.step for event in log.cut(lambda event: event.step != 1)] == [0, 0]
    log.add(1, scalar("loss", 4.0))
    assert scalars(path.parent) == {"loss": [(0, 0.5), (1, 4.0)], "accuracy": [(0, 0.0)]}


@pytest.mark.parametrize("left", [1, 7, 13, 40])
def test_a_record_that_a_kill_cut_short_is_removed(path: Path, left: int) -> None:
    whole = path.read_bytes()
    EventLog(path).cut(lambda event: event.step < 2)
    start = path.stat().st_size
    path.write_bytes(whole[: start + left])
    log = EventLog(path)
    log.cut(lambda event: True)
    assert path.read_bytes() == whole[:start]
    log.add(2, scalar("loss", 0.125))
    assert scalars(path.parent)["loss"] == [(0, 0.5), (1, 0.25), (2, 0.125)]


@pytest.mark.parametrize("content", [b"", b"damaged", bytes(100), b"\x08" + bytes(11) + b"\xff" * 12])
def test_a_file_that_is_no_log_starts_anew(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    log = EventLog(path)
    log.cut(lambda event: bool(event.wall_time))
    log.add(5, scalar("loss", 1.0))
    assert scalars(path.parent) == {"loss": [(5, 1.0)]}


def test_nothing_is_written_by_who_has_lost_the_run(path: Path) -> None:
    def lost() -> None:
        raise RuntimeError

    before = path.read_bytes()
    log = EventLog(path, lost)  # type: ignore[arg-type]
    for write in (lambda: log.add(3, scalar("loss", 0.0)), lambda: log.cut(lambda event: False)):
        with pytest.raises(RuntimeError):
            write()
    assert path.read_bytes() == before
