"""From intervals to words: one rule for all claims."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tfpool.lab.figure import Figure
from tfpool.lab.statistics import Effect

VERDICTS = ("holds", "holds in part", "does not hold", "not decided here")
YES, NO, OPEN = "yes", "no", "open"
POINT = 0.01
"""The smallest difference of accuracies that is worth a word: one percentage point."""


@dataclass(frozen=True)
class Judgement:
    """What the measurements of a claim come to.

    Attributes:
        verdict: one of `VERDICTS`.
        headline: a sentence with the number that decides.
        effects: by their names; those that the rule asks for first, with their answers.
        columns, rows: the table, cells as text.
        figures: what to draw.
        arithmetic: questions of the rule that need no interval, with their answers.
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
    """Whether an effect lies above a number: "yes" or "no" where its whole interval is on one side, else "open".

    Args:
        effect: positive where it is as the claim has it.
        least: the smallest that is worth a word.
    """
    if effect.low > least:
        return YES
    return NO if effect.high < least else OPEN


def within(effect: Effect, most: float = POINT) -> str:
    """Whether two things are equal but for `most`: "yes", "no" or "open"."""
    if -most < effect.low and effect.high < most:
        return YES
    return NO if effect.low > most or effect.high < -most else OPEN


def answered(effects: Iterable[Effect], answers: Iterable[str]) -> list[Effect]:
    """Effects with the answers that they give."""
    return [replace(effect, answer=answer) for effect, answer in zip(effects, answers, strict=True)]


def verdict(answers: Iterable[str]) -> str:
    """One of `VERDICTS` from the answers to a claim's questions.

    All yes: it holds. All no: it does not. Some yes: it holds in part. No yes, but something open: not decided.
    """
    given = set(answers)
    if given == {YES}:
        return "holds"
    if given == {NO}:
        return "does not hold"
    return "holds in part" if YES in given else "not decided here"
