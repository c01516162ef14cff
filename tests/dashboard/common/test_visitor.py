"""Who may change what, and how much each visitor may have, where the dashboard is served to others."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from dashboard.common import visitor, visitor_limits
from dashboard.server import visitor_cookie
from tfpool.tracking.store import RunStore

KEY = "a-key-of-the-teacher"
SPEC = {"plan": {"backbone": "resnet8", "head": {"name": "gap"}}, "data": "fashion_mnist", "recipe": {"epochs": 1}}
As = Callable[..., None]


@pytest.fixture
def visit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> As:
    """Be somebody from now on, by cookie or by what has logged them in."""
    monkeypatch.setenv("TFPOOL_SHARED", "1")
    monkeypatch.setenv("TFPOOL_STORE", str(tmp_path / "saved_models"))
    monkeypatch.setenv("TFPOOL_DATASETS", str(tmp_path / "datasets"))
    monkeypatch.setenv("TFPOOL_TEACHER_KEY", KEY)

    def visit(name: str | None, **user: object) -> None:
        cookies = {visitor_cookie.name(): visitor_cookie.value(name)} if name else {}
        streamlit = SimpleNamespace(user=user, session_state={}, context=SimpleNamespace(cookies=cookies))
        monkeypatch.setattr(visitor, "st", streamlit)

    return visit


def test_a_run_belongs_to_who_made_it(visit: As, tmp_path: Path) -> None:
    visit("anna")
    folder = tmp_path / "saved_models" / "resnet8-gap-1"
    visitor.own(folder)
    assert visitor.may_change(folder)
    for other in ("ben", None):
        visit(other)
        assert not visitor.may_change(folder)
        with pytest.raises(ValueError, match="resnet8-gap-1"):
            visitor.check_change(folder)
        # What nobody on the page has made.
        assert not visitor.may_change(tmp_path / "saved_models" / "another")
    visit("anna")
    visitor.check_change(folder)


def test_the_teachers_key_opens_everything_for_one_session(visit: As, tmp_path: Path) -> None:
    visit("teacher")
    for wrong in ("", "é", KEY[:-1], KEY.upper()):
        assert not visitor.enter_key(wrong)
        assert not visitor.is_teacher()
    assert visitor.enter_key(KEY)
    assert visitor.may_change(tmp_path / "anything")
    visitor.leave()
    assert not visitor.is_teacher()


def test_without_a_key_nobody_is_a_teacher(visit: As, monkeypatch: pytest.MonkeyPatch) -> None:
    visit("anna")
    monkeypatch.delenv("TFPOOL_TEACHER_KEY")
    assert not visitor.enter_key("")
    assert not visitor.is_teacher()


def test_at_ones_own_computer_all_may_be_changed_and_nothing_is_written(
    visit: As, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit(None)
    monkeypatch.setenv("TFPOOL_SHARED", "0")
    visitor.own(tmp_path / "run")
    assert visitor.may_change(tmp_path / "run")
    assert not (tmp_path / "run").exists()
    with visitor_limits.queueing(10**6, 10**12):
        pass


def test_who_has_logged_in_is_the_same_in_every_browser(visit: As) -> None:
    visit("anna", is_logged_in=True, sub="7", iss="https://login.example", email="anna@example.org")
    anna = visitor.current()
    visit("her phone", is_logged_in=True, sub="7", iss="https://login.example", email="new@example.org")
    assert visitor.current() == anna
    visit("anna", is_logged_in=True, sub="7", iss="https://other.example")
    assert visitor.current() != anna
    # A name that a proxy sends.
    visit(None, email="anna@example.org")
    assert visitor.current() not in (None, anna)
    assert "anna" not in str(visitor.current())
    visit("anna", is_logged_in=False)
    assert visitor.current() == "anna"


def test_a_visitor_has_a_number_of_runs_at_a_time(visit: As, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TFPOOL_VISITOR_RUNS", "2")
    store = RunStore(tmp_path / "saved_models")

    def train(runs: int) -> None:
        with visitor_limits.queueing(runs) as run_ids:
            run_ids += [store.add(SPEC) for _ in range(runs)]

    visit("anna")
    with pytest.raises(ValueError, match="2 runs"):
        train(3)
    train(2)
    with pytest.raises(ValueError, match="would have 3"):
        train(1)
    visit("ben")
    train(1)
    visit("anna")
    store.request_stop(store.runs()[-1].id)
    train(1)
    assert len(store.runs()) == 4
    visit(None)
    with pytest.raises(ValueError, match="cookies"):
        train(1)
    visit("teacher")
    visitor.enter_key(KEY)
    train(5)


def test_a_visitor_has_some_room_on_the_disk(visit: As, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TFPOOL_VISITOR_DISK", "1")
    store = RunStore(tmp_path / "saved_models")
    visit("anna")
    with visitor_limits.queueing(1, 10) as run_ids:
        run_ids.append(store.add(SPEC))
    # Training takes three times the model, of four bytes per parameter.
    with pytest.raises(ValueError, match=r"1\.2 MB of the 1 MB"), visitor_limits.queueing(1, 100_000):
        pass
    (store.folder / run_ids[0] / "model.keras").write_bytes(bytes(999_900))
    with pytest.raises(ValueError, match="delete"):
        visitor_limits.check_room(1000)
    with pytest.raises(ValueError, match="delete"), visitor_limits.adding(1000):
        pass
    visit("ben")
    visitor_limits.check_room(1000)
