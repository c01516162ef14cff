"""Which network and head is best, on a page: by how much, how surely, and what groups of runs are called."""

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
    params, fewer = (group.runs[0].plan.params for group in (best, second))
    images = images_behind(best.runs[0])
    of = f"the {images:,}" if images else "the"
    st.markdown(
        f"{among}**{plain(name)}** is best on {plain(results.data_name(best.runs[0]))}: "
        f"**{best.mean:.1%}** of {of} test images right{sure}, {_ahead(best, second)} {plain(other)}, "
        f"with {params:,} parameters against {fewer:,}."
    )
    if groups[0] is not best:
        st.markdown(f"{plain(names[id(groups[0])])} reached **{groups[0].mean:.1%}** with a single seed.")
    chance = 1 / best.runs[0].plan.classes
    if best.mean - chance < _CLOSE:
        st.caption(f"Guessing gives {chance:.1%}: these have not learnt yet. Train for more epochs.")
        return
    st.caption(_sure(best, second, plain(other)))
    if images and _might_be(best.mean, images, second.mean):
        st.caption(
            f"On {images:,} other images like these, {best.mean:.1%} might as well be "
            f"{interval_text(best.mean, images)}: the {second.mean:.1%} of {plain(other)} lies in that range. "
            "More test images would tell."
        )


def _might_be(share: float, images: int, other: float) -> bool:
    """Whether so few test images leave an accuracy so open that it may be the other one, too."""
    low, high = interval(share, images)
    return high - low > _UNSURE and low <= other


def _sure(best: Group, second: Group, other: str) -> str:
    """Whether the difference may be chance."""
    apart = results.paired_difference(best, second)
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
    apart = results.paired_difference(best, second)
    if apart is None or apart[0] < 0:
        return f"{100 * (best.mean - second.mean):.1f} points ahead of"
    return f"{100 * apart[0]:.1f} ± {100 * apart[1]:.1f} points, seed by seed, ahead of"


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
        told.append(" ".join([each["network"], head_label(each["head"]), *unusual]))
    return told
