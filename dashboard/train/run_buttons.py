"""Buttons that stop, resume, retrain and delete runs, and messages on what they did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from dashboard.common import visitor, visitor_limits
from dashboard.common.page import message_of, plain, store
from tfpool.system.error_text import without_folders
from tfpool.tracking.query import uncountable_text
from tfpool.tracking.run import ENDED, Run
from tfpool.training.launcher import launch
from tfpool.training.queue import resume

_ERROR, _DELETED, _ADDED, _CHANGED = "runs_error", "runs_deleted", "runs_added", "runs_changed"
_UNKNOWN_WITH_BUTTON = 5


def show_messages() -> None:
    """Show what to know about the store, why a button failed, and the last deleted run with a button to restore it."""
    if warning := store().warning:
        st.warning(plain(without_folders(warning)))
    st.session_state.pop(_CHANGED, None)
    if error := st.session_state.pop(_ERROR, None):
        st.error(message_of(error))
    if deleted := st.session_state.get(_DELETED):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(f"{deleted[-1]} was deleted.")
            args = (_restore, deleted[-1])
            st.button("Undo", key="runs_undo", icon=":material/undo:", on_click=_act, args=args)


def pop_added() -> list[str]:
    """Ids of the runs that "Retrain" has queued since the last call."""
    return list(st.session_state.pop(_ADDED, []))


def has_changed() -> bool:
    """Whether a button has changed the store since the last `show_messages`."""
    return bool(st.session_state.get(_CHANGED))


def show_buttons(run: Run) -> None:
    """Show the buttons that fit the state of a run: Stop; or Resume, Retrain and Delete. All may retrain it."""
    may_change = visitor.may_change(run.path)
    with st.container(horizontal=True):
        if run.state not in ENDED:
            if may_change:
                _stop_button(run)
            return
        if run.state != "done" and may_change:
            _button(run, "resume", "Resume", "resume", _resume)
        _button(run, "again", "Retrain", "replay", _retrain, help="Train again from the start, as a new run.")
        if may_change:
            _button(run, "delete", "Delete", "delete", _delete)


def stop_all(runs: Sequence[Run]) -> None:
    """Show one button that stops all queued and running runs, if there are several."""
    unfinished = [
        run.id for run in runs if run.state not in ENDED and not run.stopping and visitor.may_change(run.path)
    ]
    if len(unfinished) > 1:
        # From the end of the queue: otherwise a queued run would start.
        label, args = f"Stop all {len(unfinished):,}", (_stop, *reversed(unfinished))
        st.button(label, key="runs_stop_all", icon=":material/stop_circle:", on_click=_act, args=args)


def show_uncountable(runs: Sequence[Run]) -> None:
    """Name the runs whose network or head this version does not know, with buttons that delete or stop them."""
    runs = [run for run in runs if visitor.may_change(run.path)]
    if not runs:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(uncountable_text(runs))
        for run in runs[:_UNKNOWN_WITH_BUTTON]:
            name = f" {run.id}" if len(runs) > 1 else ""
            if run.state in ENDED:
                _button(run, "delete", f"Delete{name}", "delete", _delete)
            else:
                _stop_button(run, name)


def _stop_button(run: Run, name: str = "") -> None:
    label = f"{'Stopping' if run.stopping else 'Stop'}{name}"
    _button(run, "stop", label, "stop_circle", _stop, disabled=run.stopping)


def _button(run: Run, name: str, label: str, icon: str, action: Callable[[str], None], **settings: Any) -> None:
    key, args = f"runs_{name}_{run.id}", (action, run.id)
    st.button(label, key=key, icon=f":material/{icon}:", on_click=_act, args=args, **settings)


def _act(action: Callable[[str], None], *run_ids: str) -> None:
    """Do what a button says. Its run may have ended or been deleted since the page was drawn."""
    for run_id in run_ids:
        try:
            action(run_id)
        except ValueError as error:
            st.session_state[_ERROR] = error
    st.session_state[_CHANGED] = True


def _stop(run_id: str) -> None:
    visitor.check_change(store().folder / run_id)
    store().request_stop(run_id)


def _resume(run_id: str) -> None:
    visitor.check_change(store().folder / run_id)
    with visitor_limits.queueing(1):
        resume(store(), run_id)
    launch(store())


def _retrain(run_id: str) -> None:
    run = store().get(run_id)
    with visitor_limits.queueing(1, run.plan.params) as run_ids:
        run_ids.append(store().retry(run_id))
    st.session_state[_ADDED] = [*st.session_state.get(_ADDED, []), *run_ids]
    launch(store())


def _delete(run_id: str) -> None:
    visitor.check_change(store().folder / run_id)
    store().delete(run_id)
    st.session_state[_DELETED] = [*st.session_state.get(_DELETED, []), run_id]


def _restore(run_id: str) -> None:
    visitor.check_change(store().folder / run_id)
    st.session_state[_DELETED] = [other for other in st.session_state[_DELETED] if other != run_id]
    store().undelete(run_id)
