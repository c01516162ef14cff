"""Claims on a page: their findings, verdicts in words, figures, and how each was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.claims import charts
from dashboard.common import controls, glossary
from dashboard.common.page import plain
from tfpool.lab import Claim, Finding, finding
from tfpool.lab.claim import REVISED
from tfpool.lab.figure import panels
from tfpool.system.format import clock

BADGES = {
    "holds": ("green", "check_circle"),
    "holds in part": ("orange", "contrast"),
    "does not hold": ("red", "cancel"),
    "not decided here": ("gray", "help"),
}
_PACKAGES = {"tfpool": "tfpool", "python": "Python", "tensorflow": "TensorFlow", "keras": "Keras", "numpy": "NumPy"}


@dataclass(frozen=True)
class ClaimFindings:
    """A claim with the finding that ships, if one does, and the store's own, the full scale first.

    `error` is the message about a finding that cannot be read.
    """

    claim: Claim
    shipped: Finding | None
    own: Sequence[Finding]
    error: str = ""

    @classmethod
    def load(cls, claim: Claim, store: Path) -> ClaimFindings:
        """Read the findings of a claim that ship and those in a store."""
        return cls(claim, finding.shipped(claim.name), *finding.own(store, claim.name))


def label(findings: ClaimFindings, running: bool) -> str:
    """Label of a claim's card: number, title and verdicts."""
    badges = [badge(findings.shipped.judgement.verdict)] if findings.shipped else []
    for own in findings.own[:1]:
        badges.append(badge(own.judgement.verdict, f"yours, {own.scale}: {own.judgement.verdict}"))
    if findings.error:
        badges.append(":red-badge[:material/error: yours cannot be read]")
    if running:
        badges.append(":blue-badge[:material/progress_activity: running]")
    if not badges:
        badges.append(":gray-badge[not measured yet]")
    return f"{findings.claim.number}. {plain(findings.claim.title)} {' '.join(badges)}"


def badge(verdict: str, words: str = "") -> str:
    """A verdict, or other words about it, with its color and sign."""
    color, icon = BADGES.get(verdict, ("gray", "help"))
    return f":{color}-badge[:material/{icon}: {plain(words or verdict)}]"


def statement(findings: ClaimFindings) -> None:
    """The statement of a claim."""
    st.markdown(f"> {plain(findings.claim.sections['Statement'])}")


def words(findings: ClaimFindings) -> None:
    """The meanings of the words in a claim's card."""
    claim = findings.claim
    texts = [*claim.sections.values(), *(_text(finding) for finding in (findings.shipped, *findings.own) if finding)]
    glossary.words("\n".join(texts), "Words in this claim", f"claims_words_{claim.name}")


def _text(finding: Finding) -> str:
    """The words in a finding's headline, figures and tables."""
    judged = finding.judgement
    figures = (text for figure in judged.figures for text in (figure.title, figure.x, figure.y))
    series = (series.name for figure in judged.figures for series in figure.series)
    effects = (effect.name for effect in judged.effects)
    seeds = "seeds" if finding.seeds else ""
    return "\n".join([judged.headline, *figures, *series, *effects, *map(str, judged.columns), seeds])


def results(findings: ClaimFindings) -> None:
    """The shipped finding and the user's own, side by side if there are both."""
    name, shipped = findings.claim.name, findings.shipped
    if findings.error:
        st.error(plain(findings.error))
    own = findings.own[0] if findings.own else None
    if len(findings.own) > 1:
        scales = [finding.scale for finding in findings.own]
        own = findings.own[scales.index(controls.one_of("Yours", scales, f"claims_own_{name}"))]
    if shipped and own and len(shipped.judgement.figures) == len(own.judgement.figures):
        columns = st.columns(2, gap="medium")
        with columns[0]:
            _result(findings.claim, shipped, _measured_by(shipped), 1)
        with columns[1]:
            _result(findings.claim, own, f"Yours, {own.scale}", 1)
        return
    if shipped:
        _result(findings.claim, shipped, _measured_by(shipped), 2)
    elif not findings.error:
        st.caption("This version ships no finding for this claim." + (" This one is yours." if own else ""))
    if own:
        _result(findings.claim, own, f"Yours, {own.scale}", 2)


