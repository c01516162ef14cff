"""What the Claims page opens with: one sentence, its picture, the number of verdicts; and which head to choose."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import plotly.graph_objects as go
import streamlit as st

from dashboard.claims.cards import BADGES, ClaimFindings, badge
from dashboard.common import charts, glossary
from dashboard.common.counts_in_words import number_of
from tfpool.lab.report import short_answer
from tfpool.lab.statistics import Effect
from tfpool.networks.heads import HEADS

_UNDECIDED = charts.BACKBONE
_PICTURED = (
    ("overfitting", "resnet8", 1000),
    ("convergence", "resnet8", 1000),
    ("overfitting", "convnet", 4000),
    ("convergence", "convnet", 4000),
)
"""Claims, networks and training images of the trainings that the sentence is about."""


class Difference(NamedTuple):
    """Test accuracy with Flatten minus that with GAP, after a training of a network for some epochs."""

    network: str
    epochs: int
    effect: Effect

    @property
    def color(self) -> str:
        """The color of the better head; gray where the interval includes zero."""
        if self.effect.low <= 0 <= self.effect.high:
            return _UNDECIDED
        return HEADS["flatten" if self.effect.value > 0 else "gap"].color


def answer(claims: Sequence[ClaimFindings]) -> None:
    """What was found, in one sentence and one picture."""
    sentence, _ = _answer(claims)
    st.markdown(f"**{sentence}**")
    if differences := list(_differences(claims)):
        texts = (f"{row.network}, {row.epochs} epochs: {row.effect}" for row in differences)
        st.plotly_chart(
            picture(differences),
            key="claims_picture",
            config={"displayModeBar": False},
            alt=f"Test accuracy, Flatten − GAP: {'; '.join(texts)}",
        )
        st.caption(
            "Dot: the mean over five seeds. Bar: its 95 % interval. Gray: the interval includes zero, so these runs do "
            "not show which head is better. Training images: 1,000 for resnet8, 4,000 for convnet. The learning rate "
            "stays constant in the trainings of 12 and 20 epochs."
        )


def _answer(claims: Sequence[ClaimFindings]) -> tuple[str, str]:
    """The first sentence of the short answer, and the rest."""
    text = short_answer({findings.claim.name: findings.shipped for findings in claims if findings.shipped})
    _, sentence, rest = re.split(r"\*\*(.+?)\*\*", text, maxsplit=1, flags=re.DOTALL)
    return " ".join(sentence.split()), rest.strip()


def _differences(claims: Sequence[ClaimFindings]) -> Iterator[Difference]:
    """Those of the trainings in `_PICTURED` that were measured."""
    by_name = {findings.claim.name: findings for findings in claims}
    for name, network, images in _PICTURED:
        claim, shipped = by_name[name].claim, by_name[name].shipped
        named = shipped.judgement.named if shipped else {}
        effect = named.get(f"test: Flatten − GAP, {network}, {images:,} images") or named.get(
            f"test accuracy at the end: Flatten − GAP, {network}"
        )
        if effect:
            (epochs,) = (level[2] for level in claim.scales["full"].levels if level[:2] == (network, images))
            yield Difference(network, epochs, effect)


def picture(differences: Sequence[Difference]) -> go.Figure:
    """One row per training: the difference in points, with its interval, left or right of zero."""
    traces = []
    for place, (_, _, effect) in enumerate(differences):
        color = differences[place].color
        ends = {"array": [100 * (effect.high - effect.value)], "arrayminus": [100 * (effect.value - effect.low)]}
        traces.append(
            charts.trace(
                "scatter",
                x=[100 * effect.value],
                y=[place],
                mode="markers",
                marker={"size": 12, "color": color},
                error_x={"type": "data", "symmetric": False, **ends, "color": color, "thickness": 2, "width": 5},
                hovertemplate=f"{effect}<extra></extra>",
            )
        )
    rows = [f"{network}, {epochs} epochs" for network, epochs, _ in differences]
    low = min(0.0, *(100 * row.effect.low for row in differences))
    high = max(0.0, *(100 * row.effect.high for row in differences))
    room = 0.08 * (high - low)
    zero = {"type": "line", "yref": "y domain", "x0": 0, "x1": 0, "y0": 0, "y1": 1, "line": {"color": _UNDECIDED}}
    layout = {
        "xaxis": {
            "title": {"text": "test accuracy, Flatten − GAP, points<br>right of 0: Flatten is better"},
            "range": [low - room, high + room],
            "zeroline": False,
        },
        "yaxis": {
            "range": [len(rows) - 0.5, -0.5],
            "tickvals": list(range(len(rows))),
            "ticktext": rows,
            "ticksuffix": " ",
            "zeroline": False,
        },
        "shapes": [zero],
        "height": 90 + 34 * len(rows),
        **charts.frame(legend=False, left=charts.room_for(rows)),
    }
    return charts.figure(traces, layout)


def counts(claims: Sequence[ClaimFindings]) -> None:
    """Number of claims with each verdict, as a line of badges for shipped findings and one for the user's own."""
    shipped = [findings.shipped.judgement.verdict for findings in claims if findings.shipped]
    own = [findings.own[0].judgement.verdict for findings in claims if findings.own]
    if shipped:
        versions = {findings.shipped.provenance["tfpool"] for findings in claims if findings.shipped}
        by = " and ".join(sorted(versions))
        st.markdown(f"**Measured by tfpool {by}**, of {len(claims)} claims: {_counted(shipped)}")
    else:
        st.markdown("No findings ship with this version yet.")
    if own:
        st.markdown(f"**Measured by you**: {_counted(own)}")


def _counted(verdicts: Iterable[str]) -> str:
    numbers = Counter(verdicts)
    return " ".join(badge(name, number_of(name, numbers[name])) for name in BADGES if numbers[name])


def choice(claims: Sequence[ClaimFindings]) -> None:
    """Which head to choose for what, with the numbers that say so, and the meanings of their words."""
    sentence, numbers = _answer(claims)
    with st.expander("Which head to choose", key="claims_answer", bind="query-params"):
        # The table before the paragraph of numbers.
        paragraph, *table_and_rest = numbers.split("\n\n")
        st.markdown("\n\n".join([*table_and_rest, paragraph]))
    text = "\n".join([sentence, numbers, *(findings.claim.title for findings in claims)])
    glossary.words(text, "Words on this page", "claims_words")
