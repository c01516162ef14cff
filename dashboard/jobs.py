"""Training runs on a page: the live view of some of them, and buttons to stop them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

import streamlit as st

from dashboard import charts
from dashboard.choices import SHORT_NAMES
from dashboard.page import plain, store
from tfpool import results
from tfpool.certainty import between, images_behind
from tfpool.run import ENDED, STATES, Run
from tfpool.selection import WORDS
from tfpool.table import clock
from tfpool.training.queue import launch

_SECONDS = 1.0
MOST = 8
"""Runs that a page shows at once."""
_REFUSED, _DELETED, _ADDED, _CHANGED = "runs_refused", "runs_deleted", "runs_added", "runs_changed"
_CARDS = 3
"""Runs beside each other at most: with a fourth one labels and buttons no longer fit on a line."""
_CURVES = "Solid: on the validation images, which are not trained on. Dotted: on the training images."
_CURVES_MEAN = (
    "An epoch is one pass over the training images. After each the network is tried on the validation images, which "
    "tell how it does on new ones. The loss is what training makes small: how wrong the network is, and how surely."
)
_ACCURACY = {
    "test": "Share of the test images, which the network never saw before, that it classifies rightly.",
    "val_accuracy": "Share of the validation images, which the network is not trained on, that it classifies rightly.",
}
_LIKE_THEM = "Below: of how many, and so where it lies on all images like them, with 95 % confidence (Wilson)."


def show(run_ids: Sequence[str], draw: Callable[[Sequence[Run]], None] | None = None) -> None:
    """Draw runs, by default their curves over their cards, again and again while one of them is under way.

    Of more than `MOST` those around the one under way.
    """
    if all(run.state in ENDED for run in chosen(run_ids)):
        _show(chosen(run_ids), draw or _draw)
    else:
        st.fragment(_live, run_every=_SECONDS)(run_ids, draw or _draw)


def chosen(run_ids: Sequence[str]) -> list[Run]:
    """These runs in the order they were queued; ids that are not in the store are left out."""
    return [run for run in reversed(store().runs()) if run.id in run_ids]


def told() -> None:
    """What a button of a run could not do; and what was deleted last, with a button that brings it back."""
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


def _live(run_ids: Sequence[str], draw: Callable[[Sequence[Run]], None]) -> None:
    # A button in here runs this alone once more, and the page around it would show what was.
    if st.session_state.get(_CHANGED):
        st.rerun()
    # A worker that was killed takes nobody's place in the queue.
    launch(store())
    runs = chosen(run_ids)
    _show(runs, draw)
    if all(run.state in ENDED for run in runs):
        st.rerun()


def _show(runs: Sequence[Run], draw: Callable[[Sequence[Run]], None]) -> None:
    unfinished = [run.id for run in runs if run.state not in ENDED and not run.stopping]
    if len(unfinished) > 1:
        # The last one first: else the next in the queue would begin.
        label, stop = f"Stop all {len(unfinished)}", (_stop, *reversed(unfinished))
        st.button(label, key="runs_stop_all", icon=":material/stop_circle:", on_click=_act, args=stop)
    if len(runs) > MOST:
        states = Counter(run.state for run in runs)
        st.caption(", ".join(f"{states[state]} {state}" for state in STATES if states[state]))
    draw(window(runs))
    if len(runs) > MOST:
        st.caption(f"These are {MOST} of {len(runs)} runs. All are on the Runs page.")


def window(runs: Sequence[Run]) -> Sequence[Run]:
    """As many runs as a page shows, in their order: about half have ended where others are under way."""
    first = next((place for place, run in enumerate(runs) if run.state not in ENDED), len(runs))
    start = max(0, min(first - MOST // 2, len(runs) - MOST))
    return runs[start : start + MOST]


def _draw(runs: Sequence[Run]) -> None:
    _curves(runs)
    cards(runs)


def cards(runs: Sequence[Run]) -> None:
    """What each run is and how it stands, with buttons to stop it or to go on."""
    beside = cards_beside(len(runs))
    for start in range(0, len(runs), beside):
        for column, run in zip(st.columns(beside), runs[start : start + beside], strict=False):
            with column.container(border=True):
                _card(run)


def ended(run: Run) -> str:
    """How a run stands, in a few words for a chart's `alt`."""
    accuracy = results.last(run, "val_accuracy")
    return f"{run.id} {run.state}" + (f", validation accuracy {accuracy:.1%}" if accuracy is not None else "")


def cards_beside(runs: int) -> int:
    """Cards in a row, in rows as even as can be: four runs are two rows of two."""
    rows = math.ceil(runs / _CARDS) or 1
    return max(2, math.ceil(runs / rows))


def legend() -> None:
    """What the lines of learning curves are."""
    st.caption(_CURVES, help=_CURVES_MEAN)


def _curves(runs: Sequence[Run]) -> None:
    if not any(run.history["loss"] for run in runs):
        st.caption("The curves begin after the first epoch.")
        return
    for column, metric in zip(st.columns(2), ("accuracy", "loss"), strict=True):
        with column:
            figure = charts.learning_curve(runs, metric, metric)
            said = f"{metric.capitalize()} by epoch: " + "; ".join(map(ended, runs))
            st.plotly_chart(figure, key=f"runs_{metric}", alt=said)
    legend()


def _card(run: Run) -> None:
    described = run.plan
    st.markdown(f"**{SHORT_NAMES[described.head.name]}** · {described.backbone} · seed {run.spec['recipe']['seed']}")
    if run.title != run.id:
        st.text(run.title)
    # The legend of the curves has ids.
    st.caption(run.id)
    st.caption(f"{described.params:,} parameters, {described.head_params:,} in the head")
    _accuracy(run)
    st.progress(run.done, text=_status(run))
    if run.state == "failed":
        st.error(plain(run.error or "The run failed."))
    if run.state == "interrupted":
        st.warning("Its process is gone. Resume goes on to the same numbers as if it had never stopped.")
    if run.note:
        st.text(run.note)
    _buttons(run)


def _accuracy(run: Run) -> None:
    metric = "test" if run.result else "val_accuracy"
    share, images = results.last(run, metric), images_behind(run, metric)
    help = f"{_ACCURACY[metric]} {_LIKE_THEM}"
    st.metric(WORDS[metric].capitalize(), "–" if share is None else f"{share:.1%}", help=help)
    if share is not None and images:
        st.caption(f"of {images:,} images, so {between(share, images)}")


def _buttons(run: Run) -> None:
    with st.container(horizontal=True):
        if run.state not in ENDED:
            _button(run, "stop", "Stopping" if run.stopping else "Stop", "stop_circle", _stop, disabled=run.stopping)
            return
        if run.state != "done":
            _button(run, "resume", "Resume", "resume", _resume)
        _button(run, "again", "Again", "replay", _again, help="Train once more from the start, as a new run")
        _button(run, "delete", "Delete", "delete", _delete)


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


def _status(run: Run) -> str:
    if run.state != "running":
        return run.state
    if run.stopping:
        return "stopping: it ends after this step, and what it has is kept"
    if "preparing" in run.progress:
        return f"running: computing features, {run.progress['preparing']:.0%}"
    if not run.progress:
        return "running: starting"
    speed = f"{run.progress['images_per_second']:,.0f} images a second"
    return f"running: epoch {run.current_epoch} of {run.epochs}, {speed}, {clock(run.seconds_left)} left"
