"""Claims on a page: what is known of each, its verdict in words, its figures, and how it was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.claims import charts
from dashboard.common import glossary
from dashboard.common.counts_in_words import number_of
from dashboard.common.page import plain
from tfpool.lab import Claim, Finding, finding
from tfpool.lab.claim import REVISED
from tfpool.lab.figure import panels
from tfpool.lab.report import short_answer
from tfpool.system.format import clock

_BADGES = {
    "holds": ("green", "check_circle"),
    "holds in part": ("orange", "contrast"),
    "does not hold": ("red", "cancel"),
    "not decided here": ("gray", "help"),
}
_ABOUT = {"tfpool": "tfpool", "python": "Python", "tensorflow": "TensorFlow", "keras": "Keras", "numpy": "NumPy"}


@dataclass(frozen=True)
class Known:
    """What there is of a claim.

    Attributes:
        claim: the experiment.
        shipped: the finding that came with tfpool, if any did.
        own: those made in the store, that of the full scale first.
        error: what is wrong with one of them.
    """

    claim: Claim
    shipped: Finding | None
    own: Sequence[Finding]
    error: str = ""

    @classmethod
    def of(cls, claim: Claim, store: Path) -> Known:
        """What a store has of a claim, beside what is shipped."""
        return cls(claim, finding.shipped(claim.name), *finding.own(store, claim.name))


def answer(known: Sequence[Known]) -> None:
    """What the shipped findings come to: first in a few sentences, then which head is for what."""
    first, *rest = _short_answer(known).split("\n\n")
    st.markdown(first)
    with st.expander("Which head for what, and what says so", key="claims_answer", bind="query-params"):
        st.markdown("\n\n".join(rest))


def words(known: Sequence[Known]) -> None:
    """What the words mean that the answer and the titles of the claims have."""
    glossary.words(
        "\n".join([_short_answer(known), *(each.claim.title for each in known)]), "Words on this page", "claims_words"
    )


def _short_answer(known: Sequence[Known]) -> str:
    return short_answer({each.claim.name: each.shipped for each in known if each.shipped})


def counts(known: Sequence[Known]) -> None:
    """How many claims come to each verdict, in a line of badges for what is shipped and one for one's own."""
    shipped = [each.shipped.judgement.verdict for each in known if each.shipped]
    own = [each.own[0].judgement.verdict for each in known if each.own]
    if shipped:
        st.markdown(f"**Measured for this release**, of {len(known)} claims: {_counted(shipped)}")
    else:
        st.markdown("No findings ship with this version yet.")
    if own:
        st.markdown(f"**Measured by you**: {_counted(own)}")


def _counted(verdicts: Iterable[str]) -> str:
    found = Counter(verdicts)
    return " ".join(_badge(name, number_of(name, found[name])) for name in _BADGES if found[name])


def label(known: Known, running: bool) -> str:
    """A claim's number and title with its verdicts, for the line that opens its card."""
    badges = [_badge(known.shipped.judgement.verdict)] if known.shipped else []
    badges += [
        _badge(each.judgement.verdict, f"yours, {each.scale}: {each.judgement.verdict}") for each in known.own[:1]
    ]
    if known.error:
        badges.append(":red-badge[:material/error: yours cannot be read]")
    if running:
        badges.append(":blue-badge[:material/progress_activity: running]")
    if not badges:
        badges.append(":gray-badge[not measured yet]")
    return f"{known.claim.number}. {plain(known.claim.title)} {' '.join(badges)}"


def _badge(verdict: str, words: str = "") -> str:
    colour, icon = _BADGES.get(verdict, ("gray", "help"))
    return f":{colour}-badge[:material/{icon}: {plain(words or verdict)}]"


def statement(known: Known) -> None:
    """What articles say, and what the words mean that stand in the card."""
    claim = known.claim
    st.markdown(f"> {plain(claim.sections['Statement'])}")
    told = [*claim.sections.values(), *(_told(each) for each in (known.shipped, *known.own) if each)]
    glossary.words("\n".join(told), "Words in this claim", f"claims_words_{claim.name}")


def _told(found: Finding) -> str:
    """What is written of a finding, at its figures and in its tables."""
    judged = found.judgement
    figures = (text for each in judged.figures for text in (each.title, each.x, each.y))
    series = (each.name for figure in judged.figures for each in figure.series)
    effects = (each.name for each in judged.effects)
    seeds = "seeds" if found.seeds else ""
    return "\n".join([judged.headline, *figures, *series, *effects, *map(str, judged.columns), seeds])


