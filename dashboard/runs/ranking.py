"""Which network and head is best, by how much and with what certainty; and the names of groups of runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from dashboard.common.controls import head_label
from dashboard.common.page import plain
from tfpool.system.format import setting
from tfpool.tracking import results
from tfpool.tracking.confidence import images_behind, interval, interval_text
from tfpool.tracking.results import Group
from tfpool.tracking.store import Run

_CLOSE = 0.02
"""How far above guessing an accuracy has to be for a network to have learned."""
_UNSURE = 0.05
"""Width of an interval of the accuracy above which it is mentioned: with some hundred test images or fewer."""


def verdict(runs: Sequence[Run]) -> None:
    """Which network and head is best on the latest data set that two were tested on, by how much, how certainly.

    None is named best of a single seed each, nor where one or both have not learned.
    """
    tested = [run for run in runs if run.result]
    # Only what was tested on the same images can be compared.
    by_data = (
        results.groups([run for run in tested if run.spec["data"] == data])
        for data in dict.fromkeys(run.spec["data"] for run in tested)
    )
    groups = next((group for group in by_data if len(group) > 1), None)
    if groups is None:
        return
    # A single seed may have been lucky, so it counts only where no two groups have several.
    several = [group for group in groups if group.margin is not None]
    judged = several if len(several) > 1 else groups
    names = dict(zip(map(id, groups), labels(groups), strict=True))
    best, second = judged[:2]
    name, other = names[id(best)], names[id(second)]
    data, chance = plain(results.data_name(best.runs[0])), 1 / best.runs[0].plan.classes
    if second.mean - chance < _CLOSE:
        who = f"{plain(other)} has" if best.mean - chance >= _CLOSE else "These networks have"
        st.markdown(
            f"{who} not learned on {data}: {_both(best, second, name, other)}, and guessing gives {chance:.1%}. "
            "Train for more epochs, with more images or another learning rate, before you compare."
        )
        return
    if len(several) < 2:
        st.markdown(
            f"On {data}: {_both(best, second, name, other)}. A single seed does not tell which is better. Train each "
            "with several seeds: set Repeats on the Train page."
        )
        return
    among = "Among the groups with several seeds, " if len(judged) < len(groups) else ""
    margin = f" (± {100 * (best.margin or 0):.1f} points over {len(best.seeds)} seeds)"
    params, fewer = (group.runs[0].plan.params for group in (best, second))
    images = images_behind(best.runs[0])
    of = f"the {images:,}" if images else "the"
    st.markdown(
        f"{among}**{plain(name)}** is best on {data}: "
        f"**{best.mean:.1%}** of {of} test images correct{margin}, {_lead(best, second)} {plain(other)}, "
        f"with {params:,} parameters against {fewer:,}."
    )
    if groups[0] is not best:
        st.markdown(f"{plain(names[id(groups[0])])} reached **{groups[0].mean:.1%}** with a single seed.")
    st.caption(_certainty(best, second, plain(other)))
    if images and _includes(best.mean, images, second.mean):
        st.caption(
            f"On {images:,} other images like these, {best.mean:.1%} could be anything from "
            f"{interval_text(best.mean, images)}. The {second.mean:.1%} of {plain(other)} lies in that range. More "
            "test images would narrow it."
        )


def _includes(accuracy: float, images: int, other: float) -> bool:
    """Whether the interval of an accuracy on so few test images is wide and includes another accuracy."""
    low, high = interval(accuracy, images)
    return high - low > _UNSURE and low <= other


def _both(best: Group, second: Group, name: str, other: str) -> str:
    """The test accuracy of both."""
    return f"{plain(name)} has **{best.mean:.1%}** of the test images correct, {plain(other)} **{second.mean:.1%}**"


def _certainty(best: Group, second: Group, other: str) -> str:
    """Whether the difference may be due to chance."""
    difference = results.paired_difference(best, second)
    if difference is None:
        return (
            "They share fewer than two seeds. Train both with the same seeds to see whether the difference is chance."
        )
    mean, half = difference
    if mean < 0 < best.mean - second.mean:
        return (
            f"With the seeds that both have, {other} is ahead by {-100 * mean:.1f} ± {100 * half:.1f} points: the "
            "order depends on which seeds count. Train both with the same ones."
        )
    if abs(mean) <= half:
        return "The 95 % interval of the difference includes zero: it may be chance. Train more seeds to find out."
    return "The 95 % interval of the difference (Student's t) excludes zero: it is hardly chance."


def _lead(best: Group, second: Group) -> str:
    if best.mean == second.mean:
        return "as many as"
    difference = results.paired_difference(best, second)
    if difference is None or difference[0] < 0:
        return f"{100 * (best.mean - second.mean):.1f} points ahead of"
    return f"{100 * difference[0]:.1f} ± {100 * difference[1]:.1f} points, seed by seed, ahead of"


def labels(groups: Sequence[Group]) -> list[str]:
    """Network and head, and for groups that share both, the settings that set each apart."""
    settings = [group.settings for group in groups]
    families: dict[tuple[str, str], list[Group]] = {}
    for group in groups:
        families.setdefault((group.settings["network"], group.settings["head"]), []).append(group)
    usual_data = Counter(group["data"] for group in settings).most_common(1)[0][0] if groups else None
    names = []
    for own in settings:
        family = families[own["network"], own["head"]]
        usual = max(family, key=lambda group: len(group.seeds)).settings
        unusual = [name for name in {**usual, **own} if name != "data" and own.get(name) != usual.get(name)]
        unusual = ["data"] * (own["data"] != usual_data) + unusual
        extras = [f"· {name} {setting(name, own.get(name))}" for name in unusual]
        names.append(" ".join([own["network"], head_label(own["head"]), *extras]))
    return names