def _measured_by(finding: Finding) -> str:
    return f"Measured by tfpool {finding.provenance['tfpool']}"


def _result(claim: Claim, finding: Finding, whose: str, across: int) -> None:
    judged = finding.judgement
    seeds = f", {len(finding.seeds)} seeds" if finding.seeds else ""
    st.markdown(f"**{whose}**{seeds}: {badge(judged.verdict)}")
    if finding.scale == "quick":
        st.caption("A quick run is a small part of the experiment: an example, not evidence.")
    if finding.fixed != claim.fixed:
        st.warning("The experiment has changed since this result was measured. Run the claim again.")
    key = f"claims_{finding.claim}_{whose.replace(', ', '_').replace(' ', '_').lower()}"
    _figures(finding, key, across)
    st.markdown(plain(judged.headline))
    with st.expander("Numbers and provenance", type="compact", key=f"{key}_numbers"):
        _numbers(finding)


def _figures(finding: Finding, key: str, across: int) -> None:
    laid_out = panels(finding.judgement.figures)
    for start in range(0, len(laid_out), across):
        row = laid_out[start : start + across]
        # A single last figure takes the whole width.
        for number, (column, panel) in enumerate(zip(st.columns(len(row), gap="medium"), row, strict=True)):
            with column:
                st.markdown(f"**{plain(panel.figure.title)}**")
                st.plotly_chart(
                    charts.draw(panel),
                    key=f"{key}_{start + number}",
                    config={"displayModeBar": False},
                    alt=panel.figure.alt_text,
                )


def _numbers(finding: Finding) -> None:
    judged = finding.judgement
    if judged.effects or judged.arithmetic:
        rows: list[tuple[Any, ...]] = [
            (effect.name, str(effect), effect.count, effect.answer or "–") for effect in judged.effects
        ]
        rows += [(question, "arithmetic", None, answer) for question, answer in judged.arithmetic.items()]
        effects = pd.DataFrame(rows, columns=["effect", "mean and 95 % interval", "measurements", "answer"])
        st.dataframe(effects, hide_index=True, alt="Effects with their mean and 95 % interval")
    table = pd.DataFrame([list(row) for row in judged.rows], columns=list(judged.columns))
    st.dataframe(table, hide_index=True, alt=f"Measurements: {', '.join(map(str, judged.columns))}")
    made_with = finding.provenance
    versions = ", ".join(f"{name} {made_with[key]}" for key, name in _PACKAGES.items() if key in made_with)
    seeds = f"Seeds {', '.join(map(str, finding.seeds))}. " if finding.seeds else ""
    st.code(str(made_with.get("command", "")), language=None, wrap_lines=True)
    st.caption(
        f"{seeds}{plain(str(made_with.get('date', '')))}, {clock(made_with.get('seconds'))} on one core. "
        f"{plain(versions)}. {plain(str(made_with.get('machine', '')))}."
    )


def explained(claim: Claim) -> None:
    """What a claim does not show, how it was measured, and what would overturn it."""
    texts = {name: plain(text) for name, text in claim.sections.items()}
    st.markdown(f"**Not shown.** {texts['Does not show']}")
    with st.expander("How it was measured", type="compact", key=f"claims_how_{claim.name}"):
        st.markdown(f"**Protocol.** {texts['Protocol']}")
        st.markdown(f"**Measure.** {texts['Measure']}")
        st.markdown(f"**Rule**, fixed before the run. {texts['Rule']}")
        if REVISED in texts:
            st.markdown(f"**Revised.** {texts[REVISED]}")
        st.markdown(f"**What would overturn it.** {texts['Overturned by']}")
        st.markdown(f"**Source.** {texts['Source']}")
