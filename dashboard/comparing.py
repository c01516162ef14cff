"""Comparing runs on a page: which is best and by how much, means over seeds, differing settings, curves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard import charts, jobs, result_charts
from dashboard.choices import SHORT_NAMES
from dashboard.page import plain
from dashboard.run_table import GAP_MEANS, SEED
from tfpool import results
from tfpool.certainty import between, images_behind, interval
from tfpool.results import AXES, Group
from tfpool.runs import Run
from tfpool.selection import WORDS
from tfpool.table import setting

_METRICS = ("accuracy", "loss", "gap")
_MOST_GROUPS = 30
_CLOSE = 0.02
_UNSURE = 0.05
"""Width of an accuracy's interval from which it is told: of some hundred test images or fewer."""


def verdict(runs: Sequence[Run]) -> None:
    """Which network and head is best on the newest images that two were tested on, by how much, how surely."""
    tested = [run for run in runs if run.result]
    # Only what was tested on the same images can be compared.
    alike = (
        results.groups([run for run in tested if run.spec["data"] == data])
        for data in dict.fromkeys(run.spec["data"] for run in tested)
    )
    groups = next((each for each in alike if len(each) > 1), None)
    if groups is None:
        return
    # A single seed may have been lucky: it is left out where there is better to go by.
    several = [group for group in groups if group.margin is not None]
    judged = several if len(several) > 1 else groups
    names = dict(zip(map(id, groups), labels(groups), strict=True))
    best, second = judged[:2]
    name, other = names[id(best)], names[id(second)]
    among = "Of what was trained with several seeds, " if len(judged) < len(groups) else ""
    sure = f" (± {100 * best.margin:.1f} points over {len(best.seeds)} seeds)" if best.margin is not None else ""
    params, fewer = (results.planned(group.runs[0]).params for group in (best, second))
    images = images_behind(best.runs[0])
    of = f"the {images:,}" if images else "the"
    st.markdown(
        f"{among}**{plain(name)}** is best on {plain(results.data_name(best.runs[0]))}: "
        f"**{best.mean:.1%}** of {of} test images right{sure}, {_ahead(best, second)} {plain(other)}, "
        f"with {params:,} parameters against {fewer:,}."
    )
    if groups[0] is not best:
        st.markdown(f"{plain(names[id(groups[0])])} reached **{groups[0].mean:.1%}** with a single seed.")
    chance = 1 / results.planned(best.runs[0]).classes
    if best.mean - chance < _CLOSE:
        st.caption(f"Guessing gives {chance:.1%}: these have not learnt yet. Train for more epochs.")
        return
    st.caption(_sure(best, second, plain(other)))
    if images and _might_be(best.mean, images, second.mean):
        st.caption(
            f"On {images:,} other images like these, {best.mean:.1%} might as well be {between(best.mean, images)}: "
            f"the {second.mean:.1%} of {plain(other)} lies in that range. More test images would tell."
        )


def _might_be(share: float, images: int, other: float) -> bool:
    """Whether so few test images leave an accuracy so open that it may be the other one, too."""
    low, high = interval(share, images)
    return high - low > _UNSURE and low <= other


def _sure(best: Group, second: Group, other: str) -> str:
    """Whether the difference may be chance."""
    apart = results.ahead(best, second)
    if apart is None and best.margin is not None and second.margin is not None:
        return "They share fewer than two seeds: train both from the same seed on to tell a difference from chance."
    if apart is None:
        return "One seed is one draw: train each with several seeds to tell a difference from chance."
    mean, half = apart
    if mean < 0 < best.mean - second.mean:
        return (
            f"Under the seeds that both have, {other} is ahead by {-100 * mean:.1f} ± {100 * half:.1f} points: the "
            "order turns on which seeds count. Train both with the same ones."
        )
    if abs(mean) <= half:
        return "The 95 % interval of the difference reaches zero: it may be chance. More seeds would tell."
    return "The 95 % interval of the difference, by Student's t, leaves zero out: chance hardly explains it."


def _ahead(best: Group, second: Group) -> str:
    if best.mean == second.mean:
        return "as many as"
    apart = results.ahead(best, second)
    if apart is None or apart[0] < 0:
        return f"{100 * (best.mean - second.mean):.1f} points ahead of"
    return f"{100 * apart[0]:.1f} ± {100 * apart[1]:.1f} points, seed by seed, ahead of"


