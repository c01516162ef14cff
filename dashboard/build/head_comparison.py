"""One backbone under two heads: the control for the other head, and what it changes in words and numbers."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.common.cached_plans import counted
from dashboard.common.counts_in_words import times
from dashboard.common.glossary import meaning
from dashboard.common.page import plain
from tfpool.counting.plan import Plan
from tfpool.networks import graph
from tfpool.networks.heads import HEADS
from tfpool.system.format import count, memory, short
from tfpool.training import Recipe

_NOTHING = "nothing"
_RECIPE = Recipe()
_WIDTH = 165


def against(chosen: Plan) -> Plan | None:
    """The same network under the head to compare with, if there is one and it can be put there."""
    other = st.selectbox(
        "Instead of",
        [_NOTHING, *HEADS],
        list(HEADS).index("flatten") + 1,
        format_func=lambda name: HEADS[name].label if name in HEADS else name,
        key="build_against",
        help="Another head on the same backbone, to compare with",
        bind="query-params",
    )
    if other in (chosen.head.name, _NOTHING):
        return None
    try:
        return counted(chosen.backbone, other, chosen.input_shape[0], chosen.classes)
    except ValueError as error:
        st.warning(f"Nothing to compare with: {plain(str(error))}")
        return None


def in_words(chosen: Plan, other: Plan | None) -> str:
    """What the swap of heads changes."""
    name, params = chosen.head.label, chosen.head_params
    if other is None:
        return f"**{name}** has **{params:,}** parameters on a backbone of {chosen.backbone_params:,}."
    instead, others = other.head.label, other.head_params
    told = (
        f"**{name}** instead of **{instead}**, on the same backbone of {chosen.backbone_params:,} parameters: "
        f"**{params:,}** in the head instead of **{others:,}**"
    )
    if params == others:
        return f"{told}, just as many."
    less, more = sorted((params, others))
    larger = name if params > others else instead
    ratio = times(more, less)
    return f"{told}. {larger} has {more - less:,} more" + (f", **{ratio}** as many." if ratio else ".")


def numbers(chosen: Plan, other: Plan | None) -> None:
    """The network's totals, each with how far it is from what it would be under the other head."""

    def number(label: str, of: Callable[[Plan], int | None], text: Callable[[int], str], help: str) -> None:
        value = of(chosen) or 0
        more = value - (of(other) or 0) if other else 0
        change = f"{'-' if more < 0 else '+'}{text(abs(more))}" if more else "no difference"
        st.metric(
            label,
            text(value),
            change if other else None,
            delta_color="off",
            delta_arrow="auto" if more else "off",
            border=True,
            help=help,
            width=_WIDTH,
        )

    batch, optimizer = _RECIPE.batch_size, _RECIPE.optimizer
    with st.container(horizontal=True):
        number("Parameters", lambda each: each.params, count, meaning("parameters"))
        number("In the head", lambda each: each.head_params, count, f"Parameters of the head: {chosen.head.formula}")
        number(
            "MACs per image",
            lambda each: each.macs,
            short,
            f"{count(chosen.macs)}. {meaning('MACs')}",
        )
        number(
            "Memory to train",
            lambda each: each.training_bytes(batch, optimizer),
            memory,
            f"At least, with {batch} images per step and {optimizer}. The parameters alone take "
            f"{memory(chosen.weight_bytes)}, all layers' outputs {memory(chosen.activation_bytes or 0)} per image",
        )
        number("File", lambda each: each.file_bytes, memory, "About the size of the model as a .keras file")
        st.metric(
            "Last feature map",
            graph.text(chosen.feature_shape),
            border=True,
            help="H×W×C: height, width and channels of what the head reads",
            width=_WIDTH,
        )


def formulas(chosen: Plan, other: Plan | None) -> str:
    """Parameters of the heads by their formulas, with what the letters mean."""
    heads = {each.head.label: each.head.formula for each in (chosen, other) if each}
    letters = {
        "U₁": "U₁ and U₂ the sizes of hidden layers",
        "s²": "s² the cells of its grid",
        "l²": "l² the cells of each of its grids",
    }
    used = [meaning for letter, meaning in letters.items() if any(letter in formula for formula in heads.values())]
    meaning = ", ".join(["H×W×C the last feature map", "K the classes", *used])
    return f"{'; '.join(f'{name} {formula}' for name, formula in heads.items())}, with {meaning}"
