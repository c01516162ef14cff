"""Curves and cards of training runs, updated while a run is queued or running."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

import streamlit as st

from dashboard.common import charts
from dashboard.common.glossary import meaning
from dashboard.common.page import plain, store
from dashboard.train import map_strips, run_buttons
from tfpool.tracking import results
from tfpool.tracking.confidence import images_behind, interval_text
from tfpool.tracking.query import LABELS
from tfpool.tracking.run import ENDED, STATES, Run
from tfpool.training.launcher import launch

_SECONDS = 1.0
MOST = 8
"""Number of runs that a page shows at once."""
_CARDS = 3
"""Maximum number of cards in a row: labels and buttons of four do not fit."""
_CURVES = (
    "Solid lines, filled symbols: validation images, which are not trained on. Dotted lines, open symbols: training "
    "images, as the mean over the steps of an epoch."
)
_ACCURACY = {
    "test": "Fraction of the test images that are classified correctly. They are never used in training.",
    "val_accuracy": "Fraction of the validation images that are classified correctly. They are not trained on.",
}
_INTERVAL = "Below: the number of images and the 95 % confidence interval (Wilson)."


def show(runs: Sequence[Run], curves: Callable[[Sequence[Run]], None] | None = None) -> None:
    """Show curves, a card per run and class maps, updated every second until all have ended.

    `curves` draws the curves, by default of accuracy and loss. Of more than `MOST` runs, those around the running one
    are shown.
    """
    if all(run.state in ENDED for run in runs):
        _show(runs, curves or _curves)
    else:
        st.fragment(_live, run_every=_SECONDS)([run.id for run in runs], curves or _curves)


def select(runs: Sequence[Run], run_ids: Sequence[str]) -> list[Run]:
    """The store's runs with these ids, in the order they were queued."""
    return [run for run in reversed(runs) if run.id in run_ids]


def _live(run_ids: Sequence[str], curves: Callable[[Sequence[Run]], None]) -> None:
    # A button inside a fragment reruns the fragment alone, and the rest of the page would be out of date.
    if run_buttons.has_changed():
        st.rerun()
    # If a worker was killed, this starts another one for the queue.
    launch(store())
    runs = select(store().runs(), run_ids)
    _show(runs, curves)
    if all(run.state in ENDED for run in runs):
        st.rerun()


def _show(runs: Sequence[Run], curves: Callable[[Sequence[Run]], None]) -> None:
    run_buttons.stop_all(runs)
    if len(runs) > MOST:
        states = Counter(run.state for run in runs)
        st.caption(", ".join(f"{states[state]:,} {state}" for state in STATES if states[state]))
    shown = window(runs)
    if any(run.history["loss"] or run.first_epoch["loss"] for run in shown):
        curves(shown)
    else:
        st.caption("Curves appear after the first training steps.")
    _cards(shown)
    map_strips.show(shown)
    if len(runs) > MOST:
        st.caption(f"Shown: {MOST} of {len(runs):,} runs. The Runs page lists all.")


def window(runs: Sequence[Run]) -> Sequence[Run]:
    """As many runs as a page shows, in their order. About half of them have ended if others are still running."""
    first = next((place for place, run in enumerate(runs) if run.state not in ENDED), len(runs))
    start = max(0, min(first - MOST // 2, len(runs) - MOST))
    return runs[start : start + MOST]


def _cards(runs: Sequence[Run]) -> None:
    """A card per run: network, head, state and accuracy, with its buttons."""
    columns = card_columns(len(runs))
    for start in range(0, len(runs), columns):
        for column, run in zip(st.columns(columns), runs[start : start + columns], strict=False):
            with column.container(border=True):
                _card(run)


def alt_text(run: Run) -> str:
    """State and accuracy of a run, for the alternative text of a chart."""
    accuracy = results.last(run, "val_accuracy")
    return f"{run.id} {run.state}" + (f", validation accuracy {accuracy:.1%}" if accuracy is not None else "")


def card_columns(runs: int) -> int:
    """Number of cards per row, so that rows are even: four runs make two rows of two."""
    rows = math.ceil(runs / _CARDS) or 1
    return max(2, math.ceil(runs / rows))


def legend() -> None:
    """Explain the lines of learning curves."""
    st.caption(_CURVES, help=meaning("epoch", "validation", "loss", "seed"))


def _curves(runs: Sequence[Run]) -> None:
    for column, metric in zip(st.columns(2), ("accuracy", "loss"), strict=True):
        with column:
            figure = charts.learning_curve(runs, metric, metric)
            text = f"{metric.capitalize()} by epoch: " + "; ".join(map(alt_text, runs))
            st.plotly_chart(figure, key=f"runs_{metric}", alt=text)
    legend()


def _card(run: Run) -> None:
    plan = run.plan
    st.markdown(f"**{plan.head.label}** · {plan.backbone} · seed {run.spec['recipe']['seed']}")
    if run.title != run.id:
        st.text(run.title)
    # The legend of the curves shows ids.
    st.caption(run.id)
    st.caption(f"{plan.params:,} parameters, {plan.head_params:,} in the head")
    _accuracy(run)
    st.progress(run.fraction_done, text=run.status)
    if run.state == "failed":
        st.error(plain(run.error or "The run failed."))
    if run.state == "interrupted":
        st.warning("The training process ended unexpectedly. Press Resume to continue from its last checkpoint.")
    if run.note:
        st.text(run.note)
    run_buttons.show_buttons(run)


def _accuracy(run: Run) -> None:
    metric = "test" if run.result else "val_accuracy"
    accuracy, images = results.last(run, metric), images_behind(run, metric)
    help = f"{_ACCURACY[metric]} {_INTERVAL}"
    st.metric(LABELS[metric].capitalize(), "–" if accuracy is None else f"{accuracy:.1%}", help=help)
    if accuracy is not None and images:
        st.caption(f"95 % interval, {images:,} images: {interval_text(accuracy, images)}")
