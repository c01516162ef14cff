"""Training runs on a page: the live view of some of them, and buttons to stop them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import charts
from dashboard.choices import SHORT_NAMES
from dashboard.page import plain, store
from tfpool.runs import ENDED, Run
from tfpool.table import clock
from tfpool.training.queue import launch

_SECONDS = 1.0


def show(run_ids: Sequence[str]) -> None:
    """Draw runs, again and again while one of them is under way."""
    if all(run.state in ENDED for run in chosen(run_ids)):
        _draw(run_ids)
    else:
        st.fragment(_live, run_every=_SECONDS)(run_ids)


def chosen(run_ids: Sequence[str]) -> list[Run]:
    """These runs in the order they were queued; ids that are not in the store are left out."""
    return [run for run in reversed(store().runs()) if run.id in run_ids]


def _live(run_ids: Sequence[str]) -> None:
    # A worker that was killed takes nobody's place in the queue.
    launch(store())
    _draw(run_ids)
    if all(run.state in ENDED for run in chosen(run_ids)):
        st.rerun()


def _draw(run_ids: Sequence[str]) -> None:
    runs = chosen(run_ids)
    for column, run in zip(st.columns(max(2, len(runs))), runs, strict=False):
        with column.container(border=True):
            _card(run)
    if not any(run.history["loss"] for run in runs):
        st.caption("The curves begin after the first epoch.")
        return
    columns = st.columns(2)
    for column, metric, title in zip(columns, ("accuracy", "loss"), ("accuracy", "loss, cross entropy"), strict=True):
        with column:
            figure = charts.learning_curve(runs, metric, title)
            said = f"{title.capitalize()} by epoch: " + "; ".join(map(_said, runs))
            st.plotly_chart(figure, key=f"runs_{metric}", alt=said)
    st.caption("Solid: on the validation images, which were not trained on. Dotted: on the training images.")


def _card(run: Run) -> None:
    described = run.plan
    st.markdown(f"**{SHORT_NAMES[described.head.name]}** · {described.backbone}")
    st.caption(f"{described.params:,} parameters, {described.head_params:,} in the head")
    accuracy = run.history["val_accuracy"]
    shown = run.result["accuracy"] if run.result else accuracy[-1] if accuracy else None
    st.metric(
        "Test accuracy" if run.result else "Validation accuracy",
        "–" if shown is None else f"{shown:.1%}",
    )
    st.progress(run.done, text=_status(run))
    if run.state == "failed":
        st.error(plain(run.error or "The run failed."))
    if run.state == "interrupted":
        st.warning("Its process is gone. Train it again to the same numbers with the same settings and seed.")
    if run.state not in ENDED and st.button("Stop", key=f"runs_stop_{run.id}", icon=":material/stop_circle:"):
        store().request_stop(run.id)
        st.toast(f"{run.id} is stopping.")


def _status(run: Run) -> str:
    if run.state != "running":
        return run.state
    if not run.progress:
        return "running: starting"
    speed = f"{run.progress['images_per_second']:,.0f} images a second"
    return f"running: epoch {run.current_epoch} of {run.epochs}, {speed}, {clock(run.seconds_left)} left"


def _said(run: Run) -> str:
    accuracy = run.history["val_accuracy"]
    return f"{run.id} {run.state}" + (f", validation accuracy {accuracy[-1]:.1%}" if accuracy else "")
