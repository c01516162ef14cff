"""Runs compared: means over seeds, differing settings, curves. Which is best is in `dashboard.runs.ranking`."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard.common import charts
from dashboard.common.controls import head_label
from dashboard.common.glossary import meaning
from dashboard.runs import result_charts
from dashboard.runs.ranking import labels
from dashboard.train import run_cards
from tfpool.system.format import setting
from tfpool.tracking import results
from tfpool.tracking.confidence import images_behind
from tfpool.tracking.query import LABELS
from tfpool.tracking.results import AXES, Group
from tfpool.tracking.store import Run

_METRICS = ("accuracy", "loss", "gap")
_MOST_GROUPS = 30


def over_seeds(runs: Sequence[Run], how: str) -> None:
    """Runs that are equal in everything but the seed, as one row and one dot each."""
    measure = st.segmented_control(
        "Measured by",
        ("test", "val_accuracy"),
        default="test",
        required=True,
        format_func=LABELS.__getitem__,
        key="runs_measure",
        bind="query-params",
    )
    # Accuracies of different images are no ranking: each data set stays together.
    groups = sorted(results.groups(runs, measure, how), key=lambda group: str(group.settings["data"]))
    if not groups:
        st.info("None of these runs is done yet. Finished runs that differ in the seed alone are gathered here.")
        return
    names, shown = labels(groups), groups[:_MOST_GROUPS]
    st.plotly_chart(
        result_charts.seed_dots(shown, names[: len(shown)], _measured(measure, how)),
        key="runs_seeds",
        alt="; ".join(f"{label}: {_said(group)}" for label, group in zip(names, shown, strict=False)),
    )
    notes = []
    if any(group.margin is not None for group in shown):
        notes.append("Dot: the mean. Bar: its 95 % interval by Student's t. Strokes: the seeds.")
    if any(group.margin is None for group in shown):
        notes.append("A dot without a bar is one seed, which tells nothing of others: set Repeats on the Train page.")
    if len(groups) > len(shown):
        notes.append(f"The first {len(shown)} of {len(groups)} are drawn.")
    st.caption(" ".join(notes))
    apart = results.differing([group.runs[0] for group in groups])
    others = [name for name in apart if name not in ("network", "head", "seed")]
    st.dataframe(
        pd.DataFrame(
            {
                "network and head": names,
                "seeds": [len(group.seeds) for group in groups],
                "mean": [100 * group.mean for group in groups],
                "of images": pd.Series([_images(group, measure) for group in groups], dtype="Int64"),
                "interval": ["one seed" if group.margin is None else f"± {100 * group.margin:.1f}" for group in groups],
                "gap": [_mean_gap(group, how) for group in groups],
                "parameters": [group.runs[0].plan.params for group in groups],
                "MACs": pd.Series([group.runs[0].plan.macs for group in groups], dtype="Int64"),
                **{name: [setting(name, value) for value in apart[name]] for name in others},
            }
        ),
        hide_index=True,
        placeholder="–",
        column_config={
            "network and head": st.column_config.TextColumn(width="medium"),
            "mean": st.column_config.NumberColumn(format="%.1f %%", help=_measured(measure, how)),
            "seeds": st.column_config.NumberColumn(help=meaning("seed")),
            "of images": st.column_config.NumberColumn(format="localized", help="Images behind each run's accuracy"),
            "interval": st.column_config.TextColumn(
                "95 % interval", help=f"Points of accuracy to both sides. {meaning('interval')}"
            ),
            "gap": st.column_config.NumberColumn(format="%+.1f", help=meaning("gap")),
            "parameters": st.column_config.NumberColumn(format="localized", help=meaning("parameters")),
            "MACs": st.column_config.NumberColumn(format="localized", help=meaning("MACs")),
        },
        alt="Mean, interval and number of seeds of each network and head",
    )


def _images(group: Group, measure: str) -> int | None:
    return images_behind(group.runs[0], measure)


def _mean_gap(group: Group, how: str) -> float | None:
    gaps = [each for run in group.runs if (each := results.overfit(run, how)) is not None]
    return 100 * sum(gaps) / len(gaps) if gaps else None


def _measured(measure: str, how: str) -> str:
    return LABELS[measure] if measure == "test" else f"{how} {LABELS[measure]}"


def _said(group: Group) -> str:
    sure = "one seed" if group.margin is None else f"± {100 * group.margin:.1f} points over {len(group.seeds)} seeds"
    return f"{group.mean:.1%}, {sure}"


def settings(runs: Sequence[Run]) -> None:
    """Only the settings in which the chosen runs differ."""
    apart = results.differing(runs)
    if not apart:
        if len(runs) > 1:
            st.caption("These runs were set up alike: they give the same numbers.")
        return
    if "head" in apart:
        apart["head"] = [head_label(name) for name in apart["head"]]
    table = {name: [setting(name, value) for value in values] for name, values in apart.items()}
    st.markdown("**What differs**")
    st.dataframe(
        pd.DataFrame({"run": [run.title for run in runs], **table}),
        hide_index=True,
        alt="The settings in which these runs differ: " + ", ".join(apart),
    )


def progress(runs: Sequence[Run]) -> None:
    """Curves of runs, above what each of them is: for `jobs.show`."""
    if any(run.history["loss"] for run in runs):
        _curves(runs)
    else:
        st.caption("The curves begin after the first epoch.")
    run_cards.cards(runs)


def _curves(runs: Sequence[Run]) -> None:
    """One metric of the runs along epochs, steps or seconds."""
    with st.container(horizontal=True):
        metric = st.segmented_control(
            "Curve",
            _METRICS,
            default="accuracy",
            required=True,
            key="runs_metric",
            bind="query-params",
            help=meaning("gap"),
        )
        by = st.segmented_control("By", AXES, default="epoch", required=True, key="runs_by", bind="query-params")
    title = "training less validation accuracy" if metric == "gap" else metric
    st.plotly_chart(
        charts.learning_curve(runs, metric, title, by),
        key="runs_curves",
        alt=f"{title.capitalize()} by {by}: " + "; ".join(map(run_cards.ended, runs)),
    )
    if metric == "gap":
        st.caption("Above zero the network does better on the images that it was trained on: it overfits.")
    else:
        run_cards.legend()
    if unknown := [run.id for run in runs if not results.positions(run, by) and run.history["loss"]]:
        st.caption(f"Not known yet by {by}: {', '.join(unknown)}.")
