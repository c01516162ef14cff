"""Runs that differ from a run in the head alone, and a control that goes from one of them to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from tfpool.networks.heads import HEADS
from tfpool.tracking.store import Run


def other_heads(name: str, models: Mapping[str, Run | None]) -> dict[str, str]:
    """Names of models by the labels of their heads: the run itself, and the newest runs that differ in the head alone.

    Empty for a model that is no run, or that has no such runs.
    """
    own = models[name]
    if own is None:
        return {}
    settings = _without_head(own)
    found = {own.plan.head.name: name}
    for other, run in models.items():
        if run and run.plan.head.name not in found and _without_head(run) == settings:
            found[run.plan.head.name] = other
    names = {HEADS[head].label: found[head] for head in HEADS if head in found}
    return names if len(names) > 1 else {}


def switch(name: str, models: Mapping[str, Run | None], page: str) -> None:
    """A control that chooses another head for the page's model, if there are runs that differ in the head alone."""
    names = other_heads(name, models)
    if not names:
        return
    key = f"{page}_head"
    st.session_state[key] = next(label for label, other in names.items() if other == name)

    def choose() -> None:
        st.session_state[f"{page}_model"] = names[st.session_state[key]]

    help = "Switch to a model that differs only in its head: same backbone, images and training"
    st.segmented_control("Head", list(names), key=key, required=True, on_change=choose, help=help)


def _without_head(run: Run) -> dict[str, Any]:
    """What a run was trained with, but for its head."""
    return {**run.spec, "plan": {key: value for key, value in run.spec["plan"].items() if key != "head"}}