def results(known: Known) -> None:
    """The shipped finding and the reader's own, beside each other where there are both."""
    name = known.claim.name
    if known.error:
        st.error(plain(known.error))
    own = known.own[0] if known.own else None
    if len(known.own) > 1:
        scales = [each.scale for each in known.own]
        scale = st.segmented_control(
            "Yours", scales, default=scales[0], required=True, key=f"claims_own_{name}", bind="query-params"
        )
        own = known.own[scales.index(scale or scales[0])]
    if known.shipped and own and len(known.shipped.judgement.figures) == len(own.judgement.figures):
        columns = st.columns(2, gap="medium")
        with columns[0]:
            _result(known, known.shipped, "Measured for this release", 1)
        with columns[1]:
            _result(known, own, f"Yours, {own.scale}", 1)
        return
    if known.shipped:
        _result(known, known.shipped, "Measured for this release", 2)
    elif not known.error:
        st.caption("No finding for this claim ships with this version yet." + (" This is yours." if own else ""))
    if own:
        _result(known, own, f"Yours, {own.scale}", 2)


def _result(known: Known, found: Finding, whose: str, across: int) -> None:
    judged = found.judgement
    seeds = f", {len(found.seeds)} seeds" if found.seeds else ""
    st.markdown(f"**{whose}**{seeds}: {_badge(judged.verdict)}")
    st.markdown(plain(judged.headline))
    if found.scale == "quick":
        st.caption("A quick run does a small part of the protocol. It is for a look, and decides little.")
    if found.fixed != known.claim.fixed:
        st.warning("The experiment has been laid down differently since this was measured. Run it again.")
    key = f"claims_{found.claim}_{whose.replace(', ', '_').replace(' ', '_').lower()}"
    _figures(found, key, across)
    with st.expander("Numbers, and how this result was made", type="compact", key=f"{key}_numbers"):
        _numbers(found)


def _figures(found: Finding, key: str, across: int) -> None:
    laid_out = panels(found.judgement.figures)
    for start in range(0, len(laid_out), across):
        row = laid_out[start : start + across]
        # A last one alone takes the whole width, rather than leave half of it empty.
        for number, (column, panel) in enumerate(zip(st.columns(len(row), gap="medium"), row, strict=True)):
            with column:
                st.markdown(f"**{plain(panel.figure.title)}**")
                st.plotly_chart(
                    charts.draw(panel),
                    key=f"{key}_{start + number}",
                    config={"displayModeBar": False},
                    alt=panel.figure.alt_text,
                )


def _numbers(found: Finding) -> None:
    judged = found.judgement
    if judged.effects or judged.arithmetic:
        rows: list[tuple[Any, ...]] = [
            (each.name, str(each), each.count, each.answer or "–") for each in judged.effects
        ]
        rows += [(question, "arithmetic", None, answer) for question, answer in judged.arithmetic.items()]
        effects = pd.DataFrame(rows, columns=["effect", "mean and 95 % interval", "measured", "the rule's answer"])
        st.dataframe(effects, hide_index=True, alt="Effects with their mean and 95 % interval")
    table = pd.DataFrame([list(row) for row in judged.rows], columns=list(judged.columns))
    st.dataframe(table, hide_index=True, alt=f"Measurements: {', '.join(map(str, judged.columns))}")
    made = found.provenance
    versions = ", ".join(f"{name} {made[key]}" for key, name in _ABOUT.items() if key in made)
    seeds = f"Seeds {', '.join(map(str, found.seeds))}. " if found.seeds else ""
    st.code(str(made.get("command", "")), language=None, wrap_lines=True)
    st.caption(
        f"{seeds}{plain(str(made.get('date', '')))}, {clock(made.get('seconds'))} on one core. "
        f"{plain(versions)}. {plain(str(made.get('machine', '')))}."
    )


def explained(claim: Claim) -> None:
    """How it was measured, what that does not show, and what would overturn it."""
    said = {name: plain(text) for name, text in claim.sections.items()}
    st.markdown(f"**What it does not show.** {said['Does not show']}")
    with st.expander("How it was measured", type="compact", key=f"claims_how_{claim.name}"):
        st.markdown(f"**Protocol.** {said['Protocol']}")
        st.markdown(f"**Measure.** {said['Measure']}")
        st.markdown(f"**Rule**, fixed before the run. {said['Rule']}")
        if REVISED in said:
            st.markdown(f"**Revised.** {said[REVISED]}")
        st.markdown(f"**What would overturn it.** {said['Overturned by']}")
        st.markdown(f"**Source.** {said['Source']}")