def over_seeds(runs: Sequence[Run], how: str) -> None:
    """Runs that are equal in everything but the seed, as one row and one dot each."""
    measure = st.segmented_control(
        "Measured by",
        ("test", "val_accuracy"),
        default="test",
        required=True,
        format_func=WORDS.__getitem__,
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
                "parameters": [results.planned(group.runs[0]).params for group in groups],
                "MACs, M": pd.Series([macs and macs / 1e6 for macs in map(_macs, groups)], dtype="Float64"),
                **{name: [setting(name, value) for value in apart[name]] for name in others},
            }
        ),
        hide_index=True,
        placeholder="–",
        column_config={
            "network and head": st.column_config.TextColumn(width="medium"),
            "mean": st.column_config.NumberColumn(format="%.1f %%", help=_measured(measure, how)),
            "seeds": st.column_config.NumberColumn(help=SEED),
            "of images": st.column_config.NumberColumn(format="localized", help="Images behind each run's accuracy"),
            "interval": st.column_config.TextColumn("95 % interval", help="Points of accuracy to both sides"),
            "gap": st.column_config.NumberColumn(format="%+.1f", help=GAP_MEANS),
            "parameters": st.column_config.NumberColumn(format="localized"),
            "MACs, M": st.column_config.NumberColumn(format="%.2f"),
        },
        alt="Mean, interval and number of seeds of each network and head",
    )


def _images(group: Group, measure: str) -> int | None:
    return images_behind(group.runs[0], measure)


def _macs(group: Group) -> int | None:
    return results.planned(group.runs[0]).macs


def _mean_gap(group: Group, how: str) -> float | None:
    gaps = [each for run in group.runs if (each := results.gap(run, how)) is not None]
    return 100 * sum(gaps) / len(gaps) if gaps else None


def _measured(measure: str, how: str) -> str:
    return WORDS[measure] if measure == "test" else f"{how} {WORDS[measure]}"


def _said(group: Group) -> str:
    sure = "one seed" if group.margin is None else f"± {100 * group.margin:.1f} points over {len(group.seeds)} seeds"
    return f"{group.mean:.1%}, {sure}"


def labels(groups: Sequence[Group]) -> list[str]:
    """Network and head; and where that is not enough to tell groups apart, what is unusual about each."""
    settings = [group.settings for group in groups]
    families: dict[tuple[str, str], list[Group]] = {}
    for group in groups:
        families.setdefault((group.settings["network"], group.settings["head"]), []).append(group)
    usual_data = Counter(each["data"] for each in settings).most_common(1)[0][0] if groups else None
    told = []
    for each in settings:
        family = families[each["network"], each["head"]]
        usual = max(family, key=lambda group: len(group.seeds)).settings
        names = [name for name in {**usual, **each} if name != "data" and each.get(name) != usual.get(name)]
        others = ["data"] * (each["data"] != usual_data) + names
        unusual = [f"· {name} {setting(name, each.get(name))}" for name in others]
        told.append(" ".join([each["network"], SHORT_NAMES[each["head"]], *unusual]))
    return told


def settings(runs: Sequence[Run]) -> None:
    """Only the settings in which the chosen runs differ."""
    apart = results.differing(runs)
    if not apart:
        if len(runs) > 1:
            st.caption("These runs were set up alike: they give the same numbers.")
        return
    if "head" in apart:
        apart["head"] = [SHORT_NAMES[name] for name in apart["head"]]
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
    jobs.cards(runs)


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
            help=GAP_MEANS,
        )
        by = st.segmented_control("By", AXES, default="epoch", required=True, key="runs_by", bind="query-params")
    title = "training less validation accuracy" if metric == "gap" else metric
    st.plotly_chart(
        charts.learning_curve(runs, metric, title, by),
        key="runs_curves",
        alt=f"{title.capitalize()} by {by}: " + "; ".join(map(jobs.ended, runs)),
    )
    if metric == "gap":
        st.caption("Above zero the network does better on the images that it was trained on: it overfits.")
    else:
        jobs.legend()
    if unknown := [run.id for run in runs if not results.positions(run, by) and run.history["loss"]]:
        st.caption(f"Not known yet by {by}: {', '.join(unknown)}.")
