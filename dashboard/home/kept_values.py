"""Values of a component as short words in the page's address: validated, and written there when they change."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer


class Kept(NamedTuple):
    """A value by its default and by the pattern that all its values match."""

    default: str
    pattern: str

    def valid(self, value: object) -> str:
        """The value from a browser or an address if it matches, else an empty word."""
        return value if isinstance(value, str) and re.fullmatch(self.pattern, value, re.ASCII) else ""


def show(
    component: ComponentRenderer, key: str, values: Mapping[str, Kept], content: Mapping[str, Any]
) -> dict[str, str]:
    """Show a component whose state `chosen` has these values, and return them by their keys in the address.

    The component gets the content with `values` as one text: of other types Streamlit would load pandas to see whether
    they are tables. It draws whatever a visitor chooses by itself.
    """
    before = (st.session_state.get(key) or {}).get("chosen")
    data = json.dumps({**content, "values": _chosen(before, values)})
    result = component(data={"content": data}, default={"chosen": None}, key=key, on_chosen_change=lambda: None)
    chosen = _chosen(result.chosen, values)
    for name, kept in values.items():
        if chosen[name] != st.query_params.get(name, kept.default):
            st.query_params[name] = chosen[name]
    return chosen


def _chosen(state: object, values: Mapping[str, Kept]) -> dict[str, str]:
    """Each value as the browser has it, or else the address, or its default."""
    sent = state if isinstance(state, Mapping) else {}
    return {
        name: kept.valid(sent.get(name)) or kept.valid(st.query_params.get(name)) or kept.default
        for name, kept in values.items()
    }
