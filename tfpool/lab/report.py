"""The page of all findings as Markdown, made from the claims' texts and the result files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tfpool.lab.claim import CLAIMS, REVISED, Claim, find
from tfpool.lab.finding import Finding
from tfpool.networks.heads import FC, GAP, GMP, NIN, Flatten

SHORT_ANSWER = Path(__file__).with_name("short_answer.md")
"""A summary whose numbers are filled in from the findings."""
FIGURES = "figures"
"""Folder of the figures, next to the page."""
_NOT_YET = "not measured yet"
_PAGE = """# Flatten or GlobalAveragePooling2D?

Made by `python scripts/make_findings.py` from the files in [tfpool/lab/findings](../tfpool/lab/findings).

## The short answer

{answer}

{heads}

{choices}

## Claims and verdicts

| | claim | verdict | result |
|---|---|---|---|
{summary}

## How to read this page

**Intervals.** Numbers in brackets are 95 % intervals of the mean over seeds. If the interval of a difference contains
0, or that of a ratio 1, these runs do not show which is larger. An interval does not predict the next single run, and
does not cover other test images. Differences are paired: both heads are trained with the same seed. Ratios are
geometric means. If all five runs give the same value, the interval has no width.

**Experiments.** For each claim, the protocol, the measure and the rule of the verdict were written before the run.
They are in the claim's module, and each result keeps a checksum of that text. {revised} were first run under an
earlier text with the same seeds; their changes are listed under *Revised*. Heads are compared on equal backbones,
with the same images in the same order for the same number of epochs. Only the learning rate differs: it is tuned for
each head over the same grid, on validation images, with a seed that is not measured. The result file lists the rate
of each measurement.

**Verdicts.** A claim *holds* if all questions of its rule are answered yes, *does not hold* if all are answered no,
and *holds in part* if some are answered yes. Otherwise it is *not decided here*. A question is answered if the whole
interval lies on one side of the smallest effect that counts: one percentage point, unless the rule gives another
number. A rule with many questions is more likely to have a yes among its answers, so the table of effects lists them
all. Effects without an answer only describe. Claims that train the same network on the same images share runs, so
they are not independent.

**Student's t, not the bootstrap.** Intervals over seeds are Student's, because a bootstrap of five values is too
narrow. `python benchmarks/intervals.py` counts how often an interval contains the true mean:

| five values from | Student's t | bootstrap, percentiles | bootstrap, BCa |
|---|---|---|---|
| a normal distribution | 94 % | 84 % | 84 % |
| an exponential distribution | 88 % | 77 % | 79 % |

Timings are repeated many times, so their medians have bootstrap intervals.

