"""The page that tells all findings, as Markdown: made of the claims' texts and the result files, of nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tfpool.lab.claim import CLAIMS, REVISED, Claim, find
from tfpool.lab.finding import Finding
from tfpool.networks.heads import FC, GAP, GMP, NIN, Flatten

SHORT_ANSWER = Path(__file__).with_name("short_answer.md")
"""What the findings come to, in words that take their numbers from them."""
FIGURES = "figures"
"""The folder of the figures, beside the page."""
_NOT_YET = "not measured yet"
_PAGE = """# Flatten or GlobalAveragePooling2D?

Made by `python scripts/make_findings.py` from the files in [tfpool/lab/findings](../tfpool/lab/findings).

## The short answer

{answer}

{heads}

{choices}

## What articles say, and what came out

| | statement | verdict | what decides |
|---|---|---|---|
{summary}

## How to read this

A number in brackets is a 95 % interval: where the mean over all seeds lies, as far as the runs that were made can tell.
If the interval of a difference contains 0, or that of a ratio 1, these runs do not tell the two apart. An interval says
nothing of where the next single run will end, nor of other test images than these. Five runs that all give one constant
answer have an interval without width. Differences are of pairs, both heads under one seed; ratios are geometric means.

Each statement was made an experiment before the run that is shown: what is trained, what is measured, and the rule that
makes a verdict of the numbers stand in the claim's module, and a result keeps a checksum of that text. {revised} were
first run under an earlier text, with the same seeds: what changed stands under *Revised*. Heads that are compared
differ in nothing else: they start on equal backbones and see the same images in the same order, seed by seed, for as
many epochs. Only the learning rate is each head's own, tuned over one grid on validation images with a seed that is not
measured; it stands beside each measurement in the result file.

A claim *holds* if all questions of its rule are answered yes, *does not hold* if all are answered no, *holds in part*
if some are answered yes, and is *not decided here* otherwise. A question is answered where the whole interval lies on
one side of what is worth a word: one percentage point, unless the rule says another number. A rule with many questions
has more chances of a yes, so the table of effects has the answer to each; effects without one only describe. Claims
that train the same network on the same images share its runs, so they are not independent of one another.

**Why Student's t and not a bootstrap.** Intervals over seeds are Student's. One by the bootstrap would look better and
promise too much: of five normally distributed values it holds the true mean in 84 % of cases, be it of percentiles or
corrected (BCa), and Student's in 94 %. Where the values are as skewed as an exponential distribution, it is 77 % and
79 % for the bootstraps and 88 % for Student's (`python benchmarks/intervals.py`). Times are repeated many times, and
there a bootstrap is in its place: of their median.

