"""Which network and head is best, by how much and with what certainty; and the names of groups of runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

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
    groups = _comparable(runs)
    if len(groups) < 2:
        return
    # A single seed may have been lucky, so it counts only where no two groups have several.
    several = [group for group in groups if group.margin is not None]
    judged = several if len(several) > 1 else groups
    names = {id(group): plain(label) for group, label in zip(groups, labels(groups), strict=True)}
    best, second = judged[:2]
    pair = _Pair(best, second, names[id(best)], names[id(second)])
    if pair.second.mean - pair.chance < _CLOSE:
        st.markdown(pair.not_learned())
    elif len(several) < 2:
        st.markdown(pair.undecided())
    else:
        among = "Among the groups with several seeds, " if len(judged) < len(groups) else ""
        st.markdown(f"{among}{pair.winner()}")
        if groups[0] is not pair.best:
            st.markdown(f"{names[id(groups[0])]} reached **{groups[0].mean:.1%}** with a single seed.")
        st.caption(pair.certainty())
        if note := pair.few_images():
            st.caption(note)


def _comparable(runs: Sequence[Run]) -> Sequence[Group]:
    """The groups on the latest data set that several were tested on: only equal images can be compared."""
    tested = [run for run in runs if run.result]
    by_data = (
        results.groups([run for run in tested if run.spec["data"] == data])
        for data in dict.fromkeys(run.spec["data"] for run in tested)
    )
    return next((groups for groups in by_data if len(groups) > 1), [])


@dataclass(frozen=True)
class _Pair:
    """The best group and the second, with their names, and what can be said of the two."""

    best: Group
    second: Group
    name: str
    other: str

    @property
    def data(self) -> str:
        return plain(results.data_name(self.best.runs[0]))

    @property
    def chance(self) -> float:
        """The accuracy of guessing."""
        return 1 / self.best.runs[0].plan.classes

    def not_learned(self) -> str:
        """That one or both guess, and what to do."""
        who = f"{self.other} has" if self.best.mean - self.chance >= _CLOSE else "These networks have"
        return (
            f"{who} not learned on {self.data}: {self._both()}, and guessing gives {self.chance:.1%}. "
            "Train for more epochs, with more images or another learning rate, before you compare."
        )

    def undecided(self) -> str:
        """The accuracies of single seeds, and what to do."""
        return (
            f"On {self.data}: {self._both()}. A single seed does not show which is better. Train each with several "
            "seeds: set Repeats on the Train page."
        )

    def _both(self) -> str:
        return (
            f"{self.name} predicts **{self.best.mean:.1%}** of the test images correctly, {self.other} "
            f"**{self.second.mean:.1%}**"
        )

    def winner(self) -> str:
        """The best group, its accuracy, its lead and its parameters."""
        images = images_behind(self.best.runs[0])
        of = f"the {images:,}" if images else "the"
        margin = f" (± {100 * (self.best.margin or 0):.1f} points over {len(self.best.seeds)} seeds)"
        params, fewer = (group.runs[0].plan.params for group in (self.best, self.second))
        return (
            f"**{self.name}** is best on {self.data}: it predicts **{self.best.mean:.1%}** of {of} test images "
            f"correctly{margin}, {self._lead()} {self.other}, with {params:,} parameters against {fewer:,}."
        )

    def _lead(self) -> str:
        if self.best.mean == self.second.mean:
            return "as many as"
        difference = results.paired_difference(self.best, self.second)
        if difference is None or difference[0] < 0:
            return f"{100 * (self.best.mean - self.second.mean):.1f} points ahead of"
        return f"{100 * difference[0]:.1f} ± {100 * difference[1]:.1f} points, seed by seed, ahead of"

    def certainty(self) -> str:
        """Whether the difference may be due to chance."""
        difference = results.paired_difference(self.best, self.second)
        if difference is None:
            return (
                "The two share fewer than two seeds. Train both with the same seeds to see whether the difference is "
                "chance."
            )
        mean, half = difference
        if mean < 0 < self.best.mean - self.second.mean:
            return (
                f"With the seeds that both have, {self.other} is ahead by {-100 * mean:.1f} ± {100 * half:.1f} points: "
                "the order depends on which seeds count. Train both with the same seeds."
            )
        if abs(mean) <= half:
            return (
                "The 95 % interval of the difference includes zero: the difference may be chance. Train more seeds to "
                "find out."
            )
        return "The 95 % interval of the difference (Student's t) excludes zero: chance is an unlikely explanation."

    def few_images(self) -> str:
        """That the test images are too few to tell the two apart; empty if they suffice."""
        images = images_behind(self.best.runs[0])
        if not images or not _includes(self.best.mean, images, self.second.mean):
            return ""
        return (
            f"On {images:,} other images like these, {self.best.mean:.1%} could be anything from "
            f"{interval_text(self.best.mean, images)}. The {self.second.mean:.1%} of {self.other} lies in that range. "
            "More test images would narrow the range."
        )


def _includes(accuracy: float, images: int, other: float) -> bool:
    """Whether the interval of an accuracy on so few test images is wide and includes another accuracy."""
    low, high = interval(accuracy, images)
    return high - low > _UNSURE and low <= other


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