{sections}
"""


def page(findings: Mapping[str, Finding]) -> str:
    """The text of docs/findings.md, from findings by the names of their claims; a claim may have none."""
    claims = [find(name) for name in CLAIMS]
    answer, _, choices = short_answer(findings).partition("\n\n")
    *revised, last_revised = (str(claim.number) for claim in claims if REVISED in claim.sections)
    return _PAGE.format(
        answer=answer,
        heads=_heads(),
        revised=f"Claims {', '.join(revised)} and {last_revised}",
        choices=choices,
        summary="\n".join(_row(_summary(claim, findings.get(claim.name))) for claim in claims),
        sections="\n\n".join(_section(claim, findings.get(claim.name)) for claim in claims),
    )


def short_answer(findings: Mapping[str, Finding], template: str | None = None) -> str:
    """A template filled in from findings, by the names of their claims.

    Its fields are those of each claim's `Judgement`: {overfitting.verdict}, {nin.effects[0].value:.2f}. Default: the
    one that ships.
    """
    text = SHORT_ANSWER.read_text(encoding="utf-8") if template is None else template
    judged = {name: findings[name].judgement if name in findings else _Nothing() for name in CLAIMS}
    return text.strip().format(**judged)


def _heads() -> str:
    """The heads in the short answer, each in a few words."""
    meanings = "; ".join(f"**{head.__name__}**, {head.meaning}" for head in (GAP, GMP, Flatten, FC, NIN))
    return f"[The heads](networks.md#heads): {meanings}."


class _Nothing:
    """Stands for a finding that does not exist yet, in any field of a template."""

    def __getattr__(self, name: Any) -> _Nothing:
        return self

    __getitem__ = __getattr__

    def __format__(self, how: str) -> str:
        return _NOT_YET


def _summary(claim: Claim, finding: Finding | None) -> Sequence[str]:
    linked = f"[{claim.title}](#{_anchor(_heading(claim))})"
    result = (finding.judgement.verdict, finding.judgement.headline) if finding else (_NOT_YET, "–")
    return (str(claim.number), linked, *result)


def _section(claim: Claim, finding: Finding | None) -> str:
    link = r"[arXiv \1](https://arxiv.org/abs/\1)"
    texts = {name: re.sub(r"arXiv (\d{4}\.\d{4,5})", link, text) for name, text in claim.sections.items()}
    missing = f"**No finding yet.** Make one with `python -m tfpool lab {claim.name} --full`."
    return "\n\n".join(
        (
            f"## {_heading(claim)}",
            f"**Statement.** {texts['Statement']}",
            *(_outcome(finding) if finding else [missing]),
            f"**Method.** {texts['Protocol']} {texts['Measure']}",
            f"**Rule, fixed before the run.** {texts['Rule']}",
            *([f"**Revised.** {texts[REVISED]}"] if REVISED in texts else []),
            f"**Not shown.** {texts['Does not show']}",
            f"**What would overturn it.** {texts['Overturned by']}",
            f"**Source.** {texts['Source']} The experiment: [{claim.name}.py](../tfpool/lab/claims/{claim.name}.py).",
            *([_made(finding)] if finding else []),
        )
    )


def _outcome(finding: Finding) -> list[str]:
    judged = finding.judgement
    # Brackets would end the link.
    alt_text = "; ".join(figure.alt_text for figure in judged.figures).replace("[", "(").replace("]", ")")
    effects = [(effect.name, str(effect), str(effect.count), effect.answer or "–") for effect in judged.effects]
    effects += [(question, "arithmetic", "–", answer) for question, answer in judged.arithmetic.items()]
    return [
        f"**It {'is ' if judged.verdict.startswith('not') else ''}{judged.verdict}.** {judged.headline}",
        f"![{alt_text}]({FIGURES}/{finding.claim}.svg)",
        _table(judged.columns, judged.rows),
        _table(("effect", "mean and 95 % interval", "seeds", "answer"), effects),
    ]


def _made(finding: Finding) -> str:
    made_with, seeds = finding.provenance, finding.seeds
    measured = f"seeds {', '.join(map(str, seeds))}" if seeds else "no seeds: it is arithmetic"
    versions = ", ".join(
        f"{title} {made_with[name]}"
        for name, title in (("tensorflow", "TensorFlow"), ("keras", "Keras"), ("numpy", "NumPy"), ("python", "Python"))
    )
    return (
        f"**Made by** `{made_with['command']}` on {made_with['date']}, {_time(made_with['seconds'])} of computing; "
        f"{measured}; {versions}; {made_with['machine']}. All {len(finding.records)} measurements: "
        f"[{finding.claim}-{finding.scale}.json](../tfpool/lab/findings/{finding.claim}-{finding.scale}.json)."
    )


def _time(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds} second{'s' if seconds != 1 else ''}"
    return f"{seconds / 60:.0f} minutes" if seconds < 100 * 60 else f"{seconds / 3600:.1f} hours"


def _heading(claim: Claim) -> str:
    return f"{claim.number}. {claim.title}"


def _anchor(heading: str) -> str:
    """GitHub's anchor for a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join((_row(columns), "|---" * len(columns) + "|", *map(_row, rows)))


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