{sections}
"""


def page(findings: Mapping[str, Finding]) -> str:
    """The text of docs/findings.md.

    Args:
        findings: by the names of their claims; a claim without one is told to have none yet.
    """
    known = [find(name) for name in CLAIMS]
    answer, _, choices = short_answer(findings).partition("\n\n")
    return _PAGE.format(
        answer=answer,
        heads=_heads(),
        revised=_several([str(claim.number) for claim in known if REVISED in claim.sections]),
        choices=choices,
        summary="\n".join(_row(_summary(claim, findings.get(claim.name))) for claim in known),
        sections="\n\n".join(_section(claim, findings.get(claim.name)) for claim in known),
    )


def short_answer(findings: Mapping[str, Finding], template: str | None = None) -> str:
    """A template's text, its places filled from findings.

    Args:
        findings: by the names of their claims.
        template: names each claim's `Judgement`, as in {overfitting.verdict}, {nin.effects[0]} or
            {nin.effects[0].value:.2f}. Default: the one that ships.
    """
    text = SHORT_ANSWER.read_text() if template is None else template
    judged = {name: findings[name].judgement if name in findings else _Nothing() for name in CLAIMS}
    return text.strip().format(**judged)


def _several(numbers: Sequence[str]) -> str:
    return f"Claims {', '.join(numbers[:-1])} and {numbers[-1]}"


def _heads() -> str:
    """The heads that the short answer names, each in a few words."""
    told = "; ".join(f"**{head.__name__}**, {head.meaning}" for head in (GAP, GMP, Flatten, FC, NIN))
    return f"[The heads](networks.md#heads): {told}."


class _Nothing:
    """In the place of what is not measured yet, whatever is asked of it."""

    def __getattr__(self, name: str) -> _Nothing:
        return self

    def __getitem__(self, key: Any) -> _Nothing:
        return self

    def __format__(self, how: str) -> str:
        return _NOT_YET


def _summary(claim: Claim, finding: Finding | None) -> Sequence[str]:
    linked = f"[{claim.title}](#{_anchor(_heading(claim))})"
    told = (finding.judgement.verdict, finding.judgement.headline) if finding else (_NOT_YET, "–")
    return (str(claim.number), linked, *told)


def _section(claim: Claim, finding: Finding | None) -> str:
    said = {name: _linked(text) for name, text in claim.sections.items()}
    return "\n\n".join(
        (
            f"## {_heading(claim)}",
            f"**The statement.** {said['Statement']}",
            *(_outcome(finding) if finding else [_missing(claim)]),
            f"**How it was measured.** {said['Protocol']} {said['Measure']}",
            f"**The rule, fixed before the run.** {said['Rule']}",
            *([f"**Revised.** {said[REVISED]}"] if REVISED in said else []),
            f"**What it does not show.** {said['Does not show']}",
            f"**What would overturn it.** {said['Overturned by']}",
            f"**Source.** {said['Source']} The experiment: [{claim.name}.py](../tfpool/lab/claims/{claim.name}.py).",
            *([_made(finding)] if finding else []),
        )
    )


def _outcome(finding: Finding) -> list[str]:
    judged = finding.judgement
    told = "; ".join(figure.alt_text for figure in judged.figures)
    found = [
        f"**It {'is ' if judged.verdict.startswith('not') else ''}{judged.verdict}.** {judged.headline}",
        f"![{_plain(told)}]({FIGURES}/{finding.claim}.svg)",
        _table(judged.columns, judged.rows),
    ]
    effects = [(effect.name, str(effect), str(effect.count), effect.answer or "–") for effect in judged.effects]
    effects += [(question, "arithmetic", "–", answer) for question, answer in judged.arithmetic.items()]
    found.append(_table(("effect", "mean and 95 % interval", "seeds", "the rule's answer"), effects))
    return found


def _missing(claim: Claim) -> str:
    return f"**There is no finding yet.** `python -m tfpool lab {claim.name} --full` makes one."


def _made(finding: Finding) -> str:
    made, seeds = finding.provenance, finding.seeds
    measured = f"seeds {', '.join(map(str, seeds))}" if seeds else "no seeds: it is arithmetic"
    versions = ", ".join(
        f"{title} {made[name]}"
        for name, title in (("tensorflow", "TensorFlow"), ("keras", "Keras"), ("numpy", "NumPy"), ("python", "Python"))
    )
    return (
        f"**Made by** `{made['command']}` on {made['date']}, {_time(made['seconds'])} of computing; {measured}; "
        f"{versions}; {made['machine']}. All {len(finding.records)} measurements: "
        f"[{finding.claim}-{finding.scale}.json](../tfpool/lab/findings/{finding.claim}-{finding.scale}.json)."
    )


def _time(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds} second{'s' if seconds != 1 else ''}"
    return f"{seconds / 60:.0f} minutes" if seconds < 100 * 60 else f"{seconds / 3600:.1f} hours"


def _heading(claim: Claim) -> str:
    return f"{claim.number}. {claim.title}"


def _anchor(heading: str) -> str:
    """What GitHub calls a heading in a link."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _linked(text: str) -> str:
    """A text with its papers linked."""
    return re.sub(r"arXiv (\d{4}\.\d{4,5})", r"[arXiv \1](https://arxiv.org/abs/\1)", text)


def _plain(text: str) -> str:
    """Words that end no link by themselves."""
    return text.replace("[", "(").replace("]", ")")


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join((_row(columns), "|---" * len(columns) + "|", *map(_row, rows)))


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
