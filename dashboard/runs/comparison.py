"""Runs side by side: means over seeds, settings that differ, curves. Ranking is in `dashboard.runs.ranking`."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard.common import charts, controls
from dashboard.common.controls import head_label
from dashboard.common.glossary import meaning
from dashboard.runs import result_charts
from dashboard.runs.ranking import labels
from dashboard.runs.run_table import OVERFIT_HELP
from dashboard.train import run_cards
from tfpool.system.format import setting
from tfpool.tracking import results
from tfpool.tracking.confidence import images_behind
from tfpool.tracking.query import LABELS
from tfpool.tracking.results import AXES, Group
from tfpool.tracking.store import Run

_METRICS = ("accuracy", "loss", "overfit")
_MOST_GROUPS = 30


def over_seeds(runs: Sequence[Run], how: str) -> None:
    """One row and one dot for all runs that differ in nothing but the seed."""
    measures = ("test", "val_accuracy")
    measure = controls.one_of("Measured by", measures, "runs_measure", format_func=LABELS.__getitem__)
    # Accuracies on different images cannot be ranked, so each data set stays together.
    groups = sorted(results.groups(runs, measure, how), key=lambda group: str(group.settings["data"]))
    if not groups:
        st.info("No run has finished yet. Once runs have, those that differ only in the seed are averaged here.")
        return
    names, charted = labels(groups), groups[:_MOST_GROUPS]
    st.plotly_chart(
        result_charts.seed_dots(charted, names[: len(charted)], _measured(measure, how)),
        key="runs_seeds",
        alt="; ".join(f"{label}: {_mean_text(group)}" for label, group in zip(names, charted, strict=False)),
    )
    notes = []
    if any(group.margin is not None for group in charted):
        notes.append("Dot: the mean. Bar: its 95 % interval (Student's t). Strokes: single seeds.")
    if any(group.margin is None for group in charted):
        notes.append("A dot without a bar is a single seed. Set Repeats on the Train page to train several.")
    if len(groups) > len(charted):
        notes.append(f"The chart shows the first {len(charted)} of {len(groups)}.")
    st.caption(" ".join(notes))
    differing = results.differing([group.runs[0] for group in groups])
    others = [name for name in differing if name not in ("network", "head", "seed")]
    st.dataframe(
        pd.DataFrame(
            {
                "network and head": names,
                "seeds": [len(group.seeds) for group in groups],
                "mean": [100 * group.mean for group in groups],
                "of images": pd.Series([images_behind(group.runs[0], measure) for group in groups], dtype="Int64"),
                "interval": ["one seed" if group.margin is None else f"± {100 * group.margin:.1f}" for group in groups],
                "overfit": [_mean_overfit(group, how) for group in groups],
                "parameters": [group.runs[0].plan.params for group in groups],
                "MACs": pd.Series([group.runs[0].plan.macs for group in groups], dtype="Int64"),
                **{name: [setting(name, value) for value in differing[name]] for name in others},
            }
        ),
        hide_index=True,
        placeholder="–",
        column_config={
            "network and head": st.column_config.TextColumn(width="medium"),
            "mean": st.column_config.NumberColumn(format="%.1f %%", help=_measured(measure, how)),
            "seeds": st.column_config.NumberColumn(help=meaning("seed")),
            "of images": st.column_config.NumberColumn(
                format="localized", help="Number of images that each accuracy was measured on"
            ),
            "interval": st.column_config.TextColumn(
                "95 % interval", help=f"In points of accuracy, to both sides of the mean. {meaning('interval')}"
            ),
            "overfit": st.column_config.NumberColumn(format="%+.1f", help=OVERFIT_HELP),
            "parameters": st.column_config.NumberColumn(format="localized", help=meaning("parameters")),
            "MACs": st.column_config.NumberColumn(format="localized", help=meaning("MACs")),
        },
        alt="Mean, interval and number of seeds of each network and head",
    )


def _mean_overfit(group: Group, how: str) -> float | None:
    values = [value for run in group.runs if (value := results.overfit(run, how)) is not None]
    return 100 * sum(values) / len(values) if values else None


def _measured(measure: str, how: str) -> str:
    return LABELS[measure] if measure == "test" else f"{how} {LABELS[measure]}"


def _mean_text(group: Group) -> str:
    if group.margin is None:
        return f"{group.mean:.1%}, one seed"
    return f"{group.mean:.1%}, ± {100 * group.margin:.1f} points over {len(group.seeds)} seeds"


def settings(runs: Sequence[Run]) -> None:
    """The settings in which the chosen runs differ."""
    differing = results.differing(runs)
    if not differing:
        if len(runs) > 1:
            st.caption("These runs have the same settings and the same seed, so their numbers are equal.")
        return
    if "head" in differing:
        differing["head"] = [head_label(name) for name in differing["head"]]
    table = {name: [setting(name, value) for value in values] for name, values in differing.items()}
    st.markdown("**What differs**")
    st.dataframe(
        pd.DataFrame({"run": [run.title for run in runs], **table}),
        hide_index=True,
        alt="The settings in which these runs differ: " + ", ".join(differing),
    )


def curves(runs: Sequence[Run]) -> None:
    """One metric of the runs along epochs, steps or seconds."""
    if st.query_params.get("runs_metric") == "gap":
        # Addresses copied before the curve was renamed.
        st.session_state["runs_metric"] = st.query_params["runs_metric"] = "overfit"
    with st.container(horizontal=True):
        metric = controls.one_of("Curve", _METRICS, "runs_metric", help=OVERFIT_HELP)
        by = controls.one_of("By", AXES, "runs_by")
    title = "training minus validation accuracy" if metric == "overfit" else metric
    st.plotly_chart(
        charts.learning_curve(runs, metric, title, by),
        key="runs_curves",
        alt=f"{title.capitalize()} by {by}: " + "; ".join(map(run_cards.alt_text, runs)),
    )
    if metric == "overfit":
        st.caption("Above zero, the network does better on its training images than on new images: it overfits.")
    else:
        run_cards.legend()
    if unknown := [run.id for run in runs if not results.positions(run, by) and run.history["loss"]]:
        axis = by if by.endswith("s") else f"{by}s"
        st.caption(f"Not drawn, because their {axis} are not known yet: {', '.join(unknown)}.")
