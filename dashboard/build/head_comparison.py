"""One backbone with two heads: the control for the second head, and what the swap changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard.common.cached_plans import counted
from dashboard.common.counts_in_words import times
from dashboard.common.glossary import meaning
from dashboard.common.page import message_of
from tfpool.counting.plan import Plan
from tfpool.networks import graph
from tfpool.networks.heads import HEADS
from tfpool.system.format import count, memory, short
from tfpool.training import Recipe

_NOTHING = "nothing"
_RECIPE = Recipe()
_WIDTH = 165


def other_head(plan: Plan) -> Plan | None:
    """The same network with the head to compare with; None if no head is chosen or the chosen one does not fit."""
    other = st.selectbox(
        "Compared with",
        [_NOTHING, *HEADS],
        list(HEADS).index("flatten") + 1,
        format_func=lambda name: HEADS[name].label if name in HEADS else name,
        key="build_against",
        help="A second head on the same backbone",
        bind="query-params",
    )
    if other in (plan.head.name, _NOTHING):
        return None
    try:
        return counted(plan.backbone, other, plan.input_shape[0], plan.classes)
    except ValueError as error:
        st.warning(f"{HEADS[other].label} cannot be compared. {message_of(error)}")
        return None


def summary(plan: Plan, other: Plan | None) -> str:
    """What the swap of heads changes, as a sentence."""
    name, params = plan.head.label, plan.head_params
    if other is None:
        return f"**{name}** has **{params:,}** parameters on a backbone with {plan.backbone_params:,}."
    other_name, other_params = other.head.label, other.head_params
    pair = f"**{name}** compared with **{other_name}**, on the same backbone with {plan.backbone_params:,} parameters"
    if params == other_params:
        return f"{pair}: both heads have **{params:,}**."
    less, more = sorted((params, other_params))
    larger = name if params > other_params else other_name
    ratio = times(more, less)
    text = f"{pair}: **{params:,}** in the head against **{other_params:,}**"
    return f"{text}. {larger} has {more - less:,} more" + (f", **{ratio}** as many." if ratio else ".")


def numbers(plan: Plan, other: Plan | None) -> None:
    """The totals of the network, each with its difference from the same network with the other head."""

    def number(label: str, of: Callable[[Plan], int | None], text: Callable[[int], str], help: str) -> None:
        value = of(plan) or 0
        more = value - (of(other) or 0) if other else 0
        change = f"{'−' if more < 0 else '+'}{text(abs(more))}" if more else "no difference"
        arrow, shown = "off" if not more else "down" if more < 0 else "up", change if other else None
        box: Any = {"delta_color": "off", "delta_arrow": arrow, "border": True, "width": _WIDTH}
        st.metric(label, text(value), shown, help=help, **box)

    batch, optimizer = _RECIPE.batch_size, _RECIPE.optimizer
    with st.container(horizontal=True):
        number("Parameters", lambda plan: plan.params, count, meaning("parameters"))
        number("In the head", lambda plan: plan.head_params, count, f"Parameters of the head: {plan.head.formula}")
        number("MACs per image", lambda plan: plan.macs, short, f"{count(plan.macs)}. {meaning('MACs')}")
        number(
            "Memory to train",
            lambda plan: plan.training_bytes(batch, optimizer),
            memory,
            f"At least this much, with {batch} images per step and {optimizer}. The parameters take "
            f"{memory(plan.weight_bytes)}, the outputs of all layers {memory(plan.activation_bytes or 0)} per image",
        )
        number("File", lambda plan: plan.file_bytes, memory, "About the size of the model as a .keras file")
        help = "Height × width × channels: the input of the head"
        st.metric("Last feature map", graph.text(plan.feature_shape), border=True, help=help, width=_WIDTH)


def formulas(plan: Plan, other: Plan | None) -> str:
    """The formulas of the heads' parameters, with the meaning of the letters."""
    heads = {shown.head.label: shown.head.formula for shown in (plan, other) if shown}
    letters = ("U₁ and U₂ the units of the hidden layers", "s² the cells of the grid", "l² the cells of each grid")
    used = [meaning for meaning in letters if any(meaning[:2] in formula for formula in heads.values())]
    meaning = ", ".join(["H×W×C the last feature map", "K the classes", *used])
    return f"{'; '.join(f'{name} {formula}' for name, formula in heads.items())}, with {meaning}"
