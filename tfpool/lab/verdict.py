"""From intervals to words: one rule for all claims."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tfpool.lab.figure import Figure
from tfpool.lab.statistics import Effect

VERDICTS = ("holds", "holds in part", "does not hold", "not decided here")
YES, NO, OPEN = "yes", "no", "open"
POINT = 0.01
"""The smallest difference of accuracies that counts: one percentage point."""


@dataclass(frozen=True)
class Judgement:
    """The outcome of a claim's measurements.

    The headline has the number that decides. Effects that the rule asks about come first, with their answers;
    `arithmetic` are its questions that need no interval, with theirs. Cells of the table are text.
    """

    verdict: str
    headline: str
    effects: Sequence[Effect]
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    figures: Sequence[Figure]
    arithmetic: Mapping[str, str] = field(default_factory=dict)

    @property
    def named(self) -> dict[str, Effect]:
        """The effects by their names."""
        return {effect.name: effect for effect in self.effects}


def above(effect: Effect, least: float = POINT) -> str:
    """Whether an effect exceeds `least`: "yes" or "no" if its whole interval lies on one side, else "open"."""
    if effect.low > least:
        return YES
    return NO if effect.high < least else OPEN


def within(effect: Effect, most: float = POINT) -> str:
    """Whether a difference lies between −most and +most: "yes", "no" or "open"."""
    if -most < effect.low and effect.high < most:
        return YES
    return NO if effect.low > most or effect.high < -most else OPEN


def with_answers(effects: Iterable[Effect], answers: Iterable[str]) -> list[Effect]:
    """Effects with their answers filled in."""
    return [replace(effect, answer=answer) for effect, answer in zip(effects, answers, strict=True)]


def verdict(answers: Iterable[str]) -> str:
    """One of `VERDICTS` from the answers to a claim's questions.

    All yes: it holds. All no: it does not. Some yes: it holds in part. Otherwise it is not decided.
    """
    answers = set(answers)
    if answers == {YES}:
        return "holds"
    if answers == {NO}:
        return "does not hold"
    return "holds in part" if YES in answers else "not decided here"
