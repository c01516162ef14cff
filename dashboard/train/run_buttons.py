"""Buttons of training runs on a page: what they do to the store, and what could not be done."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from dashboard.common.page import plain, store
from tfpool.tracking.query import uncountable_text
from tfpool.tracking.run import ENDED, Run
from tfpool.training.launcher import launch

_REFUSED, _DELETED, _ADDED, _CHANGED = "runs_refused", "runs_deleted", "runs_added", "runs_changed"
_OFFERED = 5
"""Unknown runs that have a button: where one goes the next one comes."""


def told() -> None:
    """What a button could not do; and what was deleted last, with a button that brings it back."""
    st.session_state.pop(_CHANGED, None)
    if refused := st.session_state.pop(_REFUSED, None):
        st.error(plain(refused))
    if deleted := st.session_state.get(_DELETED):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(f"{deleted[-1]} was deleted.")
            act = (_bring_back, deleted[-1])
            st.button("Undo", key="runs_undo", icon=":material/undo:", on_click=_act, args=act)


def added() -> list[str]:
    """Ids of the runs that "Again" has queued since this was asked last."""
    return list(st.session_state.pop(_ADDED, []))


def pressed() -> bool:
    """Whether a button has changed the store since `told` was called last."""
    return bool(st.session_state.get(_CHANGED))


def of(run: Run) -> None:
    """Buttons that stop a run, go on with it, repeat it, or delete it, as its state has it."""
    with st.container(horizontal=True):
        if run.state not in ENDED:
            _stops(run)
            return
        if run.state != "done":
            _button(run, "resume", "Resume", "resume", _resume)
        _button(run, "again", "Again", "replay", _again, help="Train once more from the start, as a new run")
        _button(run, "delete", "Delete", "delete", _delete)


def stop_all(runs: Sequence[Run]) -> None:
    """One button that stops all runs that are under way or queued, where there are several."""
    unfinished = [run.id for run in runs if run.state not in ENDED and not run.stopping]
    if len(unfinished) > 1:
        # The last one first: else the next in the queue would begin.
        label, stop = f"Stop all {len(unfinished):,}", (_stop, *reversed(unfinished))
        st.button(label, key="runs_stop_all", icon=":material/stop_circle:", on_click=_act, args=stop)


def of_unknown(runs: Sequence[Run]) -> None:
    """A line on runs of a network or head that is not known here, and what can be done with each: take it away."""
    if not runs:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(uncountable_text(runs))
        for run in runs[:_OFFERED]:
            name = f" {run.id}" if len(runs) > 1 else ""
            if run.state in ENDED:
                _button(run, "delete", f"Delete{name}", "delete", _delete)
            else:
                _stops(run, name)


def _stops(run: Run, name: str = "") -> None:
    label = f"{'Stopping' if run.stopping else 'Stop'}{name}"
    _button(run, "stop", label, "stop_circle", _stop, disabled=run.stopping)


def _button(
    run: Run,
    name: str,
    label: str,
    icon: str,
    action: Callable[[str], None],
    disabled: bool = False,
    help: str | None = None,
) -> None:
    key = f"runs_{name}_{run.id}"
    act = (action, run.id)
    st.button(label, key=key, icon=f":material/{icon}:", on_click=_act, args=act, disabled=disabled, help=help)


def _act(action: Callable[[str], None], *run_ids: str) -> None:
    """Do what a button says; its run may have ended or gone since it was drawn."""
    for run_id in run_ids:
        try:
            action(run_id)
        except ValueError as error:
            st.session_state[_REFUSED] = str(error)
    st.session_state[_CHANGED] = True


def _stop(run_id: str) -> None:
    store().request_stop(run_id)


def _resume(run_id: str) -> None:
    store().resume(run_id)
    launch(store())


def _again(run_id: str) -> None:
    st.session_state[_ADDED] = [*st.session_state.get(_ADDED, []), store().retry(run_id)]
    launch(store())


def _delete(run_id: str) -> None:
    store().delete(run_id)
    st.session_state[_DELETED] = [*st.session_state.get(_DELETED, []), run_id]


def _bring_back(run_id: str) -> None:
    st.session_state[_DELETED] = [each for each in st.session_state[_DELETED] if each != run_id]
    store().undelete(run_id)
