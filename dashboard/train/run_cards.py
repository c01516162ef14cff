"""Training runs on a page: curves and cards of some of them, live while one is under way."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

import streamlit as st

from dashboard.common import charts
from dashboard.common.glossary import meaning
from dashboard.common.page import plain, store
from dashboard.train import run_buttons
from tfpool.system.format import clock
from tfpool.tracking import results
from tfpool.tracking.confidence import images_behind, interval_text
from tfpool.tracking.query import LABELS
from tfpool.tracking.run import ENDED, STATES, Run
from tfpool.training.launcher import launch

_SECONDS = 1.0
MOST = 8
"""Runs that a page shows at once."""
_CARDS = 3
"""Runs beside each other at most: with a fourth one labels and buttons no longer fit on a line."""
_CURVES = "Solid: on the validation images, which are not trained on. Dotted: on the training images."
_ACCURACY = {
    "test": "Share of the test images, which the network never saw before, that it classifies rightly.",
    "val_accuracy": "Share of the validation images, which the network is not trained on, that it classifies rightly.",
}
_LIKE_THEM = "Below: of how many, and so where it lies on all images like them, with 95 % confidence (Wilson)."


def show(runs: Sequence[Run], draw: Callable[[Sequence[Run]], None] | None = None) -> None:
    """Draw runs, by default their curves over their cards, again and again while one of them is under way.

    Of more than `MOST` those around the one under way.
    """
    if all(run.state in ENDED for run in runs):
        _show(runs, draw or _draw)
    else:
        st.fragment(_live, run_every=_SECONDS)([run.id for run in runs], draw or _draw)


def chosen(runs: Sequence[Run], run_ids: Sequence[str]) -> list[Run]:
    """Those of the store's runs that have these ids, in the order they were queued."""
    return [run for run in reversed(runs) if run.id in run_ids]


def _live(run_ids: Sequence[str], draw: Callable[[Sequence[Run]], None]) -> None:
    # A button in here runs this alone once more, and the page around it would show what was.
    if run_buttons.pressed():
        st.rerun()
    # A worker that was killed takes nobody's place in the queue.
    launch(store())
    runs = chosen(store().runs(), run_ids)
    _show(runs, draw)
    if all(run.state in ENDED for run in runs):
        st.rerun()


def _show(runs: Sequence[Run], draw: Callable[[Sequence[Run]], None]) -> None:
    run_buttons.stop_all(runs)
    if len(runs) > MOST:
        states = Counter(run.state for run in runs)
        st.caption(", ".join(f"{states[state]:,} {state}" for state in STATES if states[state]))
    draw(window(runs))
    if len(runs) > MOST:
        st.caption(f"These are {MOST} of {len(runs):,} runs. All are on the Runs page.")


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
    st.caption(_CURVES, help=meaning("epoch", "validation", "loss", "seed"))


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
    st.markdown(f"**{described.head.label}** · {described.backbone} · seed {run.spec['recipe']['seed']}")
    if run.title != run.id:
        st.text(run.title)
    # The legend of the curves has ids.
    st.caption(run.id)
    st.caption(f"{described.params:,} parameters, {described.head_params:,} in the head")
    _accuracy(run)
    st.progress(run.fraction_done, text=_status(run))
    if run.state == "failed":
        st.error(plain(run.error or "The run failed."))
    if run.state == "interrupted":
        st.warning("Its process is gone. Resume goes on to the same numbers as if it had never stopped.")
    if run.note:
        st.text(run.note)
    run_buttons.of(run)


def _accuracy(run: Run) -> None:
    metric = "test" if run.result else "val_accuracy"
    share, images = results.last(run, metric), images_behind(run, metric)
    help = f"{_ACCURACY[metric]} {_LIKE_THEM}"
    st.metric(LABELS[metric].capitalize(), "–" if share is None else f"{share:.1%}", help=help)
    if share is not None and images:
        st.caption(f"of {images:,} images, so {interval_text(share, images)}")


def _status(run: Run) -> str:
    if run.state != "running":
        return run.state
    if run.stopping:
        return "stopping: it ends after this step, and what it has is kept"
    if "preparing" in run.progress:
        return f"running: computing features, {run.progress['preparing']:.0%}"
    if not run.progress:
        return "running: starting"
    speed = f"{run.progress['images_per_second']:,.0f} images per second"
    return f"running: epoch {run.current_epoch} of {run.epochs}, {speed}, {clock(run.seconds_left)} left"
